// SPDX-License-Identifier: Apache-2.0
// Decides which of equal messages of one second are printed: the first `initial`, then every `thereafter`-th. Messages
// are equal if their hashes fall into the same of 4096 counters, as in the OpenTelemetry Collector.
#ifndef SLUICE_EXPORTERS_DEBUG_SAMPLER_H
#define SLUICE_EXPORTERS_DEBUG_SAMPLER_H

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

namespace sluice::exporters {

class Sampler {
 public:
  Sampler(uint32_t initial, uint32_t thereafter) : initial_(initial), thereafter_(thereafter) {}

  // [any thread]
  bool print(std::string_view message, uint64_t now_mono_ns) {
    uint32_t hash = 2166136261U;  // FNV-1a
    for (const char c : message) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    std::lock_guard lock(mutex_);
    Counter& counter = (*counters_)[hash % kCounters];
    if (now_mono_ns >= counter.resets_at) counter = {0, now_mono_ns + 1'000'000'000};
    const uint64_t n = ++counter.count;
    if (n <= initial_) return true;
    return thereafter_ != 0 && (n - initial_) % thereafter_ == 0;
  }

 private:
  static constexpr uint32_t kCounters = 4096;
  struct Counter {
    uint64_t count = 0, resets_at = 0;
  };

  const uint64_t initial_, thereafter_;
  std::mutex mutex_;
  std::unique_ptr<std::array<Counter, kCounters>> counters_ = std::make_unique<std::array<Counter, kCounters>>();
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_DEBUG_SAMPLER_H
