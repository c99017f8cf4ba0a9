// SPDX-License-Identifier: Apache-2.0
// Lines up the calls into a SLUICE_SERIAL component: never two at once. A callback that finds the lane taken is left to
// its holder, who runs it when he leaves; only consume() waits, and since data flows one way no circle can close.
#ifndef SLUICE_CORE_GRAPH_LANE_H
#define SLUICE_CORE_GRAPH_LANE_H

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "core/base/tasks.h"

namespace sluice::graph {

class Lane {
 public:
  // A lane that is not serial lets everybody through.
  explicit Lane(bool serial) : serial_(serial) {}

  template <class F>
  auto wait_and_run(F&& f) {
    if (!serial_) return f();
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return !taken_; });
    taken_ = true;
    lock.unlock();
    auto result = f();
    leave();
    return result;
  }

  void run_or_leave(base::Task task) {
    if (!serial_) return task();
    {
      std::lock_guard lock(mutex_);
      if (taken_) {
        waiting_.push_back(std::move(task));
        return;
      }
      taken_ = true;
    }
    task();
    leave();
  }

 private:
  void leave() {
    std::unique_lock lock(mutex_);
    while (!waiting_.empty()) {
      base::Task task = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
    taken_ = false;
    lock.unlock();
    left_.notify_one();
  }

  const bool serial_;
  std::mutex mutex_;
  std::condition_variable left_;
  bool taken_ = false;
  std::deque<base::Task> waiting_;
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_LANE_H
