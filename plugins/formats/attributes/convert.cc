// SPDX-License-Identifier: Apache-2.0
// The action `convert`: values to another type, where they have its form.
#include "plugins/formats/attributes/actions.h"
#include "plugins/formats/value_text/value_text.h"

namespace sluice::formats {
namespace {

using Type = wire::AnyValue::Type;

std::optional<int64_t> as_int(const wire::AnyValue& value) {
  switch (value.type) {
    case Type::string:
      return parse_int(value.text());
    case Type::boolean:
      return value.boolean() ? 1 : 0;
    case Type::float64:
      return to_int(value.float64());
    default:
      return std::nullopt;
  }
}

std::optional<double> as_double(const wire::AnyValue& value) {
  switch (value.type) {
    case Type::string:
      return parse_double(value.text());
    case Type::boolean:
      return value.boolean() ? 1 : 0;
    case Type::integer:
      return static_cast<double>(value.integer());
    default:
      return std::nullopt;
  }
}

}  // namespace

void ActionEditor::convert(Slot& slot, ConvertedType type) {
  const wire::AnyValue value = wire::value_in(slot.value);
  if (type == ConvertedType::string) {
    if (value.type == Type::string) return;
    scratch_.clear();
    append_value(scratch_, value);
    slot.value = text_field(scratch_);
    return;
  }
  if (value.type == (type == ConvertedType::integer ? Type::integer : Type::float64)) return;
  if (type == ConvertedType::integer) {
    if (const auto number = as_int(value)) {
      slot.value = number_field(wire::WireType::varint, static_cast<uint64_t>(*number));
      return;
    }
  } else if (const auto number = as_double(value)) {
    slot.value = number_field(wire::WireType::fixed64, std::bit_cast<uint64_t>(*number));
    return;
  }
  if (unconverted_++ == 0) unconverted_key_ = actions_.keys_[slot.key].name;
}

}  // namespace sluice::formats
