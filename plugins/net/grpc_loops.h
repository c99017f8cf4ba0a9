// SPDX-License-Identifier: Apache-2.0
// The threads that wait for gRPC's events. The library has all connections of a process in one epoll set, and threads
// that wait beside each other wake one another with each event; so the servers and clients of all plugins share one set
// of threads, by the core's sluice.commons, and a request that came on one of them leaves on the same.
//
//   struct Call : GrpcEvent { ... };
//   GrpcLoops loops(sharing);
//   call.handle = grpc_channel_create_registered_call(..., loops.nearest(), ...);
//   grpc_call_start_batch(call.handle, ..., static_cast<GrpcEvent*>(&call), nullptr);
#ifndef SLUICE_PLUGINS_NET_GRPC_LOOPS_H
#define SLUICE_PLUGINS_NET_GRPC_LOOPS_H

#include <grpc/grpc.h>

#include <cstdint>

#include "plugins/sdk/host.h"

namespace sluice::net {

// The tag of an operation: whom to tell that it is over. On a thread of the loops; must not block, as others wait for
// their events there.
struct GrpcEvent {
  using Happened = void (*)(GrpcEvent& event, bool ok);
  explicit GrpcEvent(Happened function) : happened(function) {}
  const Happened happened;
};

// Whose loops to use: by default everybody has his own.
class GrpcLoopSharing {
 public:
  GrpcLoopSharing() = default;
  explicit GrpcLoopSharing(Host host);  // those of the process; in init()

 private:
  friend class GrpcLoops;
  const sluice_host* host_ = nullptr;
  const sluice_commons* commons_ = nullptr;
};

struct GrpcLoopSet;

// One completion queue and one thread for each processor that this process may use, four at most.
class GrpcLoops {
 public:
  explicit GrpcLoops(GrpcLoopSharing sharing);
  // Ends the threads, if nobody else has them. REQUIRES: each operation on a queue was reported, and this thread is
  // none of the loops'.
  ~GrpcLoops();
  GrpcLoops(const GrpcLoops&) = delete;
  GrpcLoops& operator=(const GrpcLoops&) = delete;

  uint32_t size() const;
  grpc_completion_queue* queue(uint32_t index) const;
  // That of this thread, if it is a loop's, else one after the other. [any thread]
  grpc_completion_queue* nearest() const;

 private:
  const GrpcLoopSharing sharing_;
  GrpcLoopSet* const set_;
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_GRPC_LOOPS_H
