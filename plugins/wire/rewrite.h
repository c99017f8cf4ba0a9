// SPDX-License-Identifier: Apache-2.0
//
// Editing attributes of a whole message in one pass: bytes that stay are copied as they are, in runs as long as they
// come, and only lengths of messages around a change are written anew.
//
//   AttributeEdits edits;
//   edits.upsert("env", string_value("prod"));
//   edits.erase("password");
//   std::string out;
//   if (rewrite_attributes(Signal::traces, bytes, Level::item, edits, out)) use(out);  // else nothing changed
//
// An editor other than AttributeEdits is any type with
//   bool begin(Message owner, Bytes body);                           // false: leave this owner as it is
//   void attribute(const EncodedAttribute&, AttributeChanges&);      // each attribute of the owner, in order
//   void end(AttributeChanges&);                                     // what attribute() did not say yet
// and, if it can tell early that something is not to be edited:
//   bool enter(Message around, Bytes body);                          // false: skip this message around owners whole
//   bool wants(std::string_view key);                                // false: attribute() need not see this key
// A message around owners is a resource with its scopes, a scope with its items, or a metric.
#ifndef SLUICE_PLUGINS_WIRE_REWRITE_H
#define SLUICE_PLUGINS_WIRE_REWRITE_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/wire/reader.h"
#include "plugins/wire/schema.h"
#include "plugins/wire/signal.h"
#include "plugins/wire/views.h"
#include "plugins/wire/writer.h"

namespace sluice::wire {

/// Whose attributes are edited. Items are spans, log records and data points.
enum class Level : uint8_t { resource, scope, item };

namespace detail {

/// Whether the KeyValue whose length is at `p` is as most are: a key and a value and nothing else, less than 128 bytes.
inline bool is_short_key_value(const uint8_t* p, const uint8_t* end) noexcept {
  const auto left = static_cast<size_t>(end - p);
  if (left < 5) return false;
  const size_t size = p[0], key = p[2];
  return size < 0x80 && size < left && p[1] == length_tag(1) && key + 4 <= size && p[3 + key] == length_tag(2) &&
         p[4 + key] == size - key - 4;
}

/// Out of line: the straight path stays short.
[[gnu::noinline, gnu::pure]] inline std::string_view key_in(Bytes key_value) noexcept {
  std::string_view key;
  for (Cursor part(key_value); part.next();) {
    if (part.tag() == length_tag(1)) key = part.text();
  }
  return key;
}

}  // namespace detail

/// An attribute where it lies. Its key and value are fields of the KeyValue, tags included, either may be missing.
struct EncodedAttribute {
  explicit EncodedAttribute(Bytes whole) noexcept : field(whole) {
    if (detail::is_short_key_value(whole.data() + 1, whole.data() + whole.size())) {
      key = to_text(whole.subspan(4, whole[3]));
      key_field = whole.subspan(2, 2 + key.size());
      value_field = whole.subspan(4 + key.size());
      return;
    }
    Cursor attribute(whole);
    if (!attribute.next()) return;
    for (Cursor part(attribute.bytes()); part.next();) {
      if (part.tag() == detail::length_tag(1)) key_field = part.field(), key = part.text();
      if (part.tag() == detail::length_tag(2)) value_field = part.field();
    }
  }

  Bytes field;  // the whole, as a field of its owner
  std::string_view key;
  Bytes key_field;
  Bytes value_field;
};

/// The value in an attribute's value field.
inline AnyValue value_in(Bytes value_field) noexcept {
  Cursor field(value_field);
  return field.next() ? AnyValue(field.bytes()) : AnyValue();
}

/// What becomes of the attributes of one owner. Changes of attributes that are there come in their order, those that
/// are added after them. Keys and values are encoded as fields of a KeyValue (see key_field(), value_field()), and stay
/// valid until the editor's begin() is called again.
class AttributeChanges {
 public:
  // `old` is EncodedAttribute::field.
  void replace(Bytes old, Bytes key_field, Bytes value_field) {
    list_.emplace_back(old, key_field, value_field, false);
  }
  void erase(Bytes old) { list_.emplace_back(old, Bytes(), Bytes(), true); }
  void add(Bytes key_field, Bytes value_field) { list_.emplace_back(Bytes(), key_field, value_field, false); }

 private:
  template <typename Editor, ByteBuffer Out>
  friend class Rewriter;

