// SPDX-License-Identifier: Apache-2.0
//
// Numbers that are written as strings.
#ifndef SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_NUMBERS_H
#define SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_NUMBERS_H

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

namespace sluice::formats {

/// The number that eight characters are, if all are digits.
inline std::optional<uint32_t> parse_eight_digits(const char* text) noexcept {
  constexpr uint64_t kEach = 0x0101'0101'0101'0101;
  uint64_t value = 0;
  std::memcpy(&value, text, sizeof value);
  value ^= '0' * kEach;
  if (((value | (value + (0x80 - 10) * kEach)) & 0x80 * kEach) != 0) return std::nullopt;
  value = (value * 10 + (value >> 8)) & 0x00ff'00ff'00ff'00ff;
  value = (value * 100 + (value >> 16)) & 0x0000'ffff'0000'ffff;
  return static_cast<uint32_t>(value * 10'000 + (value >> 32));
}

/// A number that is all of the text, as from_chars() has it.
template <typename T>
bool parse_whole(std::string_view text, T& value) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

/// PERF: from_chars() asks at each digit whether it fits, which so many always do.
template <std::integral T>
bool parse_whole_integer(std::string_view digits, T& out) noexcept {
  if (digits.empty() || digits.size() > std::numeric_limits<T>::digits10) return parse_whole(digits, out);
  T value = 0;
  size_t at = 0;
  if constexpr (sizeof(T) == 8) {
    for (; at + 8 <= digits.size(); at += 8) {
      const std::optional<uint32_t> eight = parse_eight_digits(digits.data() + at);
      if (!eight) return parse_whole(digits, out);
      value = value * 100'000'000 + static_cast<T>(*eight);
    }
  }
  for (; at < digits.size(); ++at) {
    const auto digit = static_cast<uint8_t>(digits[at] - '0');
    if (digit > 9) return parse_whole(digits, out);
    value = static_cast<T>(value * 10 + digit);
  }
  out = value;
  return true;
}

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_NUMBERS_H
