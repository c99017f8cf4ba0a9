// SPDX-License-Identifier: Apache-2.0
// The random seam of the flow: a small generator whose seed the caller chooses, so that a run can be repeated.
// SplitMix64: good enough to spread retries, not for secrets.
#ifndef SLUICE_CORE_FLOW_RANDOM_H
#define SLUICE_CORE_FLOW_RANDOM_H

#include <cstdint>

namespace sluice::flow {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // In [0, bound); 0 if bound is 0. The bias for bounds far below 2^64 does not matter here.
  uint64_t below(uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  // In [0, 1).
  double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  // `value` spread evenly over value × [1 - factor, 1 + factor).
  uint64_t spread(uint64_t value, double factor) {
    return static_cast<uint64_t>(static_cast<double>(value) * (1.0 + factor * (2.0 * fraction() - 1.0)));
  }

 private:
  uint64_t state_;
};

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_RANDOM_H
