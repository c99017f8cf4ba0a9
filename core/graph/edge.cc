// SPDX-License-Identifier: Apache-2.0
#include "core/graph/edge.h"

#include <utility>

namespace sluice::graph {

void Reply::deliver(Outcome outcome) const {
  if (edge) edge->settle(load, outcome);
  waiter->answered(mark, load, std::move(outcome));
}

void Target::notify_room() {
  for (Edge* edge : incoming_) edge->notify_room();
}

Outcome Edge::offer(const Parcel& parcel, Waiter& waiter, uint64_t mark) {
  const telemetry::Load load = parcel.load();
  const uint64_t seen = epoch();
  const Reply reply{this, &waiter, mark, load};  // before the book's locked operation: it is copied right after it
  book_.offer(load);
  Outcome outcome = target_.offer(parcel, reply);
  if (!outcome.answered()) return outcome;
  settle(load, outcome);
  if (outcome.status == SLUICE_BUSY) wait_for_room(seen);
  return outcome;
}

Outcome Edge::pass_over(const Parcel& parcel) {
  book_.offer(parcel.load());
  Outcome outcome = target_.pass_over(parcel);
  settle(parcel.load(), outcome);
  return outcome;
}

void Edge::settle(telemetry::Load load, const Outcome& outcome) {
  const uint64_t not_taken = outcome.not_taken(load.items);
  if (outcome.status == SLUICE_DONE) {
    if (not_taken) target_.counted_below(outcome, not_taken);
    book_.take(load, not_taken);
    return;
  }
  const uint64_t below = target_.counted_below(outcome, not_taken);
  if (below) book_.pass_back({below, load.bytes});
  if (below < not_taken) book_.give_back({not_taken - below, load.bytes}, outcome.why());
}

void Edge::wait_for_room(uint64_t seen) {
  wants_room_.store(true);
  if (epoch_.load() != seen && wants_room_.exchange(false)) sender_.room(*this);
}

void Edge::notify_room() {
  epoch_.fetch_add(1);
  if (wants_room_.exchange(false)) sender_.room(*this);
}

}  // namespace sluice::graph
