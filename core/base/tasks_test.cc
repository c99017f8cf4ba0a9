// SPDX-License-Identifier: Apache-2.0
#include "core/base/tasks.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>

using namespace sluice::base;

TEST_CASE("thread tasks: posted task, runs on another thread", "[base]") {
  SystemClock clock;
  ThreadTasks tasks(clock, 2);
  std::promise<std::thread::id> ran;
  tasks.post([&] { ran.set_value(std::this_thread::get_id()); });
  CHECK(ran.get_future().get() != std::this_thread::get_id());
}

TEST_CASE("thread tasks: timers, fire in order of their due times and not before", "[base]") {
  SystemClock clock;
  ThreadTasks tasks(clock, 1);
  std::promise<void> second;
  std::atomic<int> order{0};
  const uint64_t start = clock.mono_ns();
  int late = 0, early = 0;
  tasks.at(start + 30'000'000, [&] {
    late = ++order;
    second.set_value();
  });
  tasks.at(start + 10'000'000, [&] { early = ++order; });
  second.get_future().get();
  CHECK(early == 1);
  CHECK(late == 2);
  CHECK(clock.mono_ns() - start >= 30'000'000);
}

TEST_CASE("thread tasks: cancelled timer, does not fire; a fired one cannot be cancelled", "[base]") {
  SystemClock clock;
  ThreadTasks tasks(clock, 1);
  bool fired = false;
  TimerHandle cancelled = tasks.at(clock.mono_ns() + 5'000'000, [&] { fired = true; });
  CHECK(tasks.cancel(cancelled));
  std::promise<void> later;
  TimerHandle other = tasks.at(clock.mono_ns() + 10'000'000, [&] { later.set_value(); });
  later.get_future().get();
  CHECK_FALSE(fired);
  CHECK_FALSE(tasks.cancel(other));
}

TEST_CASE("thread tasks: destruction, runs what was posted", "[base]") {
  SystemClock clock;
  std::atomic<int> ran{0};
  {
    ThreadTasks tasks(clock, 2);
    for (int i = 0; i < 100; ++i) tasks.post([&] { ++ran; });
  }
  CHECK(ran == 100);
}

TEST_CASE("manual tasks: advance, runs timers at their own time", "[base]") {
  FakeClock clock;
  ManualTasks tasks(clock);
  const uint64_t start = clock.mono_ns();
  std::vector<uint64_t> at;
  tasks.at(start + 20, [&] { at.push_back(clock.mono_ns() - start); });
  tasks.at(start + 10, [&] {
    at.push_back(clock.mono_ns() - start);
    tasks.at(start + 15, [&] { at.push_back(clock.mono_ns() - start); });
  });
  tasks.advance(100);
  CHECK(at == std::vector<uint64_t>{10, 15, 20});
  CHECK(clock.mono_ns() - start == 100);
}
