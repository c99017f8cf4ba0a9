// SPDX-License-Identifier: Apache-2.0
// Bytes as lower case hexadecimal digits, into memory that is there.
#ifndef SLUICE_PLUGINS_FORMATS_VALUE_TEXT_HEX_H
#define SLUICE_PLUGINS_FORMATS_VALUE_TEXT_HEX_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "plugins/wire/reader.h"

namespace sluice::formats {

// PERF: the digits of a byte at once.
inline constexpr auto kHexPairs = [] {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (size_t byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {kHex[byte >> 4], kHex[byte & 15]};
  return pairs;
}();

// Returns the end of what was written, two characters a byte.
inline char* store_hex(char* out, wire::Bytes bytes) noexcept {
  for (const uint8_t byte : bytes) {
    std::memcpy(out, kHexPairs[byte].data(), 2);
    out += 2;
  }
  return out;
}

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_VALUE_TEXT_HEX_H
