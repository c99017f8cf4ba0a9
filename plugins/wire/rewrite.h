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
//   void begin();                            // attributes of the next owner follow
//   Edit attribute(const KeyValue&);         // keep it, erase it, or put Edit::value in its place
//   void end(AttributeSink&);                // add attributes
#ifndef SLUICE_PLUGINS_WIRE_REWRITE_H
#define SLUICE_PLUGINS_WIRE_REWRITE_H

#include <array>
#include <cstddef>
#include <cstdint>
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

/// What becomes of one attribute. `value` is an encoded AnyValue, valid until the editor is called again.
struct Edit {
  enum class Action : uint8_t { keep, erase, replace };
  Action action = Action::keep;
  Bytes value;
};

/// Where an editor's end() adds attributes.
class AttributeSink {
 public:
  virtual void add(std::string_view key, Bytes value) = 0;

 protected:
  ~AttributeSink() = default;
};

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
  void insert(std::string_view key, std::string value) {
    Plan& plan = plan_of(key);
    if (!plan.there.kept && !plan.there.value) plan.there.value = value;
    if (!plan.missing.value) plan.missing.value = std::move(value);
  }
  /// Replaces the value where the key is there.
  void update(std::string_view key, std::string value) {
    Plan& plan = plan_of(key);
    if (plan.missing.value) plan.missing.value = value;
    if (plan.there.kept || plan.there.value) plan.there = {false, std::move(value)};
  }
  void upsert(std::string_view key, std::string value) {
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

  void begin() noexcept {
    for (Plan& plan : plans_) plan.seen = false;
  }
  Edit attribute(const KeyValue& attribute) noexcept {
    for (Plan& plan : plans_) {
      if (plan.key != attribute.key) continue;
      plan.seen = true;
      if (plan.there.kept) return {};
      if (!plan.there.value) return {Edit::Action::erase, {}};
      return {Edit::Action::replace, to_bytes(*plan.there.value)};
    }
    return {};
  }
  void end(AttributeSink& sink) const {
    for (const Plan& plan : plans_) {
      if (!plan.seen && plan.missing.value) sink.add(plan.key, to_bytes(*plan.missing.value));
    }
  }

 private:
  struct Outcome {
    bool kept = false;  // as it was
    std::optional<std::string> value;
  };
  struct Plan {
    std::string key;
    Outcome there{true, {}};  // what becomes of the key where it is there
    Outcome missing;          // and where it is not
    bool seen = false;
  };

  Plan& plan_of(std::string_view key) {
    for (Plan& plan : plans_) {
      if (plan.key == key) return plan;
    }
    plans_.push_back({std::string(key), {true, {}}, {}, false});
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
  uint8_t attributes = 0;    // number of the attributes
};

constexpr Turns make_turns(Message message, Level level) noexcept {
  Turns turns;
  for (const Field& field : schema(message).fields) {
    if (field.kind != Kind::message) continue;
    turns.by_number[field.number] = {route_of(field, level), field.message};
    if (is_owner(field.message, level) && field.rule == Rule::singular) turns.single_owner = field.number;
    if (field.name == "attributes") turns.attributes = field.number;
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

template <typename Editor, ByteBuffer Out>
class Rewriter final : public AttributeSink {
 public:
  Rewriter(Level level, Editor& editor, Out& out) noexcept
      : turns_(kTurns[static_cast<size_t>(level)]), editor_(editor), writer_(out) {}

  bool run(Message type, Bytes message) {
    open_[0] = {{message.data(), message.size()}, 0, message.data(), message, true, 0};
    walk(type, message);
    if (!changed_) return false;
    writer_.fields({open_[0].kept, message.data() + message.size()});
    return true;
  }

  void add(std::string_view key, Bytes value) override {
    copy_to(insert_at_);
    write_attribute(key, value);
  }

 private:
  /// A message that the walk is in. It is written from its first change on: what nobody changes is copied with the run
  /// of bytes around it.
  struct Open {
    Bytes field;          // in the message around it, with tag and length
    uint32_t number;      // its field number there
    const uint8_t* kept;  // where the bytes begin that are not written yet
    Bytes body;
    bool written;  // as far as `kept`
    size_t mark;   // of begin_message()
  };

  const Turns& turns(Message type) const noexcept { return turns_[static_cast<size_t>(type)]; }

  void walk(Message type, Bytes message) {
    const Turns& here = turns(type);
    bool owner_there = false;
    for (Cursor field(message); field.next();) {
      if (!field.has(WireType::length) || field.number() >= here.by_number.size()) continue;
      const Turn turn = here.by_number[field.number()];
      if (turn.route == Route::elsewhere) continue;
      owner_there |= turn.route == Route::owner;
      enter(field.number(), field.field(), field.bytes());
      if (turn.route == Route::owner) {
        edit(turn.message, field.bytes());
      } else {
        walk(turn.message, field.bytes());
      }
      leave();
    }
    if (here.single_owner != 0 && !owner_there) {
      const Bytes nothing = message.subspan(message.size());
      enter(here.single_owner, nothing, nothing);
      edit(here.by_number[here.single_owner].message, nothing);
      leave();
    }
  }

  void edit(Message type, Bytes message) {
    attributes_ = turns(type).attributes;
    insert_at_ = message.data() + message.size();
    editor_.begin();
    for (Cursor field(message); field.next();) {
      if (field.tag() != make_tag(attributes_, WireType::length)) continue;
      const KeyValue attribute(field.bytes());
      const Bytes whole = field.field();
      insert_at_ = whole.data() + whole.size();
      const Edit edit = editor_.attribute(attribute);
      if (edit.action == Edit::Action::keep) continue;
      if (edit.action == Edit::Action::replace && to_text(edit.value) == to_text(attribute.value.encoded)) continue;
      copy_to(whole.data());
      if (edit.action == Edit::Action::replace) write_attribute(attribute.key, edit.value);
      open_[depth_].kept = insert_at_;
    }
    editor_.end(*this);
  }

  void enter(uint32_t number, Bytes field, Bytes body) noexcept {
    open_[++depth_] = {field, number, body.data(), body, false, 0};
  }

  void leave() {
    const Open& inner = open_[depth_--];
    if (!inner.written) return;
    writer_.fields({inner.kept, inner.body.data() + inner.body.size()});
    writer_.end_message(inner.mark);
    open_[depth_].kept = inner.field.data() + inner.field.size();
  }

  /// Writes everything before `position`, which is in the innermost message.
  void copy_to(const uint8_t* position) {
    changed_ = true;
    for (size_t i = 1; i <= depth_; ++i) {
      Open& inner = open_[i];
      if (inner.written) continue;
      writer_.fields({open_[i - 1].kept, inner.field.data()});
      inner.mark = writer_.begin_message(inner.number, inner.body.size());
      inner.written = true;
    }
    Open& innermost = open_[depth_];
    writer_.fields({innermost.kept, position});
    innermost.kept = position;
  }

  void write_attribute(std::string_view key, Bytes value) {
    const size_t body = writer_.begin_message(attributes_);
    writer_.text(1, key);
    writer_.bytes(2, value);
    writer_.end_message(body);
  }

  const std::array<Turns, kMessageCount>& turns_;
  Editor& editor_;
  Writer<Out> writer_;
  std::array<Open, 6> open_{};  // the whole, resource, scope, metric, its data, item
  size_t depth_ = 0;
  uint32_t attributes_ = 0;             // number of the field in the owner
  const uint8_t* insert_at_ = nullptr;  // after the owner's last attribute
  bool changed_ = false;
};

}  // namespace detail

/// Appends the edited message to `out` and returns true, or returns false where no edit changed anything. The message
/// must have passed check(). A resource or scope that is missing is made where attributes are added to it.
template <typename Editor, ByteBuffer Out>
bool rewrite_attributes(Signal signal, Bytes message, Level level, Editor& editor, Out& out) {
  return detail::Rewriter<Editor, Out>(level, editor, out).run(root(signal), message);
}

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_REWRITE_H
