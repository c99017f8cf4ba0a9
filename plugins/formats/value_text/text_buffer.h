// SPDX-License-Identifier: Apache-2.0
// Text that grows at its end by many small pieces. In place of a std::string where that would cost more than the text:
// appending is inlined, and room is there to be written to without being zeroed before.
#ifndef SLUICE_PLUGINS_FORMATS_VALUE_TEXT_TEXT_BUFFER_H
#define SLUICE_PLUGINS_FORMATS_VALUE_TEXT_TEXT_BUFFER_H

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace sluice::formats {

class TextBuffer {
 public:
  using value_type = char;

  TextBuffer() = default;
  TextBuffer(TextBuffer&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  TextBuffer& operator=(TextBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0), capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  char* data() noexcept { return data_.get(); }
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {data_.get(), size_}; }

  void clear() noexcept { size_ = 0; }
  // What is new has no value yet.
  void resize(size_t size) {
    if (size > size_) room(size - size_);
    size_ = size;
  }
  // The end, with room for `more` bytes behind it; they are part of the text after grown().
  char* room(size_t more) {
    if (capacity_ - size_ < more) grow(more);
    return data_.get() + size_;
  }
  void grown(const char* end) noexcept { size_ = static_cast<size_t>(end - data_.get()); }

  void push_back(char c) {
    *room(1) = c;
    ++size_;
  }
  // PERF: inlined, so that a literal is a store or two.
  [[gnu::always_inline]] void append(const char* text, size_t size) {
    char* end = room(size);
    if (size != 0) std::memcpy(end, text, size);
    size_ += size;
  }
  TextBuffer& operator+=(char c) {
    push_back(c);
    return *this;
  }
  [[gnu::always_inline]] TextBuffer& operator+=(std::string_view text) {
    append(text.data(), text.size());
    return *this;
  }

 private:
  struct Free {
    void operator()(char* memory) const noexcept { std::free(memory); }
  };

  // PERF: realloc() moves what is large without copying it.
  [[gnu::noinline]] void grow(size_t more) {
    constexpr size_t kSmallest = 1024;
    const size_t capacity = std::max({size_ + more, capacity_ * 2, kSmallest});
    auto* memory = static_cast<char*>(std::realloc(data_.get(), capacity));
    if (memory == nullptr) throw std::bad_alloc();
    static_cast<void>(data_.release());
    data_.reset(memory);
    capacity_ = capacity;
  }

  std::unique_ptr<char, Free> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_VALUE_TEXT_TEXT_BUFFER_H