  struct Change {
    // PERF: made where it stays; a copy of what has just been stored would have to wait for it.
    Change(Bytes before, Bytes key, Bytes value, bool gone) noexcept
        : old(before), key_field(key), value_field(value), erased(gone) {}
    size_t body_size() const noexcept { return key_field.size() + value_field.size(); }

    Bytes old;  // empty: the attribute is added
    Bytes key_field, value_field;
    bool erased;
  };
  std::vector<Change> list_;
};

/// Fields of a KeyValue, encoded.
inline std::string key_field(std::string_view key) {
  std::string out;
  Writer(out).text(1, key);
  return out;
}
inline std::string value_field(std::string_view encoded_value) {
  std::string out;
  Writer(out).text(2, encoded_value);
  return out;
}

/// Encoded AnyValues for edits.
inline std::string string_value(std::string_view text) {
  std::string out;
  Writer(out).text(1, text);
  return out;
}
inline std::string bool_value(bool value) {
  std::string out;
  Writer(out).varint(2, value ? 1 : 0);
  return out;
}
inline std::string int_value(int64_t value) {
  std::string out;
  Writer(out).signed_varint(3, value);
  return out;
}
inline std::string double_value(double value) {
  std::string out;
  Writer(out).float64(4, value);
  return out;
}

/// A list of edits by key, as if each were applied after the one before it.
class AttributeEdits {
 public:
  /// Adds the attribute where the key is not there.
  void insert(std::string_view key, std::string_view encoded_value) {
    std::string value = value_field(encoded_value);
    Plan& plan = plan_of(key);
    if (!plan.there.kept && !plan.there.value) plan.there.value = value;
    if (!plan.missing.value) plan.missing.value = std::move(value);
  }
  /// Replaces the value where the key is there.
  void update(std::string_view key, std::string_view encoded_value) {
    std::string value = value_field(encoded_value);
    Plan& plan = plan_of(key);
    if (plan.missing.value) plan.missing.value = value;
    if (plan.there.kept || plan.there.value) plan.there = {false, std::move(value)};
  }
  void upsert(std::string_view key, std::string_view encoded_value) {
    std::string value = value_field(encoded_value);
    Plan& plan = plan_of(key);
    plan.missing.value = value;
    plan.there = {false, std::move(value)};
  }
  void erase(std::string_view key) {
    Plan& plan = plan_of(key);
    plan.missing.value.reset();
    plan.there = {false, {}};
  }

  bool empty() const noexcept { return plans_.empty(); }

  bool begin(Message, Bytes) noexcept {
    for (Plan& plan : plans_) plan.seen = false;
    return true;
  }
  void attribute(const EncodedAttribute& attribute, AttributeChanges& changes) {
    for (Plan& plan : plans_) {
      if (plan.key != attribute.key) continue;
      plan.seen = true;
      if (plan.there.kept) return;
      if (!plan.there.value) return changes.erase(attribute.field);
      const Bytes value = to_bytes(*plan.there.value);
      if (to_text(value) != to_text(attribute.value_field))
        changes.replace(attribute.field, to_bytes(plan.key_field), value);
      return;
    }
  }
  void end(AttributeChanges& changes) const {
    for (const Plan& plan : plans_) {
      if (!plan.seen && plan.missing.value) changes.add(to_bytes(plan.key_field), to_bytes(*plan.missing.value));
    }
  }

 private:
  struct Outcome {
    bool kept = false;                 // as it was
    std::optional<std::string> value;  // encoded, as a field
  };
  struct Plan {
    std::string key;
    std::string key_field;
    Outcome there{true, {}};  // what becomes of the key where it is there
    Outcome missing;          // and where it is not
    bool seen = false;
  };

  Plan& plan_of(std::string_view key) {
    for (Plan& plan : plans_) {
      if (plan.key == key) return plan;
    }
    plans_.push_back({std::string(key), key_field(key), {true, {}}, {}, false});
    return plans_.back();
  }

