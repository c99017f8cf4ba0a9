// SPDX-License-Identifier: Apache-2.0
// The seam through which the core reads time. Deadlines and pauses use the monotonic clock only; wall time is for
// timestamps that people read.
#ifndef SLUICE_CORE_BASE_CLOCK_H
#define SLUICE_CORE_BASE_CLOCK_H

#include <atomic>
#include <cstdint>
#include <ctime>

namespace sluice::base {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual uint64_t mono_ns() const = 0;
  virtual uint64_t unix_ns() const = 0;
};

class SystemClock final : public Clock {
 public:
  uint64_t mono_ns() const override { return read(CLOCK_MONOTONIC); }
  uint64_t unix_ns() const override { return read(CLOCK_REALTIME); }

 private:
  static uint64_t read(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
  }
};

// For tests: stands still until it is advanced.
class FakeClock final : public Clock {
 public:
  uint64_t mono_ns() const override { return mono_.load(); }
  uint64_t unix_ns() const override { return kEpoch + mono_.load(); }
  void advance(uint64_t ns) { mono_ += ns; }

 private:
  static constexpr uint64_t kEpoch = 1'700'000'000'000'000'000u;
  std::atomic<uint64_t> mono_{1'000'000'000u};
};

}  // namespace sluice::base
#endif  // SLUICE_CORE_BASE_CLOCK_H
