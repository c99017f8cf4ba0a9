// SPDX-License-Identifier: Apache-2.0
#include "core/base/tasks.h"

#include <algorithm>
#include <chrono>

#include "core/base/threads.h"

namespace sluice::base {

ThreadTasks::ThreadTasks(const Clock& clock, unsigned threads) : clock_(clock) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.push_back(start_thread("sluice-pool-" + std::to_string(i), [this] { work(); }));
  }
  threads_.push_back(start_thread("sluice-timers", [this] { watch(); }));
}

ThreadTasks::~ThreadTasks() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.notify_all();
  timer_set_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void ThreadTasks::post(Task task) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(task));
  }
  posted_.notify_one();
}

TimerHandle ThreadTasks::at(uint64_t due_mono_ns, Task task) {
  bool earliest;
  TimerHandle handle;
  {
    std::lock_guard lock(mutex_);
    handle = {due_mono_ns, ++last_number_};
    earliest = timers_.empty() || handle < timers_.begin()->first;
    timers_.emplace(handle, std::move(task));
  }
  if (earliest) timer_set_.notify_one();
  return handle;
}

bool ThreadTasks::cancel(const TimerHandle& timer) {
  Task dropped;  // destroyed after the lock is given back: it may own what takes locks of its own
  std::lock_guard lock(mutex_);
  auto found = timers_.find(timer);
  if (found == timers_.end()) return false;
  dropped = std::move(found->second);
  timers_.erase(found);
  return true;
}

void ThreadTasks::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    posted_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

void ThreadTasks::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (timers_.empty()) {
      timer_set_.wait(lock, [this] { return stopping_ || !timers_.empty(); });
      continue;
    }
    uint64_t now = clock_.mono_ns();
    auto first = timers_.begin();
    if (first->first.due_mono_ns > now) {
      timer_set_.wait_for(lock, std::chrono::nanoseconds(first->first.due_mono_ns - now));
      continue;
    }
    queue_.push_back(std::move(first->second));
    timers_.erase(first);
    posted_.notify_one();
  }
}

void ManualTasks::post(Task task) {
  std::lock_guard lock(mutex_);
  queue_.push_back(std::move(task));
}

TimerHandle ManualTasks::at(uint64_t due_mono_ns, Task task) {
  std::lock_guard lock(mutex_);
  TimerHandle handle{due_mono_ns, ++last_number_};
  timers_.emplace(handle, std::move(task));
  return handle;
}

bool ManualTasks::cancel(const TimerHandle& timer) {
  std::lock_guard lock(mutex_);
  return timers_.erase(timer) != 0;
}

size_t ManualTasks::run() {
  for (size_t ran = 0;; ++ran) {
    Task task;
    {
      std::lock_guard lock(mutex_);
      if (!queue_.empty()) {
        task = std::move(queue_.front());
        queue_.pop_front();
      } else if (!timers_.empty() && timers_.begin()->first.due_mono_ns <= clock_.mono_ns()) {
        task = std::move(timers_.begin()->second);
        timers_.erase(timers_.begin());
      } else {
        return ran;
      }
    }
    task();
  }
}

void ManualTasks::advance(uint64_t ns) {
  const uint64_t end = clock_.mono_ns() + ns;
  run();
  while (true) {
    uint64_t next = end;
    {
      std::lock_guard lock(mutex_);
      if (!timers_.empty()) next = std::min(next, timers_.begin()->first.due_mono_ns);
    }
    clock_.advance(next - std::min(next, clock_.mono_ns()));
    if (run() == 0 && next == end) return;
  }
}

}  // namespace sluice::base