  std::vector<Plan> plans_;
};

namespace detail {

/// Where a message field leads: to owners of the attributes, to messages around them, or elsewhere.
enum class Route : uint8_t { elsewhere, around, owner };

constexpr bool is_owner(Message message, Level level) noexcept {
  switch (level) {
    case Level::resource:
      return message == Message::resource;
    case Level::scope:
      return message == Message::instrumentation_scope;
    case Level::item:
      return is_item(message);
  }
  return false;
}

constexpr Route route_of(const Field& field, Level level) noexcept {
  if (field.kind != Kind::message) return Route::elsewhere;
  if (is_owner(field.message, level)) return Route::owner;
  if (!holds_items(field.message)) return Route::elsewhere;
  for (const Field& inner : schema(field.message).fields) {
    if (route_of(inner, level) != Route::elsewhere) return Route::around;
  }
  return Route::elsewhere;
}

struct Turn {
  Route route = Route::elsewhere;
  Message message = Message::traces_data;
};
/// What rewriting has to know about a message type.
struct Turns {
  std::array<Turn, 17> by_number{};
  uint8_t single_owner = 0;  // number of the owner, where there is one that may be missing
  uint8_t attributes = 0;    // tag of the attributes
};

constexpr Turns make_turns(Message message, Level level) noexcept {
  Turns turns;
  for (const Field& field : schema(message).fields) {
    if (field.kind != Kind::message) continue;
    turns.by_number[field.number] = {route_of(field, level), field.message};
    if (is_owner(field.message, level) && field.rule == Rule::singular) turns.single_owner = field.number;
    if (field.name == "attributes") turns.attributes = length_tag(field.number);
  }
  return turns;
}

inline constexpr auto kTurns = [] {
  std::array<std::array<Turns, kMessageCount>, 3> all{};
  for (size_t level = 0; level < all.size(); ++level) {
    for (size_t i = 0; i < kMessageCount; ++i) {
      all[level][i] = make_turns(static_cast<Message>(i), static_cast<Level>(level));
    }
  }
  return all;
}();

}  // namespace detail

template <typename Editor, ByteBuffer Out>
class Rewriter {
 public:
  Rewriter(Level level, Editor& editor, Out& out) noexcept
      : turns_(detail::kTurns[static_cast<size_t>(level)]), editor_(editor), writer_(out) {}

  bool run(Message type, Bytes message) {
    kept_ = message.data();
    walk(type, message);
    if (changed_) copy_to(message.data() + message.size());
    return changed_;
  }

 private:
  /// A message around owners that the walk is in. Its length is written when something inside has changed.
  struct Open {
    Bytes field;  // in the message around it, with tag and length
    Bytes body;
    uint32_t number;  // its field number there
    size_t mark;      // of begin_message()
  };

  void walk(Message type, Bytes message) {
    const detail::Turns& here = turns_[static_cast<size_t>(type)];
    bool owner_there = false;
    for (Cursor field(message); field.next();) {
      if (!field.has(WireType::length) || field.number() >= here.by_number.size()) continue;
      const detail::Turn turn = here.by_number[field.number()];
      if (turn.route == detail::Route::owner) {
        owner_there = true;
        edit(turn.message, field.number(), field.field(), field.bytes());
      } else if (turn.route == detail::Route::around) {
        if constexpr (requires { editor_.enter(type, message); }) {
          if (!editor_.enter(turn.message, field.bytes())) continue;
        }
        open_[depth_++] = {field.field(), field.bytes(), field.number(), 0};
        walk(turn.message, field.bytes());
        leave();
      }
    }
    if (here.single_owner != 0 && !owner_there) {
      const Bytes nothing = message.subspan(message.size());
      edit(here.by_number[here.single_owner].message, here.single_owner, nothing, nothing);
    }
  }

  void edit(Message type, uint32_t number, Bytes whole, Bytes body) {
    if (!editor_.begin(type, body)) return;
    const uint8_t tag = turns_[static_cast<size_t>(type)].attributes;
    const uint8_t* const insert_at = show(body, tag);
    editor_.end(changes_);
    if (changes_.list_.empty()) return;
    write_owner(number, whole, body, tag, insert_at);
    changes_.list_.clear();
  }

  /// Shows the attributes, which have this tag, to the editor. Returns the end of the last one, or of the body.
  const uint8_t* show(Bytes body, uint8_t tag) {
    const uint8_t* const end = body.data() + body.size();
    const uint8_t* after = end;
    for (const uint8_t* p = body.data(); p != end;) {
      const uint8_t* const start = p;
      std::string_view key;
      if (*p == tag && detail::is_short_key_value(p + 1, end)) {
        key = to_text({p + 4, p[3]});
        p += 2 + p[1];
      } else {
        // PERF: a new cursor for each field is one in registers, of which only what is used is computed.
        Cursor field({p, end});
        if (!field.next()) break;
        p = field.rest().data();
        if (field.tag() != tag) continue;
        key = detail::key_in(field.bytes());
      }
      after = p;
      if (wants(key)) editor_.attribute(EncodedAttribute({start, p}), changes_);
    }
    return after;
  }

