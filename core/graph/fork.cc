// SPDX-License-Identifier: Apache-2.0
#include "core/graph/fork.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>
#include <utility>

namespace sluice::graph {

// Collects the outcomes of one batch's branches. Lives until the last of them is there.
class Fork::Join final : public Waiter {
 public:
  Join(Fork& fork, const Parcel& parcel, Branches branches)
      : fork_(fork),
        batch_(parcel.owner_is_early ? batch::BatchPtr::share(parcel.batch) : batch::BatchPtr()),
        branches_(std::move(branches)),
        outcomes_(branches_.size()),
        missing_(branches_.size() + 1) {}

  // One branch has answered at once.
  void set(size_t i, Outcome outcome) {
    outcomes_[i] = std::move(outcome);
    missing_.fetch_sub(1, std::memory_order_acq_rel);
  }
  // All are handed out. The joined outcome, if none is missing; else it goes to `reply` later.
  std::optional<Outcome> handed_out(const Reply& reply, telemetry::Load load) {
    reply_ = reply;
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) != 1) return std::nullopt;
    Outcome outcome = join(load.items);
    delete this;
    return outcome;
  }

  void answered(uint64_t mark, telemetry::Load load, Outcome outcome) override {
    outcomes_[mark] = std::move(outcome);
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const Reply reply = reply_;
    Outcome joined = join(load.items);
    delete this;
    reply.deliver(std::move(joined));
  }

 private:
  ~Join() = default;

  Outcome join(uint64_t items) {
    std::vector<flow::Outcome> views;
    views.reserve(outcomes_.size());
    for (const Outcome& outcome : outcomes_) views.push_back(outcome.branch());
    flow::Joined joined = flow::join(views, items);
    Outcome result(joined.status);
    result.flags = joined.flags;
    result.counted_below = true;  // every branch has a book of its own
    if (joined.code || joined.rejected_items || joined.retry_after_ns || !joined.text.empty()) {
      result.details = std::make_unique<Details>();
      result.details->code = joined.code;
      result.details->rejected_items = joined.rejected_items;
      result.details->retry_after_ns = joined.retry_after_ns;
      result.details->text = joined.text;
      result.details->ranges = std::move(joined.ranges);
    }
    if (batch_ && result.retryable()) {
      Branches owing;
      for (size_t i = 0; i < branches_.size(); ++i) {
        if (outcomes_[i].retryable()) owing.push_back(branches_[i]);
      }
      if (owing.size() < fork_.branches_.size()) fork_.owe(batch_.get(), std::move(owing));
    }
    return result;
  }

  Fork& fork_;
  const batch::BatchPtr batch_;
  const Branches branches_;
  std::vector<Outcome> outcomes_;
  std::atomic<size_t> missing_;  // branches, and the handing out itself
  Reply reply_;
};

void Fork::add_branch(telemetry::EdgeBook& book, Target& target) {
  branches_.push_back(std::make_unique<Edge>(book, target, *this));
}

Fork::Branches Fork::take_owed(const Parcel& parcel) {
  if (parcel.owner_is_early) {
    std::lock_guard lock(mutex_);
    if (auto found = owed_.find(parcel.batch); found != owed_.end()) {
      Branches branches = std::move(found->second.branches);
      owed_.erase(found);
      return branches;
    }
  }
  Branches all(branches_.size());
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

void Fork::owe(const sluice_batch* batch, Branches branches) {
  std::lock_guard lock(mutex_);
  owed_[batch] = {batch::BatchPtr::share(batch), std::move(branches)};
}

Outcome Fork::refuse(const Parcel& parcel, const Branches& branches, const std::vector<flow::Room>& rooms,
                     const std::vector<uint64_t>& epochs) {
  uint64_t hint = 0;
  flow::Reason reason = flow::Reason::stopping;
  for (size_t i = 0; i < branches.size(); ++i) {
    Edge& edge = *branches_[branches[i]];
    if (rooms[i] == flow::Room::reserved) edge.target().cancel_reservation(parcel.load());
    if (rooms[i] != flow::Room::full && rooms[i] != flow::Room::stuck) continue;
    reason = flow::Reason::queue_full;
    hint = std::max(hint, edge.target().retry_hint_ns());
    edge.wait_for_room(epochs[i]);
  }
  if (parcel.owner_is_early && branches.size() < branches_.size()) owe(parcel.batch, branches);
  return Outcome::failed(SLUICE_BUSY, 0, reason, "a queue behind the fan-out is full", hint);
}

Outcome Fork::offer(const Parcel& parcel, const Reply& reply) {
  const telemetry::Load load = parcel.load();
  const Branches branches = take_owed(parcel);
  std::vector<flow::Room> rooms;
  std::vector<uint64_t> epochs;
  for (size_t branch : branches) {
    epochs.push_back(branches_[branch]->epoch());
    rooms.push_back(branches_[branch]->target().reserve(load));
  }
  const flow::Plan plan = flow::plan(rooms);
  if (plan.refuse) return refuse(parcel, branches, rooms, epochs);

  book_.fan_out(load.items, branches.size());
  auto* join = new Join(*this, parcel, branches);  // deletes itself with its last outcome
  for (size_t i = 0; i < branches.size(); ++i) {
    Edge& edge = *branches_[branches[i]];
    Parcel copy = parcel;
    copy.reserved = rooms[i] == flow::Room::reserved;
    Outcome outcome = plan.hands[i] == flow::Hand::out ? edge.offer(copy, *join, i) : edge.pass_over(copy);
    if (outcome.answered()) join->set(i, std::move(outcome));
  }
  std::optional<Outcome> outcome = join->handed_out(reply, load);
  return outcome ? std::move(*outcome) : Outcome(SLUICE_PENDING);
}

uint64_t Fork::retry_hint_ns() {
  uint64_t hint = 0;
  for (auto& branch : branches_) hint = std::max(hint, branch->target().retry_hint_ns());
  return hint;
}

}  // namespace sluice::graph
