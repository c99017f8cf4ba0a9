// SPDX-License-Identifier: Apache-2.0
// A message under construction in the collector's memory, for wire::Writer and whatever writes at the end of a buffer.
// It grows as it must; at the end the batch is charged for about what it holds, however large the guess was.
//
//   OutputBuffer out(host(), call.batch().length_bytes + 1024);
//   wire::Writer writer(out);
//   ...
//   NewBatch batch = out.seal(SLUICE_LOGS);
#ifndef SLUICE_PLUGINS_SDK_OUTPUT_BUFFER_H
#define SLUICE_PLUGINS_SDK_OUTPUT_BUFFER_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/host.h"

namespace sluice {

// Of one thread at a time. What needs more memory than there is throws std::bad_alloc.
class OutputBuffer {
 public:
  using value_type = uint8_t;

  // Takes no memory before the first byte.
  OutputBuffer(Host host, size_t expected_size) : host_(host), expected_(expected_size) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  uint8_t* data() { return buffer_.data(); }
  uint8_t* end() { return buffer_.data() + size_; }
  // New bytes are not set to anything.
  void resize(size_t size) {
    if (size > buffer_.capacity()) grow(size);
    size_ = size;
  }
  void push_back(uint8_t byte) {
    resize(size_ + 1);
    end()[-1] = byte;
  }
  void insert(const uint8_t* at_end, const uint8_t* first, const uint8_t* last) {
    static_cast<void>(at_end);
    const auto count = static_cast<size_t>(last - first);
    resize(size_ + count);
    std::memcpy(end() - count, first, count);
  }

  // What was written becomes a batch, and the buffer is empty again.
  NewBatch seal(sluice_signal signal) {
    // A copy costs less than memory that stays charged, and perhaps used, for as long as the batch is on its way.
    constexpr size_t kSmall = 4096;
    const size_t slack = buffer_.capacity() - size_;
    if (!buffer_ || (slack > kSmall && slack > size_ / 4)) reallocate(size_);
    return std::exchange(buffer_, Buffer()).seal(signal, std::exchange(size_, 0));
  }

 private:
  [[gnu::noinline]] void grow(size_t needed) {
    const size_t capacity = buffer_.capacity();
    reallocate(std::max({needed, capacity + capacity / 2, capacity == 0 ? expected_ : 0}));
  }
  void reallocate(size_t capacity) {
    Buffer larger = host_.buffer(capacity);
    if (!larger) throw std::bad_alloc();
    if (size_ != 0) std::memcpy(larger.data(), buffer_.data(), size_);
    buffer_ = std::move(larger);
  }

  Host host_;
  size_t expected_;
  Buffer buffer_;
  size_t size_ = 0;
};

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_OUTPUT_BUFFER_H
