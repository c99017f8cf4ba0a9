// SPDX-License-Identifier: Apache-2.0
// What a thread still has to do once it has left all plugins' code. Answers (sent), resumptions and dispatches to
// exporters that come up while a component is being called are not made on its stack: they wait here and the outermost
// call into the core runs them. So no component meets another's call inside its own, and the stack stays flat.
#ifndef SLUICE_CORE_GRAPH_FRAME_H
#define SLUICE_CORE_GRAPH_FRAME_H

#include "core/base/tasks.h"

namespace sluice::graph {

class Frame {
 public:
  // Stands in every function through which a thread enters the core: send, complete, timers, tasks.
  class Entry {
   public:
    Entry() { ++depth_; }
    ~Entry() {
      if (depth_ == 1 && waiting_) run_later();
      --depth_;
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
  };

  // Runs `task` when this thread has left the outermost Entry. Needs one on the stack.
  static void later(base::Task task);
  // The same for work that may take long: after the first two the rest goes to the pool.
  static void later_or_elsewhere(base::Tasks& pool, base::Task task);

 private:
  static void run_later();
  static constinit thread_local int depth_;
  static constinit thread_local bool waiting_;  // there is something to run
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_FRAME_H
