// SPDX-License-Identifier: Apache-2.0
// The process's heap. Freed memory stays mapped for the next batches: to have its pages zeroed and mapped again for
// each large message costs a third of what relaying the message costs. Every few seconds the system gets back what a
// peak has left behind.
#ifndef SLUICE_CORE_BASE_HEAP_H
#define SLUICE_CORE_BASE_HEAP_H

#include <cstdint>

namespace sluice::base {

// Tells the C library. Once a process, before other threads start.
void keep_freed_memory();
// Gives back what is free. Takes milliseconds after a large peak.
void give_back_freed_memory();

// When that is worth it: as soon as much less is in use than at the highest since the last time.
class HeapWatch {
 public:
  static constexpr uint64_t kWorthwhile = 16 << 20;     // bytes
  static constexpr uint64_t kInterval = 5'000'000'000;  // ns, at least between two times

  // `used_bytes` of telemetry, at `now`. True: give back.
  bool due(uint64_t used_bytes, uint64_t now_mono_ns);

 private:
  uint64_t most_ = 0;
  uint64_t last_mono_ns_ = 0;
};

}  // namespace sluice::base
#endif  // SLUICE_CORE_BASE_HEAP_H
