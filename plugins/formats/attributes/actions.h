// SPDX-License-Identifier: Apache-2.0
// A list of actions on attributes, compiled: every key that they name has a number, values are encoded, patterns are
// ready. An ActionEditor carries them out on each owner of attributes that a rewrite (plugins/wire/rewrite.h) comes by:
// it remembers the few attributes that some action names, runs all actions on those, and says what has changed.
//
//   const Actions actions(config.actions);
//   ActionEditor editor(actions);
//   editor.begin_batch(call.context());
//   wire::rewrite_attributes(signal, message, wire::Level::item, editor, out);
//
// Of attributes with the same key, which OTLP does not allow, actions read the first and change all.
#ifndef SLUICE_PLUGINS_FORMATS_ATTRIBUTES_ACTIONS_H
#define SLUICE_PLUGINS_FORMATS_ATTRIBUTES_ACTIONS_H

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/formats/attributes/action_config.h"
#include "plugins/formats/attributes/pattern.h"
#include "plugins/formats/attributes/values.h"
#include "plugins/sdk/context.h"
#include "plugins/wire/rewrite.h"

namespace sluice::formats {

// What is wrong with the list as a whole, for users; empty if nothing is.
std::string actions_problem(const std::vector<ActionConfig>& actions);

// Immutable, for any number of threads.
class Actions {
 public:
  // REQUIRES: the settings of each action were checked, and actions_problem() has none.
  explicit Actions(const std::vector<ActionConfig>& actions);

  // Bytes by which an owner of attributes may be expected to grow.
  size_t expected_growth() const { return expected_growth_; }

 private:
  friend class ActionEditor;
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Key {
    std::string name;
    std::string field;        // encoded
    uint32_t next = kNone;    // key of the same shape()
    uint64_t matched_by = 0;  // bits of key_patterns_
  };
  struct FromContext {
    enum class Where { metadata, auth, client_address } where;
    std::string name;
  };
  struct Step {
    ActionType action;
    ConvertedType converted_type;
    uint32_t key = kNone;
    uint32_t from_key = kNone;
    uint32_t from_context = kNone;
    uint32_t pattern = kNone;          // of key_patterns_
    std::optional<std::string> value;  // the constant, or the default of a source; a field of a KeyValue
    std::optional<Pattern> extraction;
    std::vector<uint32_t> group_keys;
  };

  // What tells most keys apart at a glance.
  static uint8_t shape(std::string_view key) {
    return static_cast<uint8_t>(key.size() * 8 + (key.empty() ? 0 : static_cast<uint8_t>(key.back())));
  }
  uint32_t key_number(std::string_view name);
  // The number of a key that some action names, else kNone.
  uint32_t find(std::string_view name) const;
  uint64_t matching_patterns(std::string_view name) const;

  std::vector<Step> steps_;
  std::vector<Key> keys_;
  std::array<uint32_t, 256> by_shape_;  // the first key of each shape(), or kNone
  std::vector<Pattern> key_patterns_;
  std::vector<FromContext> from_contexts_;
  size_t expected_growth_ = 0;
};

// Memory for values that actions make, all given back at once and kept for the next ones.
class ValueArena {
 public:
  uint8_t* take(size_t size);
  void clear() {
    block_ = 0;
    used_ = 0;
  }

 private:
  struct Block {
    std::unique_ptr<uint8_t[]> bytes;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t block_ = 0, used_ = 0;
};

// Of one thread at a time. Allocates nothing once it has seen the largest owner.
class ActionEditor {
 public:
  explicit ActionEditor(const Actions& actions);

  // Values of the sender are looked up once for all that follows, until the next call.
  void begin_batch(const sluice_context& context);

  // Of `convert`, since begin_batch(): values that are not of the new type's form and so stay as they are.
  uint64_t unconverted() const { return unconverted_; }
  const std::string& unconverted_key() const { return unconverted_key_; }

  // For wire::rewrite_attributes().
  bool begin(wire::Message, wire::Bytes);
  // PERF: most attributes are named by no action.
  bool wants(std::string_view key) const {
    return !known_keys_.empty() || actions_.by_shape_[Actions::shape(key)] != kNone;
  }
  void attribute(const wire::EncodedAttribute& attribute, wire::AttributeChanges&);
  void end(wire::AttributeChanges& changes);

 private:
  using Step = Actions::Step;
  static constexpr uint32_t kNone = Actions::kNone;

  // An attribute that some action names, or that an action has added.
  struct Slot {
    Slot(wire::Bytes whole, wire::Bytes key_part, wire::Bytes old, wire::Bytes now, uint64_t patterns, uint32_t number)
        : field(whole), key_field(key_part), old_value(old), value(now), matched_by(patterns), key(number) {}

    wire::Bytes field;  // empty: an action has added it
    wire::Bytes key_field;
    wire::Bytes old_value;  // field, as it came
    wire::Bytes value;      // and as it is now
    uint64_t matched_by;    // bits of patterns
    uint32_t key;           // number, or kNone: only a pattern matches it
    bool alive = true;
  };
  // A value whose text is to be written.
  struct TextField {
    wire::Bytes field;
    char* text;
  };
  // Keys seen before and what was found out about them, so that patterns are tried once for each.
  struct KnownKey {
    std::string name;
    uint32_t key = kNone;
    uint64_t matched_by = 0;
    bool used = false;
  };

  bool there(uint32_t key) const { return first_[key] != kNone; }
  const Slot& slot_of(uint32_t key) const { return slots_[first_[key]]; }
  template <class F>
  void each_of(uint32_t key, F&& f);
  template <class F>
  void each_matched(uint32_t pattern, F&& f);
  std::optional<wire::Bytes> source(const Step& step) const;
  void set(uint32_t key, wire::Bytes value);
  void erase(Slot& slot);
  void hash(Slot& slot);
  void extract(const Step& step);
  void convert(Slot& slot, ConvertedType type);
  void run(const Step& step);
  TextField text_field(size_t text_size);
  wire::Bytes text_field(std::string_view text);
  wire::Bytes number_field(wire::WireType type, uint64_t bits);

  const Actions& actions_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> first_;  // by key: the first slot that is alive
  bool repeated_ = false;        // whether some key is there twice
  std::vector<KnownKey> known_keys_;
  std::vector<std::optional<std::string>> context_values_;  // fields
  ValueArena arena_;
  ValueHasher hasher_;
  std::string scratch_;
  uint64_t unconverted_ = 0;
  std::string unconverted_key_;
};

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_ATTRIBUTES_ACTIONS_H
