// SPDX-License-Identifier: Apache-2.0
//
// Is it UTF-8? Nearly all strings of telemetry are short and ASCII, so that path is straight; the rest goes through a
// plain decoder that refuses overlong forms, surrogates and code points above U+10FFFF.
#ifndef SLUICE_PLUGINS_WIRE_UTF8_H
#define SLUICE_PLUGINS_WIRE_UTF8_H

#include <cstddef>
#include <cstdint>

#include "plugins/wire/reader.h"

namespace sluice::wire {

namespace detail {

/// The bits that are set anywhere in 16 bytes.
inline uint64_t bits_of_16(const uint8_t* p) noexcept {
  return load<uint64_t>(p) | load<uint64_t>(p + 8);
}
inline uint64_t bits_of_32(const uint8_t* p) noexcept {
  return bits_of_16(p) | bits_of_16(p + 16);
}

}  // namespace detail

// PERF: loads from both ends that overlap in the middle, instead of a loop over a tail.
inline bool is_ascii(const uint8_t* p, size_t length) noexcept {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  uint64_t seen = 0;
  if (length >= 32) {
    seen = detail::bits_of_32(p + length - 32);
    for (size_t i = 0; i + 32 < length; i += 32) seen |= detail::bits_of_32(p + i);
  } else if (length >= 16) {
    seen = detail::bits_of_16(p) | detail::bits_of_16(p + length - 16);
  } else if (length >= 8) {
    seen = load<uint64_t>(p) | load<uint64_t>(p + length - 8);
  } else if (length >= 4) {
    seen = load<uint32_t>(p) | load<uint32_t>(p + length - 4);
  } else {
    for (size_t i = 0; i < length; ++i) seen |= p[i];
  }
  return (seen & kHighBits) == 0;
}

/// The number of bytes before the first one that cannot be UTF-8: `length` when all of it is.
inline size_t utf8_prefix(const uint8_t* p, size_t length) noexcept {
  size_t i = 0;
  const auto continues = [&](size_t at) { return at < length && (p[at] & 0xc0) == 0x80; };
  while (i < length) {
    if (length - i >= 8 && is_ascii(p + i, 8)) {
      i += 8;
      continue;
    }
    const uint8_t lead = p[i];
    if (lead < 0x80) {
      ++i;
    } else if (lead >= 0xc2 && lead <= 0xdf) {
      if (!continues(i + 1)) return i;
      i += 2;
    } else if ((lead & 0xf0) == 0xe0) {
      if (!continues(i + 1) || !continues(i + 2)) return i;
      if (lead == 0xe0 && p[i + 1] < 0xa0) return i;   // overlong
      if (lead == 0xed && p[i + 1] >= 0xa0) return i;  // a surrogate
      i += 3;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      if (!continues(i + 1) || !continues(i + 2) || !continues(i + 3)) return i;
      if (lead == 0xf0 && p[i + 1] < 0x90) return i;   // overlong
      if (lead == 0xf4 && p[i + 1] >= 0x90) return i;  // above U+10FFFF
      i += 4;
    } else {
      return i;
    }
  }
  return i;
}

inline bool is_utf8(const uint8_t* p, size_t length) noexcept {
  return is_ascii(p, length) || utf8_prefix(p, length) == length;
}

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_UTF8_H
