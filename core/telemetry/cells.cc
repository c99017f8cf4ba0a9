// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/cells.h"

#include <algorithm>
#include <bit>
#include <thread>

namespace sluice::telemetry {
namespace {

std::atomic<uint64_t> free_rows{~uint64_t{0}};  // bit n: row n has no owner

}  // namespace

uint32_t detail::assign_thread_number() {
  static std::atomic<uint32_t> last{0};
  uint32_t number;
  do {
    number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  } while (number == 0);
  return number;
}

uint32_t detail::assign_own_row() {
  // Destructors of this thread that run later share rows like everybody else.
  struct AtThreadEnd {
    uint32_t row = kNone;
    ~AtThreadEnd() {
      own_row = kNone;
      if (row != kNone) free_rows.fetch_or(uint64_t{1} << row, std::memory_order_release);
    }
  };
  static thread_local AtThreadEnd at_thread_end;
  uint64_t free = free_rows.load(std::memory_order_relaxed);
  for (;;) {
    const auto row = static_cast<uint32_t>(std::countr_zero(free));
    if (row >= own_rows()) return kNone;
    // With all that its last owner wrote.
    if (free_rows.compare_exchange_weak(free, free & ~(uint64_t{1} << row), std::memory_order_acquire,
                                        std::memory_order_relaxed))
      return at_thread_end.row = row;
  }
}

uint32_t own_rows() {
  static const uint32_t count = std::clamp(std::bit_ceil(2 * std::thread::hardware_concurrency()), 8u, 64u);
  return count;
}

void give_way() {
  std::this_thread::yield();
}

}  // namespace sluice::telemetry
