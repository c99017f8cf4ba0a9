// SPDX-License-Identifier: Apache-2.0
#include "core/base/heap.h"

#include <malloc.h>

#include <algorithm>
#include <limits>
#include <thread>

namespace sluice::base {

void keep_freed_memory() {
  // Setting one of the thresholds ends their adapting themselves, so both are set. 32 MB is the highest that counts.
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  // The default, eight for each processor, keeps as many heaps with free memory of their own.
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(2u, std::thread::hardware_concurrency())));
}

void give_back_freed_memory() {
  malloc_trim(0);
}

bool HeapWatch::due(uint64_t used_bytes, uint64_t now_mono_ns) {
  most_ = std::max(most_, used_bytes);
  if (most_ - used_bytes < kWorthwhile || now_mono_ns - last_mono_ns_ < kInterval) return false;
  most_ = used_bytes;
  last_mono_ns_ = now_mono_ns;
  return true;
}

}  // namespace sluice::base
