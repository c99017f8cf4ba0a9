// SPDX-License-Identifier: Apache-2.0
//
// Writing protobuf's encoding at the end of a buffer, a std::string or std::vector<uint8_t>. A message inside a
// message is written in place: its length is filled in when it ends.
#ifndef SLUICE_PLUGINS_WIRE_WRITER_H
#define SLUICE_PLUGINS_WIRE_WRITER_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "plugins/wire/reader.h"
#include "plugins/wire/signal.h"

namespace sluice::wire {

/// std::string or std::vector<uint8_t>.
template <typename Buffer>
concept ByteBuffer = sizeof(typename Buffer::value_type) == 1 && requires(Buffer buffer) {
  buffer.resize(size_t{});
};

template <ByteBuffer Out>
void append_bytes(Out& out, Bytes bytes) {
  if (bytes.empty()) return;
  const auto* first = reinterpret_cast<const typename Out::value_type*>(bytes.data());
  if constexpr (requires { out.append(first, bytes.size()); }) {
    out.append(first, bytes.size());  // PERF: insert() of a std::string takes the way of replace()
  } else {
    out.insert(out.end(), first, first + bytes.size());
  }
}

inline uint8_t* store_varint(uint8_t* p, uint64_t value) noexcept {
  while (value >= 0x80) {
    *p++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *p++ = static_cast<uint8_t>(value);
  return p;
}

template <ByteBuffer Out>
void append_varint(Out& out, uint64_t value) {
  if (value < 0x80) return out.push_back(static_cast<typename Out::value_type>(value));
  uint8_t bytes[10];
  append_bytes(out, {bytes, store_varint(bytes, value)});
}

/// Writes the fields of one message, and of messages inside it:
///
///   Writer span(out);
///   span.text(5, "GET /");
///   span.message(15, [](auto& status) { status.varint(3, 2); });
///
/// Every call writes its field, zero or not: proto3 leaves out zero values, so the caller does.
template <ByteBuffer Out>
class Writer {
 public:
  explicit Writer(Out& out) noexcept : out_(out) {}

  void varint(uint32_t number, uint64_t value) {
    tag(number, WireType::varint);
    append_varint(out_, value);
  }
  /// int32, int64 and enums: negative numbers take ten bytes.
  void signed_varint(uint32_t number, int64_t value) { varint(number, static_cast<uint64_t>(value)); }
  void zigzag(uint32_t number, int32_t value) {
    varint(number, (static_cast<uint32_t>(value) << 1) ^ static_cast<uint32_t>(value >> 31));
  }
  void fixed64(uint32_t number, uint64_t value) {
    tag(number, WireType::fixed64);
    raw(value);
  }
  void fixed32(uint32_t number, uint32_t value) {
    tag(number, WireType::fixed32);
    raw(value);
  }
  void float64(uint32_t number, double value) { fixed64(number, std::bit_cast<uint64_t>(value)); }
  void bytes(uint32_t number, Bytes value) {
    tag(number, WireType::length);
    append_varint(out_, value.size());
    append_bytes(out_, value);
  }
  void text(uint32_t number, std::string_view value) { bytes(number, to_bytes(value)); }

  /// Fields that are encoded already, tags included.
  void fields(Bytes encoded) { append_bytes(out_, encoded); }

  /// Writes what `fill(writer)` writes as the message field `number`.
  template <typename Fill>
  void message(uint32_t number, Fill&& fill) {
    const size_t body = begin_message(number);
    fill(*this);
    end_message(body);
  }

  /// The same in two steps, for loops and recursion that cannot be a callable: end_message() takes what begin_message()
  /// returned. `expected_size` is a guess of the body's size; the body moves if its length takes another number of
  /// bytes.
  size_t begin_message(uint32_t number, size_t expected_size = 0) {
    tag(number, WireType::length);
    const size_t width = varint_size(expected_size);
    if (width > 1) out_.resize(out_.size() + width - 1);
    out_.push_back(static_cast<typename Out::value_type>(width));
    return out_.size();
  }
  void end_message(size_t body) {
    const size_t size = out_.size() - body;
    const size_t reserved = data()[body - 1];
    const size_t needed = varint_size(size);
    if (needed > reserved) out_.resize(out_.size() + (needed - reserved));
    if (needed != reserved) std::memmove(data() + body - reserved + needed, data() + body, size);
    if (needed < reserved) out_.resize(out_.size() - (reserved - needed));
    store_varint(data() + body - reserved, size);
  }

  /// Room for `size` bytes that the caller fills.
  uint8_t* extend(size_t size) {
    out_.resize(out_.size() + size);
    return data() + (out_.size() - size);
  }

  Out& out() noexcept { return out_; }

 private:
  void tag(uint32_t number, WireType type) { append_varint(out_, make_tag(number, type)); }
  template <typename T>
  void raw(T value) {
    uint8_t bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    append_bytes(out_, bytes);
  }
  uint8_t* data() noexcept { return reinterpret_cast<uint8_t*>(out_.data()); }

  Out& out_;
};

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_WRITER_H
