// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/shard.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::processors {

Shard::Shard(Shared shared, ContextRef context)
    : shared_(std::move(shared)),
      context_(std::move(context)),
      outbox_(shared_.host, shared_.output, kMaxInFlight,
              {.ended = [this](Outbox<Tag>::Parcel parcel,
                               const sluice_result& result) { ended(std::move(parcel), result); },
               // Who waits for the answer gets it; what nobody waits for is tried until it is taken.
               .keep = [this](const sluice_result&) { return early(); },
               .parked =
                   [this] {
                     shared_.retry_later();
                     if (const auto passed = shared_.log_limit.pass(shared_.host.now_mono_ns()))
                       shared_.host.warn("a batch was refused for now; it is kept and offered again",
                                         {{"more of these since the last", *passed}});
                   }}) {}

sluice_status Shard::add(const Call& call, uint64_t& due) {
  due = 0;
  std::vector<Formed> full;
  {
    std::lock_guard lock(mutex_);
    if (outbox_.parked() >= kMaxParked) {
      refused_ = true;
      return SLUICE_BUSY;
    }
    const uint64_t items = call.batch().item_count;
    if (early()) {
      shared_.held.change(static_cast<int64_t>(items));
      held_.add(call.keep_batch(), nullptr, 0);
    } else {
      held_.add(call.keep_batch(), std::make_shared<Source>(call.answer_later(), call.signal(), items),
                call.deadline_mono_ns());
    }
    full = take_full();
    if (!full.empty()) due_ = 0;  // the time of what is left starts anew
    if (held_.items() && due_ == 0)
      due = due_ = shared_.host.now_mono_ns() + static_cast<uint64_t>(shared_.config.timeout.count());
  }
  send(std::move(full), Trigger::size);
  return !early() || pace(call, due) ? SLUICE_PENDING : SLUICE_DONE;
}

bool Shard::pace(const Call& call, uint64_t& due) {
  if (offered_bytes_ <= kPacesAboveBytes) return false;
  std::lock_guard lock(mutex_);
  if (draining_ || offered_bytes_ <= kPacesAboveBytes) return false;  // again: ended() answers who is in the line
  const uint64_t until = shared_.host.now_mono_ns() + static_cast<uint64_t>(std::chrono::nanoseconds(kPace).count());
  paced_.push_back({until, call.answer_later()});
  due = due ? std::min(due, until) : until;
  return true;
}

void Shard::answer(std::vector<Paced> paced) {
  for (Paced& one : paced) one.answer(Result::done());
}

std::vector<Formed> Shard::take_full() {
  std::vector<Formed> full;
  while (held_.items() && (!waits() || held_.items() >= shared_.config.send_batch_size))
    full.push_back(held_.take(shared_.config.send_batch_max_size));
  return full;
}

uint64_t Shard::run_due(uint64_t now_mono_ns) {
  std::vector<Formed> all;
  std::vector<Paced> paced;
  uint64_t next;
  {
    std::lock_guard lock(mutex_);
    if (due_ && due_ <= now_mono_ns) {
      due_ = 0;
      while (held_.items()) all.push_back(held_.take(shared_.config.send_batch_max_size));
    }
    const auto later =
        std::find_if(paced_.begin(), paced_.end(), [&](const Paced& one) { return one.until_mono_ns > now_mono_ns; });
    paced.assign(std::move_iterator(paced_.begin()), std::move_iterator(later));
    paced_.erase(paced_.begin(), later);
    next = due_;
    if (!paced_.empty()) next = next ? std::min(next, paced_.front().until_mono_ns) : paced_.front().until_mono_ns;
  }
  answer(std::move(paced));
  send(std::move(all), Trigger::timeout);
  return next;
}

void Shard::drain() {
  std::vector<Formed> all;
  std::vector<Paced> paced;
  {
    std::lock_guard lock(mutex_);
    draining_ = true;
    due_ = 0;
    all = take_full();
    paced.swap(paced_);
  }
  answer(std::move(paced));
  send(std::move(all), Trigger::timeout);
}

void Shard::send(std::vector<Formed> all, Trigger trigger) {
  for (Formed& formed : all) {
    BatchRef batch = formed.make(shared_.host);
    if (!batch) {
      give_up(formed.items, formed.slices, Result::retryable(Code::resource_exhausted, "no memory to form a batch"));
      continue;
    }
    (trigger == Trigger::size ? shared_.metrics.size_trigger : shared_.metrics.timeout_trigger).add();
    shared_.metrics.send_size.record(static_cast<double>(batch.item_count()));
    shared_.metrics.send_size_bytes.record(static_cast<double>(batch.length_bytes()));
    offered_bytes_ += batch.length_bytes();
    outbox_.offer({std::move(batch), context_, std::move(formed.slices), formed.deadline_mono_ns});
  }
}

void Shard::ended(Outbox<Tag>::Parcel parcel, const sluice_result& result) {
  const uint64_t items = parcel.batch.item_count();
  if (early()) {
    // What was refused for good the core has dropped on this edge already; here it only leaves the level.
    shared_.held.change(-static_cast<int64_t>(items));
    if (result.status != SLUICE_DONE)
      shared_.host.warn("Sender failed", {{"error", view(result.text)}, {"items", items}});
  } else {
    end_slices(shared_.host, shared_.signal, parcel.tag, result);
  }
  offered_bytes_ -= parcel.batch.length_bytes();
  bool room;
  std::vector<Paced> paced;
  {
    std::lock_guard lock(mutex_);
    room = refused_ && outbox_.parked() < kMaxParked;
    if (room) refused_ = false;
    if (offered_bytes_ <= kPacesAboveBytes) paced.swap(paced_);
  }
  answer(std::move(paced));
  if (room) shared_.host.writable();
}

void Shard::abandon() {
  Formed held;
  std::vector<Paced> paced;
  {
    std::lock_guard lock(mutex_);
    held = held_.take(0);
    due_ = 0;
    paced.swap(paced_);
  }
  answer(std::move(paced));
  const Result result = Result::cancelled("the collector stops");
  give_up(held.items, held.slices, result);
  for (const auto& parcel : outbox_.take_parked()) give_up(parcel.batch.item_count(), parcel.tag, result);
}

void Shard::give_up(uint64_t items, const std::vector<Slice>& slices, const Result& result) {
  if (items == 0) return;
  if (!early()) return end_slices(shared_.host, shared_.signal, slices, result.view());
  shared_.host.dropped(shared_.signal, result.status() == SLUICE_CANCELLED ? "shutdown" : "budget", items);
  shared_.held.change(-static_cast<int64_t>(items));
}

}  // namespace sluice::processors
