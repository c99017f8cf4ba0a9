// SPDX-License-Identifier: Apache-2.0
#include "core/flow/budget.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace sluice::flow {

TEST_CASE("budget: entry is refused above 80 %, soft by one message, and charges nothing then", "[flow][budget]") {
  Budget budget(1000);
  CHECK(budget.enter(799));
  CHECK(budget.enter(500));  // asked at 799
  CHECK(budget.used_bytes() == 1299);
  CHECK_FALSE(budget.enter(1));
  CHECK(budget.used_bytes() == 1299);
  budget.release(500);
  CHECK(budget.enter(1));
}

TEST_CASE("budget: head-room is given to a dispatch while it lasts, and to one always", "[flow][budget]") {
  Budget budget(1000);
  budget.charge(900);
  CHECK(budget.begin_dispatch(500));  // the one that is always let through
  CHECK_FALSE(budget.begin_dispatch(10));
  CHECK(budget.reserved_bytes() == 500);
  budget.end_dispatch(500);
  CHECK(budget.begin_dispatch(60));
  CHECK(budget.begin_dispatch(40));
  CHECK_FALSE(budget.begin_dispatch(1));
  budget.release(900);
  CHECK(budget.begin_dispatch(900));
  budget.end_dispatch(900);
  budget.end_dispatch(40);
  budget.end_dispatch(60);
  CHECK(budget.reserved_bytes() == 0);
}

TEST_CASE("budget: what is over the limit does not wrap around", "[flow][budget]") {
  Budget budget(1000);
  budget.charge(2000);
  CHECK(budget.begin_dispatch(1));
  CHECK_FALSE(budget.begin_dispatch(1));
}

TEST_CASE("budget: no limit refuses nothing", "[flow][budget]") {
  Budget budget(0);
  CHECK(budget.enter(uint64_t{1} << 50));
  CHECK(budget.enter(uint64_t{1} << 50));
  CHECK(budget.begin_dispatch(uint64_t{1} << 50));
  CHECK(budget.begin_dispatch(uint64_t{1} << 50));
}

TEST_CASE("budget: threads at once, softness is one message a thread and everything comes back", "[flow][budget]") {
  constexpr uint64_t kThreads = 4, kMessage = 100, kLimit = 1000;
  Budget budget(kLimit);
  std::atomic<uint64_t> highest{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        if (!budget.enter(kMessage)) continue;
        uint64_t used = budget.used_bytes();
        for (uint64_t h = highest.load(); used > h && !highest.compare_exchange_weak(h, used);) {
        }
        if (budget.begin_dispatch(kMessage)) budget.end_dispatch(kMessage);
        budget.release(kMessage);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(budget.used_bytes() == 0);
  CHECK(budget.reserved_bytes() == 0);
  CHECK(highest.load() <= kLimit / 10 * 8 + kThreads * kMessage);
}

}  // namespace sluice::flow
