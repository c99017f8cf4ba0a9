// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/otlp_json/json_names.h"

#include <array>

namespace sluice::formats {
namespace {

using wire::Field;
using wire::Message;

struct Name {
  std::array<char, 28> text{};
  uint8_t size = 0;

  constexpr std::string_view view() const noexcept { return {text.data(), size}; }
};

constexpr Name camel_case(std::string_view snake) {
  Name name;
  bool upper = false;
  for (const char c : snake) {
    if (c == '_') {
      upper = true;
      continue;
    }
    name.text[name.size++] = upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return name;
}

/// By message and position of the field in its table.
constexpr auto kNames = [] {
  std::array<std::array<Name, 16>, wire::kMessageCount> all{};
  for (size_t i = 0; i < wire::kMessageCount; ++i) {
    for (size_t f = 0; f < wire::kSchema[i].fields.size(); ++f) {
      all[i][f] = camel_case(wire::kSchema[i].fields[f].name);
    }
  }
  return all;
}();

}  // namespace

std::string_view json_name(Message message, const Field& field) noexcept {
  const auto index = static_cast<size_t>(&field - wire::schema(message).fields.data());
  return kNames[static_cast<size_t>(message)][index].view();
}

const Field* field_by_json_name(Message message, std::string_view name) noexcept {
  const auto& names = kNames[static_cast<size_t>(message)];
  const std::span<const Field> fields = wire::schema(message).fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (names[i].view() == name) return &fields[i];
  }
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::optional<Message> detail_type(std::string_view type_url) noexcept {
  if (!type_url.starts_with(kTypeUrlPrefix)) return std::nullopt;
  type_url.remove_prefix(kTypeUrlPrefix.size());
  for (const Message type : {Message::rpc_retry_info, Message::rpc_bad_request}) {
    if (wire::schema(type).name == type_url) return type;
  }
  return std::nullopt;
}

}  // namespace sluice::formats
