// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/cells.h"

#include <algorithm>
#include <bit>
#include <thread>

namespace sluice::telemetry {

uint32_t detail::assign_thread_number() {
  static std::atomic<uint32_t> last{0};
  uint32_t number;
  do {
    number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  } while (number == 0);
  return number;
}

uint32_t shard_count() {
  static const uint32_t count = std::min(64u, std::bit_ceil(2 * std::max(1u, std::thread::hardware_concurrency())));
  return count;
}

void give_way() {
  std::this_thread::yield();
}

}  // namespace sluice::telemetry
