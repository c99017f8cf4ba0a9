// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/grpc_loops.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "plugins/net/grpc_runtime.h"
#include "plugins/net/thread.h"

namespace sluice::net {

// Shared by plugins that were built apart: only what all compilers lay out alike. A change of this or of GrpcEvent is a
// new revision of the name below.
struct GrpcLoopSet {
  uint32_t size = 0;
  std::atomic<uint32_t> next{0};  // loop for a thread that is none
  grpc_completion_queue* const* queues = nullptr;
  uint32_t (*index_of_this_thread)() = nullptr;  // UINT32_MAX: it is no loop
};

namespace {

// Plugins can share only what comes from one and the same library, so its address is part of the name.
std::string common_name() {
  return "sluice.grpc-loops/1@" + std::to_string(reinterpret_cast<uintptr_t>(&grpc_completion_queue_next));
}

// One epoll set feeds them all; more than a few would only hand it to and fro.
constexpr uint32_t kMostThreads = 4;

uint32_t usable_processors() {
  cpu_set_t set;
  const int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return static_cast<uint32_t>(std::max(count, 1));
}

thread_local uint32_t index_of_this_thread = UINT32_MAX;

void run(grpc_completion_queue* queue, uint32_t index) {
  prepare_thread("grpc-" + std::to_string(index));
  index_of_this_thread = index;
  for (;;) {
    const grpc_event event = grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
    if (event.type == GRPC_QUEUE_SHUTDOWN) return;
    GrpcEvent& what = *static_cast<GrpcEvent*>(event.tag);
    what.happened(what, event.success != 0);
  }
}

struct OwnLoops : GrpcLoopSet {
  OwnLoops() {
    start_grpc();
    size = std::min(usable_processors(), kMostThreads);
    for (uint32_t i = 0; i < size; ++i) made.push_back(grpc_completion_queue_create_for_next(nullptr));
    queues = made.data();
    index_of_this_thread = [] { return net::index_of_this_thread; };
    for (uint32_t i = 0; i < size; ++i) threads.emplace_back(run, made[i], i);
  }
  ~OwnLoops() {
    for (grpc_completion_queue* queue : made) grpc_completion_queue_shutdown(queue);
    for (std::thread& thread : threads) thread.join();
    for (grpc_completion_queue* queue : made) grpc_completion_queue_destroy(queue);
  }
  std::vector<grpc_completion_queue*> made;
  std::vector<std::thread> threads;
};

void* make() {
  return static_cast<GrpcLoopSet*>(new OwnLoops);
}

void end(void* set) {
  delete static_cast<OwnLoops*>(static_cast<GrpcLoopSet*>(set));
}

}  // namespace

GrpcLoopSharing::GrpcLoopSharing(Host host)
    : host_(host.get()), commons_(host.core_interface<sluice_commons>(SLUICE_COMMONS_ID)) {}

GrpcLoops::GrpcLoops(GrpcLoopSharing sharing)
    : sharing_(sharing),
      set_(static_cast<GrpcLoopSet*>(
          sharing.commons_ ? sharing.commons_->take(sharing.host_, common_name().c_str(), &make, &end) : make())) {}

GrpcLoops::~GrpcLoops() {
  if (sharing_.commons_) {
    sharing_.commons_->put(sharing_.host_, common_name().c_str());
  } else {
    end(set_);
  }
}

uint32_t GrpcLoops::size() const {
  return set_->size;
}

grpc_completion_queue* GrpcLoops::queue(uint32_t index) const {
  return set_->queues[index];
}

grpc_completion_queue* GrpcLoops::nearest() const {
  const uint32_t own = set_->index_of_this_thread();
  return queue(own < size() ? own : set_->next.fetch_add(1, std::memory_order_relaxed) % size());
}

}  // namespace sluice::net
