// SPDX-License-Identifier: Apache-2.0
// Where the core's own work runs: a small pool of threads, and timers that hand their task to that pool when they are
// due. Behind an interface, so that tests turn the clock and run the tasks on their own thread.
#ifndef SLUICE_CORE_BASE_TASKS_H
#define SLUICE_CORE_BASE_TASKS_H

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "core/base/clock.h"

namespace sluice::base {

using Task = absl::AnyInvocable<void()>;

struct TimerHandle {  // default: no timer
  uint64_t due_mono_ns = 0;
  uint64_t number = 0;
  explicit operator bool() const { return number != 0; }
  auto operator<=>(const TimerHandle&) const = default;
};

// Thread-safe. A task never runs on the stack of post() or at().
class Tasks {
 public:
  virtual ~Tasks() = default;
  virtual void post(Task task) = 0;
  virtual TimerHandle at(uint64_t due_mono_ns, Task task) = 0;
  // True if the task will not run. False: it has run, is running or will run right now.
  virtual bool cancel(const TimerHandle& timer) = 0;
};

class ThreadTasks final : public Tasks {
 public:
  ThreadTasks(const Clock& clock, unsigned threads);
  ~ThreadTasks() override;  // runs what was posted, drops timers, joins

  void post(Task task) override;
  TimerHandle at(uint64_t due_mono_ns, Task task) override;
  bool cancel(const TimerHandle& timer) override;

 private:
  void work();
  void watch();

  const Clock& clock_;
  std::mutex mutex_;  // guards all below
  std::condition_variable posted_;
  std::condition_variable timer_set_;
  std::deque<Task> queue_;
  std::map<TimerHandle, Task> timers_;
  uint64_t last_number_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// For tests: nothing runs until the test says so, on the test's thread.
class ManualTasks final : public Tasks {
 public:
  explicit ManualTasks(FakeClock& clock) : clock_(clock) {}

  void post(Task task) override;
  TimerHandle at(uint64_t due_mono_ns, Task task) override;
  bool cancel(const TimerHandle& timer) override;

  // Runs all that is posted or due, and what comes of it. Returns how many tasks ran.
  size_t run();
  // Turns the clock from one due timer to the next until `ns` have passed, running each.
  void advance(uint64_t ns);

 private:
  FakeClock& clock_;
  std::mutex mutex_;
  std::deque<Task> queue_;
  std::map<TimerHandle, Task> timers_;
  uint64_t last_number_ = 0;
};

}  // namespace sluice::base
#endif  // SLUICE_CORE_BASE_TASKS_H
