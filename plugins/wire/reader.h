// SPDX-License-Identifier: Apache-2.0
//
// Reading protobuf's encoding: varints, tags, lengths, and a cursor over the fields of one message. Nothing here
// allocates, throws or reads past the end, whatever the bytes are.
#ifndef SLUICE_PLUGINS_WIRE_READER_H
#define SLUICE_PLUGINS_WIRE_READER_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "plugins/wire/signal.h"

namespace sluice::wire {

static_assert(std::endian::native == std::endian::little, "fixed-width fields are loaded as they lie in memory");

enum class WireType : uint8_t { varint = 0, fixed64 = 1, length = 2, group_start = 3, group_end = 4, fixed32 = 5 };

/// Protobuf's own limit for one message and one field.
inline constexpr size_t kMaxMessageBytes = 0x7fffffff;

constexpr uint32_t make_tag(uint32_t number, WireType type) noexcept {
  return number << 3 | static_cast<uint32_t>(type);
}

namespace detail {

struct Varint {
  const uint8_t* after;  // null where it is damaged
  uint64_t value;
};

/// Out of line: nearly all tags, lengths and numbers have one byte or two.
// PERF: the answer comes in registers, so that no caller keeps a number in memory for it.
[[gnu::noinline]] inline Varint read_long_varint(const uint8_t* p, const uint8_t* end) noexcept {
  if (end - p >= 2 && p[0] >= 0x80 && p[1] < 0x80) {
    return {p + 2, (p[0] & 0x7fU) | static_cast<uint64_t>(p[1]) << 7};  // PERF: lengths of most items
  }
  uint64_t result = 0;
  for (unsigned shift = 0; p != end; shift += 7) {
    const uint64_t byte = *p++;
    if (shift == 63 && byte > 1) break;
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) return {p, result};
  }
  return {nullptr, 0};
}

}  // namespace detail

/// Reads a varint of up to 64 bits. Returns the byte after it, or null where it is cut short or has more than 64 bits.
inline const uint8_t* read_varint(const uint8_t* p, const uint8_t* end, uint64_t& value) noexcept {
  if (p != end && *p < 0x80) {
    value = *p;
    return p + 1;
  }
  const detail::Varint varint = detail::read_long_varint(p, end);
  value = varint.value;
  return varint.after;
}

/// Reads a tag: at most five bytes and 32 bits, field number above zero.
// PERF: this and read_length() inline for one byte, or a walk over fields is two calls for each of them.
[[gnu::always_inline]] inline const uint8_t* read_tag(const uint8_t* p, const uint8_t* end, uint32_t& tag) noexcept {
  if (p != end && *p < 0x80 && *p >= 8) {
    tag = *p;
    return p + 1;
  }
  const auto [after, value] = detail::read_long_varint(p, end);
  if (after == nullptr || after - p > 5 || value > 0xffffffffU || value < 8) return nullptr;
  tag = static_cast<uint32_t>(value);
  return after;
}

/// Reads a length and makes sure that as many bytes follow before `end`.
[[gnu::always_inline]] inline const uint8_t* read_length(const uint8_t* p, const uint8_t* end,
                                                         size_t& length) noexcept {
  if (p != end && *p < 0x80) {
    length = *p++;
  } else {
    const auto [after, value] = detail::read_long_varint(p, end);
    if (after == nullptr || after - p > 5) return nullptr;
    p = after;
    length = value;
  }
  return length <= static_cast<size_t>(end - p) ? p : nullptr;
}

template <typename T>
inline T load(const uint8_t* p) noexcept {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

constexpr size_t varint_size(uint64_t value) noexcept {
  return (static_cast<size_t>(std::bit_width(value | 1)) * 9 + 64) / 64;  // PERF: a seventh of the bits, rounded up
}

constexpr int32_t unzigzag(uint32_t value) noexcept {
  return static_cast<int32_t>((value >> 1) ^ (0U - (value & 1)));
}

/// Walks the fields of one message, in the order of the bytes:
///
///   for (Cursor field(message); field.next();) {
///     if (field.number() == 5 && field.has(WireType::length)) name = field.text();
///   }
///
/// After the loop, ok() tells the end of the message from damage. Bytes that passed check() have none.
class Cursor {
 public:
  Cursor() = default;
  explicit Cursor(Bytes message) noexcept : position_(message.data()), end_(message.data() + message.size()) {}

  // PERF: inline, and without a call that takes the cursor's address, a cursor in a loop stays in registers.
  [[gnu::always_inline]] bool next() noexcept {
    if (position_ == end_) return false;
    start_ = position_;
    const uint8_t* p = read_tag(start_, end_, tag_);
    if (p == nullptr) return damaged();
    switch (type()) {
      case WireType::length: {
        size_t length = 0;
        p = read_length(p, end_, length);
        if (p == nullptr) return damaged();
        payload_ = {p, length};
        p += length;
        break;
      }
      case WireType::varint: {
        uint64_t value = 0;
        p = read_varint(p, end_, value);
        if (p == nullptr) return damaged();
        value_ = value;
        break;
      }
      case WireType::fixed64:
        if (end_ - p < 8) return damaged();
        value_ = load<uint64_t>(p);
        p += 8;
        break;
      case WireType::fixed32:
        if (end_ - p < 4) return damaged();
        value_ = load<uint32_t>(p);
        p += 4;
        break;
      default:
        return damaged();
    }
    position_ = p;
    return true;
  }

  uint32_t number() const noexcept { return tag_ >> 3; }
  WireType type() const noexcept { return static_cast<WireType>(tag_ & 7); }
  bool has(WireType type) const noexcept { return this->type() == type; }
  uint32_t tag() const noexcept { return tag_; }

  /// The value of a varint or fixed-width field.
  uint64_t value() const noexcept { return value_; }
  double value_double() const noexcept { return std::bit_cast<double>(value_); }

  /// The payload of a length-delimited field.
  Bytes bytes() const noexcept { return payload_; }
  std::string_view text() const noexcept { return to_text(payload_); }

  /// The whole field as it is encoded, tag included.
  Bytes field() const noexcept { return {start_, position_}; }

  /// What has not been read yet.
  Bytes rest() const noexcept { return {position_, end_}; }

  bool ok() const noexcept { return !damaged_; }

 private:
  bool damaged() noexcept {
    damaged_ = true;
    position_ = end_;
    return false;
  }

  const uint8_t* position_ = nullptr;
  const uint8_t* end_ = nullptr;
  const uint8_t* start_ = nullptr;
  uint64_t value_ = 0;
  Bytes payload_;
  uint32_t tag_ = 0;
  bool damaged_ = false;
};

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_READER_H
