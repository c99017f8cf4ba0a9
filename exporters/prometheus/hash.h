// SPDX-License-Identifier: Apache-2.0
// Identities of series as numbers of 128 bits, hashed under secrets of the process: nobody outside can make two series
// meet, and by chance two of a billion do once in 10^20 tables.
#ifndef SLUICE_EXPORTERS_PROMETHEUS_HASH_H
#define SLUICE_EXPORTERS_PROMETHEUS_HASH_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>

#include "plugins/wire/signal.h"

namespace sluice::exporters {

struct Hash {
  uint64_t low = 0, high = 0;

  // A sum does not know the order of what was added: so attributes may come in any.
  Hash& operator+=(const Hash& other) {
    low += other.low;
    high += other.high;
    return *this;
  }
  bool operator==(const Hash&) const = default;
};

class Hasher {
 public:
  Hasher() {
    std::random_device random;
    for (uint64_t& secret : secrets_) secret = uint64_t{random()} << 32 | random();
  }

  Hash operator()(wire::Bytes bytes) const {
    const uint8_t* p = bytes.data();
    size_t left = bytes.size();
    Hash h{secrets_[0] ^ left, secrets_[1] + left};
    for (; left > 16; p += 16, left -= 16) absorb(h, load<uint64_t>(p), load<uint64_t>(p + 8));
    // The last 1 to 16 bytes as two words that may overlap.
    uint64_t a = 0, b = 0;
    if (left >= 8) {
      a = load<uint64_t>(p);
      b = load<uint64_t>(p + left - 8);
    } else if (left >= 4) {
      a = load<uint32_t>(p);
      b = load<uint32_t>(p + left - 4);
    } else if (left > 0) {
      a = uint64_t{p[0]} << 16 | uint64_t{p[left / 2]} << 8 | p[left - 1];
    }
    absorb(h, a, b);
    return {fold(h.low ^ secrets_[4], h.high ^ secrets_[5]), fold(h.high + secrets_[6], h.low ^ secrets_[7])};
  }
  Hash operator()(std::string_view text) const { return (*this)(wire::to_bytes(text)); }

  // Of two in this order.
  Hash combine(Hash first, const Hash& second) const {
    absorb(first, second.low, second.high);
    return first;
  }
  Hash combine(const Hash& first, uint64_t number) const { return combine(first, Hash{number, ~number}); }

 private:
  template <class T>
  static T load(const uint8_t* p) {
    T value;
    std::memcpy(&value, p, sizeof value);
    return value;
  }
  static uint64_t fold(uint64_t a, uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  void absorb(Hash& h, uint64_t a, uint64_t b) const {
    h.low = fold(a ^ secrets_[2], b ^ h.low);
    h.high = fold(a + h.high, std::rotl(b, 32) ^ secrets_[3]);
  }

  uint64_t secrets_[8];
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_PROMETHEUS_HASH_H
