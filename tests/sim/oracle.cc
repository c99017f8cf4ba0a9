// SPDX-License-Identifier: Apache-2.0
// What must hold: after each event, at each dispatch and answer, and when all is over.
#include <algorithm>
#include <numeric>

#include "tests/sim/world.h"

namespace sluice::sim {
namespace {

constexpr uint64_t kSilentKeepsPlace = 30 * kSecond;

uint64_t sum(const std::array<uint64_t, flow::kReasons>& cells) {
  return std::accumulate(cells.begin(), cells.end(), uint64_t{0});
}

}  // namespace

// From its deadline on a call is only waited for; its items may be sent again.
void World::mark_silent(Branch& b) {
  for (auto& [number, call] : b.calls) {
    if (call.silent || call.deadline == 0 || call.deadline + flow::kAnswerGrace > now_) continue;
    call.silent = true;
    b.bytes_at_exporter -= call.bytes;
    for (const flow::Slice& slice : call.slices) {
      Copy& copy = b.copies[slice.source];
      for (uint64_t i = slice.first; i < slice.first + slice.count; ++i) --copy.at_exporter[i];
    }
  }
}

void World::check_dispatch(Branch& b, const Call& call) {
  uint64_t at_once = 1;
  mark_silent(b);
  for (auto& [number, other] : b.calls) {
    at_once += !other.silent || (b.ordered && now_ < other.deadline + kSilentKeepsPlace);
  }
  uint64_t places = b.settings.sending_queue.on ? b.settings.sending_queue->num_consumers : kNever;
  if (b.limits.max_in_flight != 0) places = std::min<uint64_t>(places, b.limits.max_in_flight);
  if (at_once > places) return fail("more calls at once than places");

  uint64_t items = 0, bytes = 0;
  const Batch* first = nullptr;
  for (const flow::Slice& slice : call.slices) {
    auto copy = b.copies.find(slice.source);
    if (copy == b.copies.end() || copy->second.released) return fail("sent after its release");
    const Batch& batch = batches_[slice.source];
    if (slice.count == 0 || slice.first + slice.count > batch.items) return fail("a slice outside of its source");
    items += slice.count;
    bytes += this->bytes(slice.source, slice.first, slice.count);
    for (uint64_t i = slice.first; i < slice.first + slice.count; ++i) {
      if (copy->second.kept[i] == 0) return fail("sent after its memory was given up");
      if (copy->second.at_exporter[i]++ != 0) return fail("an item is sent twice at once");
    }
    if (!first) first = &batch;
    if (batch.sensitive_dropped != first->sensitive_dropped ||
        (!b.settings.sending_queue->batch->partition.metadata_keys.empty() && batch.partition != first->partition)) {
      if (b.settings.sending_queue->batch.on) return fail("two partitions in one request");
    }
    if (b.delivery->waits_for_result()) std::erase(b.line, slice.source);  // else its answer shows that it got in
  }
  b.bytes_at_exporter += call.bytes;
  if (items != call.items || bytes != call.bytes) return fail("a dispatch that miscounts its slices");
  if (items > 1 && ((b.limits.max_items != 0 && items > b.limits.max_items) ||
                    (b.limits.max_bytes != 0 && bytes > b.limits.max_bytes))) {
    fail("a request over the exporter's limits");
  }
}

void World::check_answer(Branch& b, const flow::Answer& answer) {
  auto found = b.copies.find(answer.source);
  if (found == b.copies.end()) return fail("an answer to nobody");
  Copy& copy = found->second;
  const Batch& batch = batches_[answer.source];
  if (copy.state != Copy::State::pending && copy.state != Copy::State::waiting_for_place) {
    return fail("answered twice");
  }
  if (answer.rejected_items > batch.items) return fail("more items rejected than sent");
  if (answer.status != SLUICE_DONE) {
    if (copy.state == Copy::State::waiting_for_place) std::erase(b.line, answer.source);
    if (!b.delivery->waits_for_result()) b.refused += batch.items;
    copy.state = Copy::State::answered;
    return;
  }
  copy.told_ok = true;
  if (copy.paced_until != 0) {
    if ((answer.flags & SLUICE_RESULT_EARLY) == 0) return fail("who has a place is told something else");
    if (now_ > copy.paced_until) return fail("who has a place is told too late");
    b.paced -= batch.items;
    b.told_early += batch.items;
    copy.state = Copy::State::early;
    return;
  }
  if ((answer.flags & SLUICE_RESULT_EARLY) != 0) {
    if (b.line.empty() || b.line.front() != answer.source) return fail("overtook who waits for a place");
    b.line.pop_front();
    b.told_early += batch.items;
    copy.state = Copy::State::early;
    return;
  }
  std::erase(b.line, answer.source);
  copy.state = Copy::State::answered;
  uint64_t stored = batch.items - static_cast<uint64_t>(std::count(copy.stored.begin(), copy.stored.end(), 0));
  bool unattributed = (answer.flags & SLUICE_RESULT_UNATTRIBUTED) != 0;
  if (!unattributed && stored + answer.rejected_items < batch.items) fail("told OK for what was not delivered");
  uint64_t in_ranges = 0, from = 0;
  for (const flow::Range& range : answer.ranges) {
    if (range.first < from || range.first + range.count > batch.items) fail("ranges of an answer overlap");
    from = range.first + range.count;
    in_ranges += range.count;
  }
  if (!answer.ranges.empty() && in_ranges != answer.rejected_items) fail("ranges of an answer do not add up");
}

// The shell holds only these items of the source from now on.
void World::keep(Branch& b, const flow::Keep& keep) {
  auto copy = b.copies.find(keep.source);
  if (copy == b.copies.end() || copy->second.released) return fail("memory given up after its release");
  std::vector<uint8_t> kept(copy->second.kept.size());
  for (uint32_t i = 0; i < keep.slice_count; ++i) {
    const flow::Slice& slice = actions_.slices[keep.first_slice + i];
    for (uint64_t item = slice.first; item < slice.first + slice.count; ++item) {
      if (slice.source != keep.source || kept[item]++ != 0) return fail("an item is kept twice, or for another source");
      if (copy->second.kept[item] == 0) return fail("an item is kept that was given up before");
    }
  }
  if (static_cast<size_t>(std::count(kept.begin(), kept.end(), 0)) * 2 < kept.size()) return fail("most of it is kept");
  copy->second.kept = std::move(kept);
  rare(Rare::kept_little);
}

void World::check_always() {
  if (!report_.failure.empty()) return;
  uint64_t at_exporters = 0;
  for (auto& branch : branches_) {
    Branch& b = *branch;
    const flow::Book& book = b.delivery->book();
    mark_silent(b);
    at_exporters += b.bytes_at_exporter;
    if (b.delivery->imbalance() != 0) return fail("the book does not balance");
    if (book.offered != b.offered) return fail("offered is not what was offered");
    if (book.delivered > b.stored_items) return fail("counted as delivered, but never stored");
    uint64_t dropped = sum(book.dropped), returned = sum(book.returned);
    if (b.delivery->waits_for_result()) {
      if (dropped > b.unattributed + b.passed_early) return fail("dropped what its sender still has");
    } else {
      if (returned != b.refused) return fail("returned is not what was refused");
      if (dropped + book.delivered + book.queued + book.in_flight != b.told_early + b.paced + b.passed_early) {
        return fail("what was taken is not accounted for");
      }
    }
    bool can_send = !b.delivery->health().degraded && now_ >= b.busy_until && budget_->limit_bytes() == UINT64_MAX;
    if (can_send && book.queued != 0 && b.calls.empty() && b.delivery->in_flight_requests() == 0) {
      if (b.delivery->waits_for_result()) return fail("all senders wait for each other's answers");
      uint64_t capacity = b.delivery->queue_capacity();
      if (capacity != 0 && b.delivery->queue_size() >= capacity) return fail("full, and nothing is sent");
    }
    if (!stopping_ && book.dropped[static_cast<size_t>(flow::Reason::shutdown)] != 0)
      return fail("shutdown without stop");
  }
  if (budget_->limit_bytes() != UINT64_MAX) {
    uint64_t most = budget_->limit_bytes() + largest_batch_ + largest_call_;
    if (budget_->used_bytes() + budget_->reserved_bytes() > most || budget_->used_bytes() + at_exporters > most) {
      return fail("over the budget");
    }
  }
}

void World::check_end() {
  for (auto& branch : branches_) {
    Branch& b = *branch;
    const flow::Book& book = b.delivery->book();
    if (!b.delivery->empty()) return fail("something is left in a wrapper");
    if (book.waiting + book.queued + book.in_flight != 0 || b.delivery->queue_size() != 0)
      return fail("levels at rest");
    for (auto& [source, copy] : b.copies) {
      if (copy.state == Copy::State::pending || copy.state == Copy::State::waiting_for_place) {
        return fail("never answered");
      }
      if (!copy.released) return fail("never released");
      if (!stopped_) return fail("a call was never answered");
    }
  }
  if (stopped_) return;
  for (const Sender& s : senders_) {
    if (!s.todo.empty())
      return fail(s.waits_for_resume ? "a sender waits for resume for ever" : "a sender never got through");
  }
  if (budget_->used_bytes() != 0 || budget_->reserved_bytes() != 0) fail("the budget is not given back");
}

}  // namespace sluice::sim
