// SPDX-License-Identifier: Apache-2.0
#include "core/flow/budget.h"

#include <limits>

namespace sluice::flow {

Budget::Budget(uint64_t limit_bytes)
    : limit_(limit_bytes != 0 ? limit_bytes : std::numeric_limits<uint64_t>::max()), entry_limit_(limit_ / 10 * 8) {}

bool Budget::enter(uint64_t bytes) {
  uint64_t used = used_.fetch_add(bytes, std::memory_order_relaxed);
  if (used < entry_limit_ && reserved_.load(std::memory_order_relaxed) < limit_ - used) return true;
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

bool Budget::begin_dispatch(uint64_t bytes) {
  bool only_one = dispatches_.fetch_add(1, std::memory_order_acq_rel) == 0;
  uint64_t reserved = reserved_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  uint64_t used = used_.load(std::memory_order_relaxed);
  if (only_one || (used <= limit_ && reserved <= limit_ - used)) return true;
  end_dispatch(bytes);
  return false;
}

void Budget::end_dispatch(uint64_t bytes) {
  reserved_.fetch_sub(bytes, std::memory_order_relaxed);
  dispatches_.fetch_sub(1, std::memory_order_acq_rel);
}

}  // namespace sluice::flow
