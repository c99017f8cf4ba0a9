// SPDX-License-Identifier: Apache-2.0
// Bytes in memory of their own that nobody has zeroed: what bodies are read into, decompressed into, compressed into.
#ifndef SLUICE_PLUGINS_NET_BYTE_BUFFER_H
#define SLUICE_PLUGINS_NET_BYTE_BUFFER_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace sluice::net {

struct ByteBuffer {
  std::unique_ptr<uint8_t[]> data;
  size_t size = 0;
  size_t capacity = 0;

  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& other) noexcept
      : data(std::move(other.data)), size(std::exchange(other.size, 0)), capacity(std::exchange(other.capacity, 0)) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    data = std::move(other.data);
    size = std::exchange(other.size, 0), capacity = std::exchange(other.capacity, 0);
    return *this;
  }

  std::string_view view() const { return {reinterpret_cast<const char*>(data.get()), size}; }
  uint8_t* end() { return data.get() + size; }
  size_t room() const { return capacity - size; }

  // Room for `wanted` bytes in all; what is there stays.
  void grow(size_t wanted) {
    if (wanted <= capacity) return;
    auto larger = std::make_unique_for_overwrite<uint8_t[]>(wanted);
    if (size) std::memcpy(larger.get(), data.get(), size);
    data = std::move(larger), capacity = wanted;
  }
  // The same without keeping anything.
  void renew(size_t wanted) {
    size = 0;
    if (wanted <= capacity) return;
    data.reset(), capacity = 0;
    data = std::make_unique_for_overwrite<uint8_t[]>(wanted), capacity = wanted;
  }
  void append(std::string_view bytes) {
    if (bytes.size() > room()) grow(std::max(size + bytes.size(), capacity * 2));
    if (!bytes.empty()) std::memcpy(end(), bytes.data(), bytes.size());
    size += bytes.size();
  }
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_BYTE_BUFFER_H