  bool wants(std::string_view key) {
    if constexpr (requires { editor_.wants(key); }) {
      return editor_.wants(key);
    } else {
      return true;
    }
  }

  void write_owner(uint32_t number, Bytes whole, Bytes body, uint8_t tag, const uint8_t* insert_at) {
    // All sizes are known before a byte is written, so nothing has to move afterwards.
    size_t removed = 0;
    size_t added = 0;
    for (const auto& change : changes_.list_) {
      removed += change.old.size();
      if (!change.erased) added += 1 + varint_size(change.body_size()) + change.body_size();
    }
    const auto& last = changes_.list_.back();
    const uint8_t* const stop = last.old.empty() ? insert_at : last.old.data() + last.old.size();
    const size_t size = body.size() - removed + added;
    write_around();
    const auto before = static_cast<size_t>(whole.data() - kept_);
    const auto inside = static_cast<size_t>(stop - body.data()) - removed;
    uint8_t* out = writer_.extend(before + field_size(number, size) - size + inside + added);
    out = copy(out, kept_, whole.data());
    out = store_varint(store_varint(out, make_tag(number, WireType::length)), size);
    kept_ = body.data();
    for (const auto& change : changes_.list_) {
      const uint8_t* const position = change.old.empty() ? insert_at : change.old.data();
      out = copy(out, kept_, position);
      kept_ = position + change.old.size();
      if (change.erased) continue;
      *out++ = tag;
      out = store_varint(out, change.body_size());
      out = copy(out, change.key_field.data(), change.key_field.data() + change.key_field.size());
      out = copy(out, change.value_field.data(), change.value_field.data() + change.value_field.size());
    }
  }

  static uint8_t* copy(uint8_t* out, const uint8_t* first, const uint8_t* last) noexcept {
    const auto size = static_cast<size_t>(last - first);
    // PERF: without a call, most keys and values.
    if (size - 8 <= 8) {
      copy_ends<uint64_t>(out, first, size);
    } else if (size - 16 <= 16) {
      copy_ends<SixteenBytes>(out, first, size);
    } else if (size != 0) {
      std::memcpy(out, first, size);
    }
    return out + size;
  }

  struct SixteenBytes {
    uint64_t first, second;
  };
  /// So many bytes from the front and from the end, which may overlap.
  template <typename Word>
  static void copy_ends(uint8_t* out, const uint8_t* first, size_t size) noexcept {
    const auto head = load<Word>(first);
    const auto tail = load<Word>(first + size - sizeof(Word));
    std::memcpy(out, &head, sizeof head);
    std::memcpy(out + size - sizeof tail, &tail, sizeof tail);
  }

  static size_t field_size(uint32_t number, size_t body) noexcept {
    return varint_size(make_tag(number, WireType::length)) + varint_size(body) + body;
  }

  /// Writes the heads of the messages that the walk is in, as far as they are not written yet.
  void write_around() {
    changed_ = true;
    for (; written_ < depth_; ++written_) {
      Open& around = open_[written_];
      copy_to(around.field.data());
      around.mark = writer_.begin_message(around.number, around.body.size());
      kept_ = around.body.data();
    }
  }

  void leave() {
    const Open& around = open_[--depth_];
    if (written_ <= depth_) return;
    copy_to(around.body.data() + around.body.size());
    writer_.end_message(around.mark);
    written_ = depth_;
  }

  /// Copies everything before `position` that is not written yet.
  void copy_to(const uint8_t* position) {
    writer_.fields({kept_, position});
    kept_ = position;
  }

  const std::array<detail::Turns, kMessageCount>& turns_;
  Editor& editor_;
  Writer<Out> writer_;
  AttributeChanges changes_;
  std::array<Open, 4> open_{};  // resource, scope, metric, its data
  size_t depth_ = 0;
  size_t written_ = 0;             // so many of open_ have their head in the output
  const uint8_t* kept_ = nullptr;  // where the bytes begin that are not written yet
  bool changed_ = false;
};

/// Appends the edited message to `out` and returns true, or returns false where no edit changed anything. The message
/// must have passed check(). A resource or scope that is missing is made where attributes are added to it.
template <typename Editor, ByteBuffer Out>
bool rewrite_attributes(Signal signal, Bytes message, Level level, Editor& editor, Out& out) {
  return Rewriter<Editor, Out>(level, editor, out).run(root(signal), message);
}

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_REWRITE_H
