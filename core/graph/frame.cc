// SPDX-License-Identifier: Apache-2.0
#include "core/graph/frame.h"

#include <deque>
#include <utility>

namespace sluice::graph {
namespace {

// A thread that received something sends what it brought, and one more.
constexpr int kOwnDispatches = 2;

struct Pending {
  std::deque<base::Task> tasks;
  int dispatches = 0;
};
thread_local Pending pending;

}  // namespace

constinit thread_local int Frame::depth_ = 0;
constinit thread_local bool Frame::waiting_ = false;

void Frame::later(base::Task task) {
  pending.tasks.push_back(std::move(task));
  waiting_ = true;
}

void Frame::later_or_elsewhere(base::Tasks& pool, base::Task task) {
  if (++pending.dispatches > kOwnDispatches) {
    pool.post(std::move(task));
  } else {
    later(std::move(task));
  }
}

void Frame::run_later() {
  while (!pending.tasks.empty()) {
    base::Task task = std::move(pending.tasks.front());
    pending.tasks.pop_front();
    task();
  }
  pending.dispatches = 0;
  waiting_ = false;
}

}  // namespace sluice::graph
