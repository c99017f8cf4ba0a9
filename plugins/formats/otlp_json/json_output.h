// SPDX-License-Identifier: Apache-2.0
//
// Where the reader's protobuf goes: what wire::Writer does, for one long message whose size is about known.
#ifndef SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_OUTPUT_H
#define SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_OUTPUT_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "plugins/wire/reader.h"
#include "plugins/wire/writer.h"

namespace sluice::formats {

/// PERF: a field asks once for all of its room, in a string that is a step longer than what is written; on a
/// std::string wire::Writer asks for tag, length and text one by one.
class JsonOutput {
 public:
  /// Writes at the end of `out`, which has more than what was written until finish().
  JsonOutput(std::string& out, size_t expected_size) : out_(out) {
    out_.reserve(out_.size() + expected_size);
    aim(out_.size());
  }
  JsonOutput(const JsonOutput&) = delete;
  JsonOutput& operator=(const JsonOutput&) = delete;

  void finish() {
    out_.resize(size());
    if (out_.capacity() / 2 > out_.size()) out_.shrink_to_fit();  // as much as doubling would waste
  }

  size_t size() const noexcept { return static_cast<size_t>(next_ - data()); }
  void cut(size_t size) noexcept { next_ = data() + size; }

  void varint(uint32_t number, uint64_t value) {
    next_ = wire::store_varint(tag(number, wire::WireType::varint, kMaxVarint), value);
  }
  void fixed64(uint32_t number, uint64_t value) { store(tag(number, wire::WireType::fixed64, sizeof value), value); }
  void fixed32(uint32_t number, uint32_t value) { store(tag(number, wire::WireType::fixed32, sizeof value), value); }
  void text(uint32_t number, std::string_view value) {
    uint8_t* p = tag(number, wire::WireType::length, kMaxVarint + value.size());
    store(wire::store_varint(p, value.size()), value);
  }

  /// What stands before a message of that size.
  void head(uint32_t number, size_t size) {
    next_ = wire::store_varint(tag(number, wire::WireType::length, kMaxVarint), size);
  }
  /// What text() and head() with its message take, of a field whose tag is one byte.
  static constexpr size_t size_with_head(size_t size) noexcept { return 1 + wire::varint_size(size) + size; }

  /// What stands without a tag: values of a packed field, bytes of a message.
  void raw(std::string_view bytes) { store(room(bytes.size()), bytes); }
  void packed_varint(uint64_t value) { next_ = wire::store_varint(room(kMaxVarint), value); }
  void packed_fixed64(uint64_t value) { store(room(sizeof value), value); }

  /// A message or a packed field; its length is filled in when it ends.
  struct Open {
    size_t body;
    size_t width;  // bytes kept for the length
  };
  Open begin(uint32_t number, size_t width = 1) {
    next_ = tag(number, wire::WireType::length, kMaxVarint) + width;
    return {size(), width};
  }
  /// Returns how many bytes the length took; the body had to move if they are not those that were kept.
  size_t end(Open open) {
    const size_t length = size() - open.body;
    if (open.width != 1 || length >= 0x80) return end_long(open, length);
    data()[open.body - 1] = static_cast<uint8_t>(length);
    return 1;
  }

 private:
  static constexpr size_t kMaxVarint = 10;
  static constexpr size_t kMaxTag = 5;
  static constexpr size_t kStep = 4096;

  uint8_t* data() const noexcept { return reinterpret_cast<uint8_t*>(out_.data()); }
  void aim(size_t size) noexcept {
    next_ = data() + size;
    end_ = data() + out_.size();
  }

  uint8_t* room(size_t size) {
    if (static_cast<size_t>(end_ - next_) < size) grow(size);
    return next_;
  }
  [[gnu::noinline]] void grow(size_t size) {
    const size_t written = this->size();
    out_.resize(std::max(written + size, std::min(written + kStep, out_.capacity())));  // doubles what is too small
    aim(written);
  }

  [[gnu::noinline]] size_t end_long(Open open, size_t length) {
    const size_t width = wire::varint_size(length);
    if (width != open.width) {
      room(kMaxVarint);
      uint8_t* body = data() + open.body;
      std::memmove(body - open.width + width, body, length);
      next_ = next_ - open.width + width;
    }
    wire::store_varint(data() + open.body - open.width, length);
    return width;
  }

  uint8_t* tag(uint32_t number, wire::WireType type, size_t value_size) {
    return wire::store_varint(room(kMaxTag + value_size), wire::make_tag(number, type));
  }
  template <typename T>
  void store(uint8_t* p, T value) noexcept {
    std::memcpy(p, &value, sizeof value);
    next_ = p + sizeof value;
  }

  void store(uint8_t* p, std::string_view bytes) noexcept {
    copy(p, bytes.data(), bytes.size());
    next_ = p + bytes.size();
  }
  /// PERF: most texts have 8 to 32 bytes, for which memcpy() takes longer than two copies that overlap.
  static void copy(uint8_t* to, const char* from, size_t size) noexcept {
    if (size >= 16 && size <= 32) {
      copy_ends<16>(to, from, size);
    } else if (size >= 8 && size < 16) {
      copy_ends<8>(to, from, size);
    } else if (size != 0) {
      std::memcpy(to, from, size);
    }
  }
  template <size_t kEnd>
  static void copy_ends(uint8_t* to, const char* from, size_t size) noexcept {
    std::memcpy(to, from, kEnd);
    std::memcpy(to + size - kEnd, from + size - kEnd, kEnd);
  }

  std::string& out_;
  uint8_t* next_ = nullptr;
  uint8_t* end_ = nullptr;
};

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_OUTPUT_H
