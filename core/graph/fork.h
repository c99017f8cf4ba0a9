// SPDX-License-Identifier: Apache-2.0
// A fan-out: the same batch to several branches, one answer to who sent it. Queues in front of exporters are asked for
// a place before anything is handed out, so a full one that moves refuses the batch for all, and one that is stuck is
// passed over (core/flow/fan_out.h). A sender that has already answered its own sender offers a batch again when some
// branch failed: it then goes only to the branches that still owe it.
#ifndef SLUICE_CORE_GRAPH_FORK_H
#define SLUICE_CORE_GRAPH_FORK_H

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "core/batch/batch.h"
#include "core/graph/edge.h"

namespace sluice::graph {

class Fork final : public Target, public Sender {
 public:
  // `book` of the edge into this fork: it counts the copies.
  explicit Fork(telemetry::EdgeBook& book) : book_(book) {}
  void add_branch(telemetry::EdgeBook& book, Target& target);

  Outcome offer(const Parcel& parcel, const Reply& reply) override;
  uint64_t retry_hint_ns() override;
  void room(Edge&) override { notify_room(); }

 private:
  class Join;
  using Branches = std::vector<size_t>;

  // The branches that get this batch now: all, or those that still owe it.
  Branches take_owed(const Parcel& parcel);
  void owe(const sluice_batch* batch, Branches branches);
  Outcome refuse(const Parcel& parcel, const Branches& branches, const std::vector<flow::Room>& rooms,
                 const std::vector<uint64_t>& epochs);

  telemetry::EdgeBook& book_;
  std::vector<std::unique_ptr<Edge>> branches_;
  struct Owed {
    batch::BatchPtr batch;  // keeps the address from being used again
    Branches branches;
  };
  std::mutex mutex_;
  std::map<const sluice_batch*, Owed> owed_;
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_FORK_H
