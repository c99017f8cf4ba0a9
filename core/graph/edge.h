// SPDX-License-Identifier: Apache-2.0
// The edges of the graph, on each of which the core stands. Everything that takes batches is a Target: a component's
// input, the queue in front of an exporter, a fan-out. An Edge leads to one Target and keeps the book of what is
// offered there. An answer that comes later finds its way back by the Reply that was stored with the batch.
//
//   Node --Edge--> Node(processor) --Edge--> Fork --Edge--> ExporterQueue --> Node(exporter)
//                                               \--Edge--> ExporterQueue --> Node(exporter)
#ifndef SLUICE_CORE_GRAPH_EDGE_H
#define SLUICE_CORE_GRAPH_EDGE_H

#include <atomic>
#include <cstdint>
#include <vector>

#include "core/flow/events.h"
#include "core/graph/outcome.h"
#include "core/telemetry/books.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::graph {

class Edge;
class Target;

// One batch on its way, lent for the duration of an offer.
struct Parcel {
  const sluice_batch* batch;
  const sluice_context* context;  // never null
  uint64_t deadline_mono_ns;      // 0: none
  bool owner_is_early = false;    // whoever sends it has answered its own sender
  bool reserved = false;          // the target has kept a place for it

  telemetry::Load load() const { return {batch->item_count, batch->length_bytes}; }
};

// Who waits for answers.
class Waiter {
 public:
  // `mark` is the number that was given with the Reply. Runs on whatever stack the answer came; must not call plugins
  // directly (see Frame).
  virtual void answered(uint64_t mark, telemetry::Load load, Outcome outcome) = 0;

 protected:
  ~Waiter() = default;
};

// Where the answer to one offer goes: first into the book of the edge, then to who waits.
struct Reply {
  Edge* edge = nullptr;  // null: no book on the way (an exporter's attempt: its queue keeps the book)
  Waiter* waiter = nullptr;
  uint64_t mark = 0;
  telemetry::Load load;

  void deliver(Outcome outcome) const;
};

class Target {
 public:
  // Answers now, or PENDING: then `reply` was copied and is delivered once. On BUSY room() of the edge follows.
  virtual Outcome offer(const Parcel& parcel, const Reply& reply) = 0;

  // Before a fan-out hands out (see core/flow/fan_out.h).
  virtual flow::Room reserve(telemetry::Load) { return flow::Room::always; }
  virtual void cancel_reservation(telemetry::Load) {}
  // A fan-out goes on without this stuck branch: the target counts the items.
  virtual Outcome pass_over(const Parcel&) { return Outcome(SLUICE_DONE); }
  virtual uint64_t retry_hint_ns() { return 0; }

  // How the items count that this target did not take, after `outcome`: so many of them were counted further down.
  virtual uint64_t counted_below(const Outcome& outcome, uint64_t not_taken) {
    return outcome.counted_below ? not_taken : 0;
  }

  void add_incoming(Edge& edge) { incoming_.push_back(&edge); }
  const std::vector<Edge*>& incoming() const { return incoming_; }
  // There is room again: tells the edges on which BUSY was answered.
  void notify_room();

 protected:
  ~Target() = default;

 private:
  std::vector<Edge*> incoming_;
};

// Who owns the near end of an edge and hears when there is room again.
class Sender {
 public:
  virtual void room(Edge& edge) = 0;

 protected:
  ~Sender() = default;
};

class Edge {
 public:
  Edge(telemetry::EdgeBook& book, Target& target, Sender& sender) : book_(book), target_(target), sender_(sender) {
    target.add_incoming(*this);
  }
  Edge(const Edge&) = delete;
  Edge& operator=(const Edge&) = delete;

  // Offers and keeps the book. `waiter` gets the answer with `mark` if this one is PENDING.
  Outcome offer(const Parcel& parcel, Waiter& waiter, uint64_t mark);
  // For a branch of a fan-out that gets nothing this time.
  Outcome pass_over(const Parcel& parcel);

  Target& target() { return target_; }
  telemetry::EdgeBook& book() { return book_; }
  int64_t open_items() const { return book_.sum().open; }

  // BUSY was answered for this edge: its sender hears of the next room. `seen` is epoch() from before the offer, so
  // that room made in between is not missed.
  uint64_t epoch() const { return epoch_.load(); }
  void wait_for_room(uint64_t seen);
  void notify_room();

 private:
  friend struct Reply;
  void settle(telemetry::Load load, const Outcome& outcome);

  telemetry::EdgeBook& book_;
  Target& target_;
  Sender& sender_;
  std::atomic<uint64_t> epoch_{0};
  std::atomic<bool> wants_room_{false};
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_EDGE_H
