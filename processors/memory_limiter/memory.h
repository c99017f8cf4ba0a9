// SPDX-License-Identifier: Apache-2.0
// The process' memory as the system sees it: what the limiter measures, and what it can do about it. Tests put a memory
// of their own in its place.
#ifndef SLUICE_PROCESSORS_MEMORY_LIMITER_MEMORY_H
#define SLUICE_PROCESSORS_MEMORY_LIMITER_MEMORY_H

#include <atomic>
#include <cstdint>

namespace sluice::processors {

class Memory {
 public:
  virtual ~Memory() = default;
  virtual uint64_t resident_bytes() = 0;  // 0: could not be read
  virtual uint64_t total_bytes() = 0;     // that the process may use; 0: could not be read
  virtual void trim() = 0;                // gives free memory of the allocator back to the system

  // When trim() was last called; 0: never. Kept here because the instances of all pipelines share one heap.
  std::atomic<uint64_t> trimmed_mono_ns{0};
};

// The real one. Thread-safe.
Memory& process_memory();

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_MEMORY_LIMITER_MEMORY_H
