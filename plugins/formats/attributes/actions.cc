// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/actions.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstring>

namespace sluice::formats {
namespace {

// Of keys: both ends and the length, which tell nearly all keys apart that occur together.
uint64_t hash_of(std::string_view key) {
  const auto* p = reinterpret_cast<const uint8_t*>(key.data());
  const size_t size = key.size();
  uint64_t first = 0, last = 0;
  if (size >= 8) {
    first = wire::load<uint64_t>(p);
    last = wire::load<uint64_t>(p + size - 8);
  } else if (size >= 4) {
    first = wire::load<uint32_t>(p);
    last = wire::load<uint32_t>(p + size - 4);
  } else {
    for (size_t i = 0; i < size; ++i) first = first << 8 | p[i];
  }
  uint64_t hash = (first ^ size) * UINT64_C(0x9e3779b97f4a7c15);
  hash = (std::rotl(hash, 29) ^ last) * UINT64_C(0xbf58476d1ce4e5b9);
  return hash ^ hash >> 32;
}

constexpr size_t kLongestKnownKey = 256;

// "192.0.2.1:4711" and "[2001:db8::1]:4711" without the port; anything else as it is.
std::string_view without_port(std::string_view address) {
  if (address.starts_with('[')) return address.substr(1, address.find(']') - 1);
  const size_t colon = address.find(':');
  return colon == address.rfind(':') ? address.substr(0, colon) : address;
}

}  // namespace

std::string actions_problem(const std::vector<ActionConfig>& actions) {
  const auto patterns = std::count_if(actions.begin(), actions.end(), [](const ActionConfig& action) {
    return action.action != ActionType::extract && !action.pattern.empty();
  });
  if (patterns > 64)
    return "at most 64 actions may have a pattern of keys, here are " + std::to_string(patterns) +
           ": join patterns by |";
  return {};
}

Actions::Actions(const std::vector<ActionConfig>& actions) {
  by_shape_.fill(kNone);
  for (const ActionConfig& config : actions) {
    Step step;
    step.action = config.action;
    step.converted_type = config.converted_type;
    if (!config.key.empty()) step.key = key_number(config.key);
    if (!config.from_attribute.empty()) step.from_key = key_number(config.from_attribute);
    if (!config.from_context.empty()) {
      const std::string_view name = config.from_context;
      step.from_context = static_cast<uint32_t>(from_contexts_.size());
      if (name == "client.address") {
        from_contexts_.push_back({FromContext::Where::client_address, {}});
      } else if (name.starts_with("auth.")) {
        from_contexts_.push_back({FromContext::Where::auth, std::string(name.substr(5))});
      } else {
        // Without a prefix it is a header too, as it once was upstream. Headers are kept in lower case.
        std::string header(name.starts_with("metadata.") ? name.substr(9) : name);
        std::transform(header.begin(), header.end(), header.begin(), [](unsigned char c) { return std::tolower(c); });
        from_contexts_.push_back({FromContext::Where::metadata, std::move(header)});
      }
    }
    const Value& constant = config.value.kind != SLUICE_NULL ? config.value : config.default_value;
    if (constant.kind != SLUICE_NULL) step.value = wire::value_field(encode_value(constant));
    if (config.action == ActionType::extract) {
      step.extraction.emplace(config.pattern);
      for (const std::string& group : step.extraction->groups()) step.group_keys.push_back(key_number(group));
    } else if (!config.pattern.empty()) {
      step.pattern = static_cast<uint32_t>(key_patterns_.size());
      key_patterns_.emplace_back(config.pattern);
    }
    constexpr size_t kTagAndLength = 4, kGuess = 48;  // of a value that is not known yet
    if (config.action == ActionType::insert || config.action == ActionType::upsert)
      expected_growth_ += kTagAndLength + config.key.size() + (step.value ? step.value->size() : kGuess);
    if (config.action == ActionType::hash) expected_growth_ += ValueHasher::kDigits;
    expected_growth_ += step.group_keys.size() * kGuess;
    steps_.push_back(std::move(step));
  }
  for (Key& key : keys_) key.matched_by = matching_patterns(key.name);
}

uint32_t Actions::key_number(std::string_view name) {
  if (const uint32_t known = find(name); known != kNone) return known;
  const auto number = static_cast<uint32_t>(keys_.size());
  uint32_t& first = by_shape_[shape(name)];
  keys_.push_back({std::string(name), wire::key_field(name), first});
  return first = number;
}

uint32_t Actions::find(std::string_view name) const {
  uint32_t number = by_shape_[shape(name)];
  while (number != kNone && keys_[number].name != name) number = keys_[number].next;
  return number;
}

uint64_t Actions::matching_patterns(std::string_view name) const {
  uint64_t bits = 0;
  for (size_t i = 0; i < key_patterns_.size(); ++i) {
    if (key_patterns_[i].matches(name)) bits |= UINT64_C(1) << i;
  }
  return bits;
}

uint8_t* ValueArena::take(size_t size) {
  constexpr size_t kBlock = 4096;
  while (block_ < blocks_.size() && blocks_[block_].size - used_ < size) ++block_, used_ = 0;
  if (block_ == blocks_.size()) {
    const size_t wanted = std::max(size, kBlock);
    blocks_.push_back({std::make_unique_for_overwrite<uint8_t[]>(wanted), wanted});
    used_ = 0;
  }
  uint8_t* taken = blocks_[block_].bytes.get() + used_;
  used_ += size;
  return taken;
}

ActionEditor::ActionEditor(const Actions& actions)
    : actions_(actions), first_(actions.keys_.size(), kNone), context_values_(actions.from_contexts_.size()) {
  constexpr size_t kKnownKeys = 1024;
  if (!actions.key_patterns_.empty()) known_keys_.resize(kKnownKeys);
}

void ActionEditor::begin_batch(const sluice_context& context) {
  unconverted_ = 0;
  for (size_t i = 0; i < context_values_.size(); ++i) {
    const Actions::FromContext& from = actions_.from_contexts_[i];
    std::optional<std::string> text;
    if (from.where == Actions::FromContext::Where::client_address) {
      if (context.peer_address.len) text = without_port(view(context.peer_address));
    } else {
      const bool header = from.where == Actions::FromContext::Where::metadata;
      for (const std::string_view value : values(header ? metadata(context) : auth(context), from.name))
        text = text ? *text + ";" + std::string(value) : std::string(value);
    }
    context_values_[i].reset();
    if (text) context_values_[i] = wire::value_field(wire::string_value(to_utf8(*text)));
  }
}

bool ActionEditor::begin(wire::Message, wire::Bytes) {
  for (const Slot& slot : slots_) {
    if (slot.key != kNone) first_[slot.key] = kNone;
  }
  slots_.clear();
  repeated_ = false;
  arena_.clear();
  return true;
}

void ActionEditor::attribute(const wire::EncodedAttribute& attribute, wire::AttributeChanges&) {
  uint32_t key = kNone;
  uint64_t matched_by = 0;
  if (known_keys_.empty()) {
    key = actions_.find(attribute.key);
  } else {
    const uint64_t hash = hash_of(attribute.key);
    KnownKey& known = known_keys_[hash & (known_keys_.size() - 1)];
    if (known.name == attribute.key && known.used) {
      key = known.key;
      matched_by = known.matched_by;
    } else {
      key = actions_.find(attribute.key);
      matched_by = key != kNone ? actions_.keys_[key].matched_by : actions_.matching_patterns(attribute.key);
      if (attribute.key.size() <= kLongestKnownKey) known = {std::string(attribute.key), key, matched_by, true};
    }
  }
  if (key == kNone && matched_by == 0) return;
  if (key != kNone) {
    if (there(key)) {
      repeated_ = true;
    } else {
      first_[key] = static_cast<uint32_t>(slots_.size());
    }
  }
  slots_.emplace_back(attribute.field, attribute.key_field, attribute.value_field, attribute.value_field, matched_by,
                      key);
}

void ActionEditor::end(wire::AttributeChanges& changes) {
  for (const Step& step : actions_.steps_) run(step);
  for (const Slot& slot : slots_) {
    if (slot.field.empty()) {
      if (slot.alive) changes.add(slot.key_field, slot.value);
    } else if (!slot.alive) {
      changes.erase(slot.field);
    } else if (slot.value.data() != slot.old_value.data() &&
               wire::to_text(slot.value) != wire::to_text(slot.old_value)) {
      changes.replace(slot.field, slot.key_field, slot.value);
    }
  }
}

template <class F>
void ActionEditor::each_of(uint32_t key, F&& f) {
  if (key == kNone || !there(key)) return;
  if (!repeated_) return f(slots_[first_[key]]);
  for (Slot& slot : slots_) {
    if (slot.key == key && slot.alive) f(slot);
  }
}

template <class F>
void ActionEditor::each_matched(uint32_t pattern, F&& f) {
  if (pattern == kNone) return;
  for (Slot& slot : slots_) {
    if (slot.alive && (slot.matched_by >> pattern & 1) != 0) f(slot);
  }
}

void ActionEditor::run(const Step& step) {
  switch (step.action) {
    case ActionType::insert:
    case ActionType::update:
    case ActionType::upsert: {
      const bool is_there = there(step.key);
      if (step.action == (is_there ? ActionType::insert : ActionType::update)) return;
      if (const auto value = source(step)) set(step.key, *value);
      return;
    }
    case ActionType::erase:
      each_of(step.key, [&](Slot& slot) { erase(slot); });
      each_matched(step.pattern, [&](Slot& slot) { erase(slot); });
      return;
    case ActionType::hash:
      each_of(step.key, [&](Slot& slot) { hash(slot); });
      each_matched(step.pattern, [&](Slot& slot) { hash(slot); });
      return;
    case ActionType::extract:
      return extract(step);
    case ActionType::convert:
      each_of(step.key, [&](Slot& slot) { convert(slot, step.converted_type); });
      return;
  }
}

std::optional<wire::Bytes> ActionEditor::source(const Step& step) const {
  if (step.from_key != kNone && there(step.from_key)) return slot_of(step.from_key).value;
  if (step.from_context != kNone && context_values_[step.from_context])
    return wire::to_bytes(*context_values_[step.from_context]);
  if (step.value) return wire::to_bytes(*step.value);
  return std::nullopt;
}

void ActionEditor::set(uint32_t key, wire::Bytes value) {
  if (there(key)) return each_of(key, [&](Slot& slot) { slot.value = value; });
  first_[key] = static_cast<uint32_t>(slots_.size());
  const Actions::Key& added = actions_.keys_[key];
  slots_.emplace_back(wire::Bytes(), wire::to_bytes(added.field), wire::Bytes(), value, added.matched_by, key);
}

void ActionEditor::erase(Slot& slot) {
  slot.alive = false;
  // All with this key go, one after the other.
  if (slot.key != kNone) first_[slot.key] = kNone;
}

void ActionEditor::hash(Slot& slot) {
  const TextField hashed = text_field(ValueHasher::kDigits);
  slot.value = hasher_.hash(wire::value_in(slot.value), hashed.text) ? hashed.field : text_field(0).field;
}

void ActionEditor::extract(const Step& step) {
  if (!there(step.key)) return;
  const wire::AnyValue value = wire::value_in(slot_of(step.key).value);
  if (value.type != wire::AnyValue::Type::string) return;
  std::array<std::string_view, Pattern::kMaxGroups> groups;
  if (!step.extraction->match_groups(value.text(), groups)) return;
  for (size_t i = 0; i < step.group_keys.size(); ++i) set(step.group_keys[i], text_field(groups[i]));
}

ActionEditor::TextField ActionEditor::text_field(size_t text_size) {
  const size_t any_size = 1 + wire::varint_size(text_size) + text_size;
  const size_t size = 1 + wire::varint_size(any_size) + any_size;
  uint8_t* const field = arena_.take(size);
  uint8_t* p = field;
  *p++ = wire::make_tag(2, wire::WireType::length);
  p = wire::store_varint(p, any_size);
  *p++ = wire::make_tag(1, wire::WireType::length);
  p = wire::store_varint(p, text_size);
  return {{field, size}, reinterpret_cast<char*>(p)};
}

wire::Bytes ActionEditor::text_field(std::string_view text) {
  const TextField made = text_field(text.size());
  if (!text.empty()) std::memcpy(made.text, text.data(), text.size());
  return made.field;
}

wire::Bytes ActionEditor::number_field(wire::WireType type, uint64_t bits) {
  const bool integer = type == wire::WireType::varint;
  const size_t any_size = 1 + (integer ? wire::varint_size(bits) : sizeof bits);
  uint8_t* const field = arena_.take(2 + any_size);
  uint8_t* p = field;
  *p++ = wire::make_tag(2, wire::WireType::length);
  *p++ = static_cast<uint8_t>(any_size);
  *p++ = static_cast<uint8_t>(wire::make_tag(integer ? 3 : 4, type));
  if (integer) {
    wire::store_varint(p, bits);
  } else {
    std::memcpy(p, &bits, sizeof bits);
  }
  return {field, 2 + any_size};
}

}  // namespace sluice::formats
