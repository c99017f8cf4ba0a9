// SPDX-License-Identifier: Apache-2.0
//
// Ranges over the repeated fields of a message, for range-for: messages and strings (Repeated) and numbers, packed or
// not (Numbers). A range is two pointers into the bytes; elements are read while it is iterated.
#ifndef SLUICE_PLUGINS_WIRE_RANGES_H
#define SLUICE_PLUGINS_WIRE_RANGES_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <type_traits>

#include "plugins/wire/reader.h"
#include "plugins/wire/signal.h"

namespace sluice::wire {

namespace detail {

constexpr uint32_t varint_tag(uint32_t number) noexcept {
  return make_tag(number, WireType::varint);
}
constexpr uint32_t fixed64_tag(uint32_t number) noexcept {
  return make_tag(number, WireType::fixed64);
}
constexpr uint32_t fixed32_tag(uint32_t number) noexcept {
  return make_tag(number, WireType::fixed32);
}
constexpr uint32_t length_tag(uint32_t number) noexcept {
  return make_tag(number, WireType::length);
}

/// The part of a message from the first to the last occurrence of a field.
class Extent {
 public:
  Extent() = default;
  Extent(Bytes fields, uint32_t number) noexcept : fields_(fields), number_(number) {}

  /// Takes in the field on which the cursor stands. Fields are taken in the order of the bytes.
  void extend(const Cursor& field) noexcept {
    number_ = field.number();
    const Bytes whole = field.field();
    const uint8_t* first = fields_.empty() ? whole.data() : fields_.data();
    fields_ = {first, whole.data() + whole.size()};
  }

 protected:
  Bytes fields_;
  uint32_t number_ = 0;
};

}  // namespace detail

/// A repeated field of messages (T is made from Bytes) or strings.
template <typename T>
class Repeated : public detail::Extent {
 public:
  using Extent::Extent;

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    Iterator(Bytes fields, uint32_t number) noexcept : field_(fields), number_(number) { ++*this; }

    T operator*() const noexcept {
      if constexpr (std::is_same_v<T, std::string_view>) {
        return field_.text();
      } else {
        return T(field_.bytes());
      }
    }
    /// The element as a whole field of the message around it, tag included.
    Bytes field() const noexcept { return field_.field(); }

    Iterator& operator++() noexcept {
      do {
        at_end_ = !field_.next();
      } while (!at_end_ && field_.tag() != detail::length_tag(number_));
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return at_end_; }

   private:
    Cursor field_;
    uint32_t number_ = 0;
    bool at_end_ = true;
  };

  Iterator begin() const noexcept { return {fields_, number_}; }
  static std::default_sentinel_t end() noexcept { return {}; }

  bool empty() const noexcept { return begin() == end(); }
  /// Walks over all of them.
  size_t count() const noexcept {
    size_t n = 0;
    for (Iterator i = begin(); i != end(); ++i) ++n;
    return n;
  }
};

/// A repeated field of numbers: T is double, or uint64_t; varints if `kWire` says so, else eight bytes each.
template <typename T, WireType kWire = WireType::fixed64>
class Numbers : public detail::Extent {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    Iterator(Bytes fields, uint32_t number) noexcept : field_(fields), number_(number) { ++*this; }

    T operator*() const noexcept { return std::bit_cast<T>(value_); }

    Iterator& operator++() noexcept {
      while (!read_packed()) {
        if (!field_.next()) {
          at_end_ = true;
          return *this;
        }
        if (field_.tag() == make_tag(number_, kWire)) {
          value_ = field_.value();
          break;
        }
        if (field_.tag() == detail::length_tag(number_)) packed_ = field_.bytes();
      }
      at_end_ = false;
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return at_end_; }

   private:
    bool read_packed() noexcept {
      const uint8_t* p = packed_.data();
      const uint8_t* end = p + packed_.size();
      if constexpr (kWire == WireType::varint) {
        p = read_varint(p, end, value_);
        if (p == nullptr) {
          packed_ = {};
          return false;
        }
      } else {
        if (end - p < 8) {
          packed_ = {};
          return false;
        }
        value_ = load<uint64_t>(p);
        p += 8;
      }
      packed_ = {p, end};
      return true;
    }

    Cursor field_;
    Bytes packed_;
    uint64_t value_ = 0;
    uint32_t number_ = 0;
    bool at_end_ = true;
  };

  Iterator begin() const noexcept { return {fields_, number_}; }
  static std::default_sentinel_t end() noexcept { return {}; }

  bool empty() const noexcept { return begin() == end(); }
  /// Walks over all of them.
  size_t count() const noexcept {
    size_t n = 0;
    for (Iterator i = begin(); i != end(); ++i) ++n;
    return n;
  }
};

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_RANGES_H
