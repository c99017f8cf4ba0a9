// SPDX-License-Identifier: Apache-2.0
//
// The names that fields and types have in JSON.
#ifndef SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_NAMES_H
#define SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_NAMES_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "plugins/wire/schema.h"

namespace sluice::formats {

/// A name of a field as it stands before a value: in quotes, with its colon.
struct JsonKey {
  std::array<char, 30> text{};
  uint8_t size = 0;
  uint8_t field = 0;  // its place in the message's table

  constexpr std::string_view whole() const noexcept { return {text.data(), size}; }
  constexpr std::string_view name() const noexcept { return {text.data() + 1, size - 3U}; }
};

/// All keys of a message: of every field in camelCase, then of those that differ in snake_case.
const JsonKey* json_keys(wire::Message message) noexcept;

/// The key of that name, in camelCase or snake_case; null if there is none.
const JsonKey* find_json_key(wire::Message message, std::string_view name) noexcept;

/// The camelCase name of a field of the schema's tables.
std::string_view json_name(wire::Message message, const wire::Field& field) noexcept;

/// Of two texts of the same size, two characters or more. PERF: memcmp() takes longer than the rest of the search.
inline bool equal_keys(const char* a, const char* b, size_t size) noexcept {
  const auto same = [&]<typename Word>(Word left, size_t at) {
    Word right{};
    std::memcpy(&left, a + at, sizeof left);
    std::memcpy(&right, b + at, sizeof right);
    return left == right;
  };
  if (size < 4) return same(uint16_t{}, 0) && same(uint16_t{}, size - 2);
  if (size <= 8) return same(uint32_t{}, 0) && same(uint32_t{}, size - 4);
  for (size_t at = 8; at < size; at += 8) {
    if (!same(uint64_t{}, at - 8)) return false;
  }
  return same(uint64_t{}, size - 8);
}

inline constexpr std::string_view kTypeUrlPrefix = "type.googleapis.com/";

/// The message type of a type URL, among the details of a Status.
std::optional<wire::Message> detail_type(std::string_view type_url) noexcept;

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_NAMES_H
