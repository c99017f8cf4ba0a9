// SPDX-License-Identifier: Apache-2.0
// Cutting long texts in the attributes of an encoded message: what the component does, without the component.
#ifndef ATTRIBUTE_LIMIT_LIMIT_H
#define ATTRIBUTE_LIMIT_LIMIT_H

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/wire/rewrite.h"

namespace attribute_limit {

namespace wire = sluice::wire;

// The longest beginning of `text` that fits and does not end within a character.
inline std::string_view cut(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  const auto continues = [text](size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  while (max_bytes > 0 && continues(max_bytes)) --max_bytes;
  return text.substr(0, max_bytes);
}

// An editor of wire::rewrite_attributes().
class Limiter {
 public:
  // `keys`: the attributes that are looked at; none: all.
  Limiter(size_t max_bytes, const std::vector<std::string>& keys) : max_bytes_(max_bytes), keys_(keys) {}

  bool begin(wire::Message, wire::Bytes) {
    values_.clear();
    return true;
  }
  void attribute(const wire::EncodedAttribute& attribute, wire::AttributeChanges& changes) {
    if (attribute.value_field.size() <= max_bytes_) return;
    if (!keys_.empty() && std::find(keys_.begin(), keys_.end(), attribute.key) == keys_.end()) return;
    const wire::AnyValue value = wire::value_in(attribute.value_field);
    if (value.type != wire::AnyValue::Type::string || value.text().size() <= max_bytes_) return;
    values_.push_back(wire::value_field(wire::string_value(cut(value.text(), max_bytes_))));
    changes.replace(attribute.field, attribute.key_field, wire::to_bytes(values_.back()));
    ++cut_values_;
  }
  void end(wire::AttributeChanges&) {}

  uint64_t cut_values() const { return cut_values_; }

 private:
  const size_t max_bytes_;
  const std::vector<std::string>& keys_;
  std::deque<std::string> values_;  // of one owner of attributes; a deque: they stay where they are
  uint64_t cut_values_ = 0;
};

// Writes the message with its long texts cut to `out`. False: there are none, and `out` is of no use.
inline bool limit(wire::Signal signal, wire::Bytes message, Limiter& limiter, std::vector<uint8_t>& out) {
  std::vector<uint8_t> next;
  bool changed = false;
  for (const wire::Level level : {wire::Level::resource, wire::Level::scope, wire::Level::item}) {
    next.clear();
    if (!wire::rewrite_attributes(signal, changed ? wire::Bytes(out) : message, level, limiter, next)) continue;
    out.swap(next);
    changed = true;
  }
  return changed;
}

}  // namespace attribute_limit
#endif  // ATTRIBUTE_LIMIT_LIMIT_H
