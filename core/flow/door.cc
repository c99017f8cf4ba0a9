// SPDX-License-Identifier: Apache-2.0
// The wrapper's door: places, who waits for one, reservations, and what is told when there is none.
#include <algorithm>
#include <utility>

#include "core/flow/core.h"

namespace sluice::flow {

uint64_t Delivery::Core::units(uint64_t items, uint64_t bytes) const {
  switch (sizer_) {
    case config::Sizer::items:
      return items;
    case config::Sizer::bytes:
      return std::max<uint64_t>(bytes, 1);
    case config::Sizer::requests:
      break;
  }
  return 1;
}

Offered Delivery::Core::offer(const Offer& offer, uint64_t now, Actions& out) {
  if (offer.reserved) reserved_ -= units(offer.items, offer.bytes);
  if (offer.items == 0) {
    out.released.push_back(offer.source);
    finish_step(now, out);
    return {};
  }
  book_.offered += offer.items;
  auto refuse = [&](Reason reason, uint64_t hint) {
    book_.returned[static_cast<size_t>(reason)] += offer.items;
    book_.enqueue_failed += offer.items;
    return Offered{Verdict::failed, hint, reason};
  };
  if (cut_) return refuse(Reason::stopping, retry_hint(now));
  if (!queue_ && gate_ == Gate::paused && offer.deadline_mono_ns != 0 && offer.deadline_mono_ns < gate_until_) {
    return refuse(Reason::deadline, gate_until_ - now);  // no try before its deadline: it may know that now
  }
  Offered offered;
  if (!offer.reserved && !has_place()) {  // while anybody waits, there is none
    offered = offer_when_full(offer, now, out);
  } else {
    uint32_t source = new_source(offer);
    place(source, offer.partition, now);
    finish_step(now, out);
    if (waits_) return {Verdict::pending};
    // Asked after the step, which may have sent what waited, and never answers this very offer.
    if (!has_backlog(now)) return {};
    pace(source, now);
    arm(now, out);
    return {Verdict::pending};
  }
  finish_step(now, out);
  return offered;
}

Offered Delivery::Core::offer_when_full(const Offer& offer, uint64_t now, Actions& out) {
  see(Seen::full);
  auto count = [&](auto& cells, Reason reason) {
    cells[static_cast<size_t>(reason)] += offer.items;
    book_.enqueue_failed += offer.items;
  };
  if (block_on_overflow_ && !draining_) {
    uint32_t index = new_source(offer);
    Source& source = sources_[index];
    source.owed = source.in_line = true;
    source.partition = offer.partition;
    if (offer.deadline_mono_ns != 0) set_alarm(offer.deadline_mono_ns, index, source.serial, Alarm::Kind::deadline);
    waiters_.push_back(index);
    book_.waiting += offer.items;
    see(Seen::waited);
    return {Verdict::pending};
  }
  if (when_full_ == config::WhenFull::drop_oldest) {
    while (!has_place() && evict_oldest(now, out)) {
    }
    if (has_place()) {
      place(new_source(offer), offer.partition, now);
      return {};
    }
  }
  if (when_full_ != config::WhenFull::refuse) {
    count(book_.dropped, Reason::queue_full);
    note(Notice::Kind::overflow, Reason::queue_full, offer.items, 0, nullptr, out);
    out.released.push_back(offer.source);
    return {};
  }
  Reason reason = draining_ ? Reason::stopping : Reason::queue_full;
  count(book_.returned, reason);
  if (stuck(now) && !told_stuck_) {
    told_stuck_ = true;
    note(Notice::Kind::stuck, Reason::queue_full, 0, 0, nullptr, out);
  }
  if (draining_) return {Verdict::failed, retry_hint(now), reason};
  owes_resume_ = true;
  return {Verdict::busy, retry_hint(now), reason};
}

Room Delivery::Core::reserve(uint64_t items, uint64_t bytes, uint64_t now) {
  if (cut_) return Room::stopping;
  if (!queue_ || items == 0) return Room::always;
  if (has_place()) {
    reserved_ += units(items, bytes);
    return Room::reserved;
  }
  if (draining_) return Room::stopping;
  if (block_on_overflow_) return Room::waits;
  if (when_full_ != config::WhenFull::refuse) return Room::always;
  see(Seen::full);
  owes_resume_ = true;
  if (!stuck(now)) return Room::full;
  see(Seen::stuck);
  return Room::stuck;
}

void Delivery::Core::cancel(uint64_t items, uint64_t bytes, uint64_t now, Actions& out) {
  reserved_ -= units(items, bytes);
  see(Seen::reservation_cancelled);
  finish_step(now, out);
}

uint64_t Delivery::Core::pass_over(uint64_t items, bool owner_is_early, uint64_t now, Actions& out) {
  book_.offered += items;
  (owner_is_early ? book_.dropped : book_.returned)[static_cast<size_t>(Reason::queue_full)] += items;
  book_.enqueue_failed += items;
  see(Seen::passed_over);
  if (owner_is_early) {
    note(Notice::Kind::overflow, Reason::queue_full, items, 0, nullptr, out);
  } else if (!told_stuck_) {
    told_stuck_ = true;
    note(Notice::Kind::stuck, Reason::queue_full, 0, 0, nullptr, out);
  }
  return retry_hint(now);
}

// From the rate at which the last ten seconds drained the queue.
uint64_t Delivery::Core::retry_hint(uint64_t now) {
  constexpr uint64_t kLeast = kSecond, kMost = 60 * kSecond;
  if (stuck(now)) return random_.spread(kStuckHint, 0.2);
  count_drained(0, now);
  uint64_t drained = 0;
  for (uint64_t units : drained_) drained += units;
  double seconds = drained == 0 ? 1 : static_cast<double>(used_) * kDrainSeconds / static_cast<double>(drained);
  seconds = std::min(seconds, 60.0);
  return std::clamp(random_.spread(static_cast<uint64_t>(seconds * static_cast<double>(kSecond)), 0.2), kLeast, kMost);
}

uint32_t Delivery::Core::new_source(const Offer& offer) {
  uint32_t index = sources_.take();
  Source& source = sources_[index];
  source.user = offer.source;
  source.items = source.left = source.kept = offer.items;
  source.bytes = offer.bytes;
  source.units = units(offer.items, offer.bytes);
  source.deadline = offer.deadline_mono_ns;
  source.sensitive_dropped = offer.sensitive_dropped;
  return index;
}

void Delivery::Core::place(uint32_t index, std::string_view partition, uint64_t now) {
  Source& source = sources_[index];
  if (used_ == 0) last_progress_ = now;
  used_ += source.units;
  placed_bytes_ += source.bytes;
  book_.queued += source.items;
  source.owed = waits_;
  source.in_line = false;
  if (!waits_) source.deadline = 0;  // its sender has its answer
  if (source.deadline != 0) {
    uint64_t time = source.deadline > now ? source.deadline - now : 0;
    source.search_until = source.deadline - std::min(kSearchReserve, time / 5);
    set_alarm(source.deadline, index, source.serial, Alarm::Kind::deadline);
  }
  form(index, partition, now);
}

void Delivery::Core::admit_waiters(uint64_t now, Actions& out) {
  while (!waiters_.empty() && has_place()) {
    uint32_t index = rules_.longest_waiter_first ? waiters_.front() : waiters_.back();
    rules_.longest_waiter_first ? waiters_.pop_front() : waiters_.pop_back();
    Source& source = sources_[index];
    book_.waiting -= source.items;
    if (!waits_) answer_early(source, out);
    std::string partition = std::move(source.partition);
    place(index, partition, now);
  }
}

// Much waits for the exporter, which is at work. A queue that does not move is there to be filled.
bool Delivery::Core::has_backlog(uint64_t now) const {
  return placed_bytes_ > rules_.paces_above_bytes && ready_first_ != kNothing && now < last_progress_ + kPace &&
         !draining_;
}

// Its sender is told a little later that it is in the queue, so one that waits for answers sends no faster than the
// destination takes. It keeps the backlog short: memory small, and what is sent still in the processor's cache.
void Delivery::Core::pace(uint32_t index, uint64_t now) {
  Source& source = sources_[index];
  source.paced = true;
  paced_.push_back({now + kPace, index, source.serial});
  see(Seen::paced);
}

void Delivery::Core::release_paced(uint64_t now, Actions& out) {
  while (!paced_.empty() && (paced_.front().until <= now || !has_backlog(now))) {
    Source& source = sources_[paced_.front().source];
    if (source.serial == paced_.front().serial && source.paced) answer_early(source, out);
    paced_.pop_front();
  }
}

void Delivery::Core::refuse_waiters(Actions& out) {
  for (uint32_t index : waiters_) {
    Source& source = sources_[index];
    book_.waiting -= source.items;
    book_.returned[static_cast<size_t>(Reason::stopping)] += source.items;
    book_.enqueue_failed += source.items;
    answer(source, SLUICE_FAILED_RETRYABLE, kSecond, out);
    out.released.push_back(source.user);
    sources_.give_back(index);
  }
  waiters_.clear();
}

// The oldest source of which nothing has been sent. False: there is none.
bool Delivery::Core::evict_oldest(uint64_t now, Actions& out) {
  auto first_of = [&](const std::vector<Part>& parts) {
    for (const Part& part : parts) {
      if (!sources_[part.source].started) return part.source;
    }
    return kNothing;
  };
  uint32_t oldest = kNothing;
  for (uint32_t index = ready_first_; index != kNothing && oldest == kNothing; index = requests_[index].next) {
    oldest = first_of(requests_[index].parts);
  }
  for (auto forming = forming_.begin(); forming != forming_.end() && oldest == kNothing; ++forming) {
    oldest = first_of(forming->parts);
  }
  if (oldest == kNothing) return false;
  sources_[oldest].gone = true;
  see(Seen::evicted);
  note(Notice::Kind::overflow, Reason::queue_full, sources_[oldest].items, 0, nullptr, out);
  take_back_gone(Reason::queue_full, now, out);
  return true;
}

}  // namespace sluice::flow
