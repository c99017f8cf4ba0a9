// SPDX-License-Identifier: Apache-2.0
// The wrapper's door (places, waiters, reservations), its clock, and its end.
#include "core/flow/delivery.h"

#include <algorithm>
#include <limits>

#include "core/flow/core.h"

namespace sluice::flow {
namespace {

uint64_t ns(Duration d) {
  return d.count() > 0 ? static_cast<uint64_t>(d.count()) : 0;
}

RetrySettings retry_of(const Section<config::RetryOnFailure>& section) {
  RetrySettings r;
  r.on = section.on;
  r.initial_interval_ns = ns(section->initial_interval);
  r.randomization_factor = section->randomization_factor;
  r.multiplier = section->multiplier;
  r.max_interval_ns = ns(section->max_interval);
  r.max_elapsed_ns = ns(section->max_elapsed_time);
  return r;
}

// Later ones below, as the heap functions want it.
constexpr auto kLater = [](const auto& a, const auto& b) { return a.due > b.due; };

}  // namespace

std::string_view message(Notice::Kind kind) {
  switch (kind) {
    case Notice::Kind::retrying:
      return "Exporting failed. Will retry the request after interval.";
    case Notice::Kind::dropping:
      return "Exporting failed. Dropping data.";
    case Notice::Kind::rejecting:
      return "Exporting failed. Rejecting data.";
    case Notice::Kind::paused:
      return "The destination fails. Nothing is sent until a probe passes.";
    case Notice::Kind::opened:
      return "The destination answers again.";
    case Notice::Kind::holding:
      return "The destination refuses our credentials or address. Will try again slowly until that is repaired.";
    case Notice::Kind::splitting:
      return "The request is too large. Sending smaller ones.";
    case Notice::Kind::halving:
      return "The request fails while others pass. Sending it in halves.";
    case Notice::Kind::bisecting:
      return "The request was refused. Searching for the items that are to blame.";
    case Notice::Kind::searched:
      return "The search for refused items has ended.";
    case Notice::Kind::stuck:
      return "The queue is full and nothing has been delivered for 5 seconds.";
    case Notice::Kind::silent:
      return "The exporter does not answer calls that passed their deadline.";
    case Notice::Kind::misbehaves:
      return "The exporter's answer breaks a rule.";
    case Notice::Kind::partial:
      return "The destination took the request without some of its items.";
    case Notice::Kind::overflow:
      return "The queue is full. Dropping data.";
  }
  return "";
}

Delivery::Core::Core(const config::Delivery& settings, const Payload& payload, Budget* budget, uint64_t seed)
    : queue_(settings.sending_queue.on),
      waits_(!queue_ || settings.sending_queue->wait_for_result),
      capacity_(queue_ ? settings.sending_queue->queue_size : kNever),
      block_on_overflow_(settings.sending_queue->block_on_overflow),
      batch_(queue_ && settings.sending_queue->batch.on),
      partitioned_(batch_ && !settings.sending_queue->batch->partition.metadata_keys.empty()),
      batch_by_bytes_(settings.sending_queue->batch->sizer == config::Sizer::bytes),
      when_full_(waits_ ? config::WhenFull::refuse : settings.sending_queue->when_full),
      sizer_(queue_ ? settings.sending_queue->sizer : config::Sizer::requests),
      consumers_(queue_ ? settings.sending_queue->num_consumers : kNever),
      timeout_(ns(settings.timeout)),
      flush_timeout_(ns(settings.sending_queue->batch->flush_timeout)),
      min_size_(settings.sending_queue->batch->min_size),
      max_size_(settings.sending_queue->batch->max_size),
      retry_(retry_of(settings.retry_on_failure)),
      payload_(payload),
      budget_(budget),
      random_(seed) {}

// ---- the door
// ----------------------------------------------------------------------------------------------------------
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
    offered.verdict = waits_ ? Verdict::pending : Verdict::taken;
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
    if (!waits_) {
      source.flags = SLUICE_RESULT_EARLY;
      answer(source, SLUICE_DONE, 0, out);
      source.flags = 0;
    }
    std::string partition = std::move(source.partition);
    place(index, partition, now);
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

// ---- the clock
// --------------------------------------------------------------------------------------------------------- After every
// event: lets in who waits, sends what can be sent, and asks to be woken when something is due.
void Delivery::Core::finish_step(uint64_t now, Actions& out) {
  if (!cut_) {
    admit_waiters(now, out);
    if (!purse_line_.empty()) open_purse(now);
    while (!forming_.empty() && forming_.front().due <= now) flush(forming_.begin(), Seen::flush_time);
    flush_if_nobody_gains();
    pump(now, out);
  }
  if (owes_resume_ && (cut_ || has_place())) {
    owes_resume_ = false;
    out.resume = true;
  }
  bool degraded = gate_ != Gate::open || silent_.size() >= kSilentAlarm;
  if (degraded != told_degraded_) {
    told_degraded_ = degraded;
    out.health_changed = true;
  }
  out.empty = draining_ && sources_.size() == 0;
  if (!spared_.empty()) tell_kept(out);
  arm(now, out);
}

void Delivery::Core::arm(uint64_t now, Actions& out) {
  while (!alarms_.empty() && !is_live(alarms_.front())) {
    std::pop_heap(alarms_.begin(), alarms_.end(), kLater);
    alarms_.pop_back();
  }
  uint64_t due = attempts_due_;
  auto at = [&](uint64_t when) { due = std::min(due, when); };
  if (!alarms_.empty()) at(alarms_.front().due);
  if (!forming_.empty()) at(forming_.front().due);
  if (!purse_line_.empty()) at(purse_filled_at_ + kPurseRefill);
  if (ready_first_ != kNothing) {
    if (gate_ == Gate::paused && gate_until_ > now) at(gate_until_);
    if (exporter_busy_until_ > now) at(exporter_busy_until_);
    if (no_headroom_until_ > now) at(no_headroom_until_);
    for (const Silent& silent : silent_) {
      if (silent.keeps_place && silent.since + kSilentKeepsPlace > now) at(silent.since + kSilentKeepsPlace);
    }
  }
  if (due == kNever || (armed_ != 0 && armed_ <= due)) return;
  armed_ = out.timer_mono_ns = std::max(due, now + 1);
}

bool Delivery::Core::is_live(const Alarm& alarm) const {
  if (alarm.kind == Alarm::Kind::rest) {
    const Request& request = requests_[alarm.index];
    return request.generation == alarm.serial && request.state == State::resting;
  }
  const Source& source = sources_[alarm.index];
  return source.serial == alarm.serial && source.owed;
}

void Delivery::Core::set_alarm(uint64_t due, uint32_t index, uint32_t serial, Alarm::Kind kind) {
  constexpr size_t kWorthCleaning = 1024;
  if (alarms_.size() >= kWorthCleaning && alarms_.size() > 4 * (sources_.size() + size_t{requests_.size()})) {
    std::erase_if(alarms_, [&](const Alarm& alarm) { return !is_live(alarm); });
    std::make_heap(alarms_.begin(), alarms_.end(), kLater);
  }
  alarms_.push_back({due, index, serial, kind});
  std::push_heap(alarms_.begin(), alarms_.end(), kLater);
}

void Delivery::Core::run_alarms(uint64_t now, Actions& out) {
  bool any_gone = false;
  std::vector<uint32_t> gone;
  while (!alarms_.empty() && alarms_.front().due <= now) {
    Alarm alarm = alarms_.front();
    std::pop_heap(alarms_.begin(), alarms_.end(), kLater);
    alarms_.pop_back();
    if (!is_live(alarm)) continue;
    if (alarm.kind == Alarm::Kind::rest) {
      --resting_;
      push_front(alarm.index);
      continue;
    }
    if (alarm.kind == Alarm::Kind::search) {
      if (gate_ == Gate::open) end_search(alarm.index, now, out);
      continue;
    }
    Source& source = sources_[alarm.index];
    if (source.in_line) {
      see(Seen::deadline_waiting);
      std::erase(waiters_, alarm.index);
      book_.waiting -= source.items;
      book_.returned[static_cast<size_t>(Reason::deadline)] += source.items;
      book_.enqueue_failed += source.items;
      answer(source, SLUICE_CANCELLED, 0, out);
      out.released.push_back(source.user);
      sources_.give_back(alarm.index);
    } else {  // what is at the exporter stays there and ends later; the rest goes back
      see(source.started ? Seen::deadline_in_flight : Seen::deadline_queued);
      answer(source, SLUICE_CANCELLED, 0, out);
      book_.duplicates_possible += source.delivered;
      if (source.suspect && source.blamed == Reason::none) alone_until_ = now + kSentAlone;
      source.gone = any_gone = true;
      gone.push_back(alarm.index);
    }
  }
  if (!any_gone) return;
  take_back_gone(Reason::deadline, now, out);
  for (uint32_t index : gone) sources_[index].gone = false;
}

void Delivery::Core::timer(uint64_t now, Actions& out) {
  armed_ = 0;
  if (!cut_) {
    expire_attempts(now, out);
    run_alarms(now, out);
    free_silent_places(now, out);
  }
  finish_step(now, out);
}

// ---- the end
// -----------------------------------------------------------------------------------------------------------
void Delivery::Core::drain(uint64_t backoff_cap, uint64_t now, Actions& out) {
  if (draining_) return;
  draining_ = true;
  backoff_cap_ = std::max<uint64_t>(backoff_cap, 1);
  see(Seen::drained);
  refuse_waiters(out);
  for (uint32_t index = 0; index < requests_.capacity(); ++index) {
    if (requests_[index].state != State::resting) continue;
    --resting_;
    push_front(index);
  }
  gate_until_ = std::min(gate_until_, now);
  gate_interval_ = 0;
  exporter_busy_until_ = 0;
  finish_step(now, out);
}

void Delivery::Core::end_now(uint64_t now, Actions& out) {
  if (cut_) return;
  cut_ = draining_ = true;
  if (used_ != 0) {
    see(Seen::cut_with_backlog);
    note(waits_ ? Notice::Kind::rejecting : Notice::Kind::dropping, Reason::shutdown, book_.queued + book_.in_flight, 0,
         nullptr, out);
    out.notices.back().text = last_error_;
  }
  refuse_waiters(out);
  for (Forming& forming : forming_) {
    for (const Part& part : forming.parts) end_part(part, Reason::shutdown, nullptr, nullptr, now, out);
  }
  forming_.clear();
  by_key_.clear();
  for (uint32_t index = 0; index < requests_.capacity(); ++index) {
    Request& request = requests_[index];
    if (request.state == State::unused) continue;
    request.state == State::open ? leave_exporter(index) : detach(index);
    request.search = kNothing;  // there is no next part
    end_request(index, Reason::shutdown, request.items, nullptr, now, out);
  }
  alarms_.clear();
  silent_.clear();
  silent_keeping_ = 0;
  attempts_due_ = kNever;
  finish_step(now, out);
}

void Delivery::Core::set_limits(const Limits& limits, uint64_t now, Actions& out) {
  limits_ = limits;
  finish_step(now, out);
}

// ---- looking
// -----------------------------------------------------------------------------------------------------------
Delivery::Levels Delivery::Core::recount() const {
  Levels levels;
  std::vector<bool> placed(sources_.capacity());
  auto count = [&](const std::vector<Part>& parts, uint64_t& level) {
    for (const Part& part : parts) {
      level += part.count;
      if (!placed[part.source]) levels.used += sources_[part.source].units;
      placed[part.source] = true;
    }
  };
  for (uint32_t index : waiters_) levels.waiting += sources_[index].items;
  for (const Forming& forming : forming_) count(forming.parts, levels.queued);
  for (uint32_t index = 0; index < requests_.capacity(); ++index) {
    const Request& request = requests_[index];
    if (request.state == State::unused) continue;
    count(request.parts, request.started ? levels.in_flight : levels.queued);
    levels.in_flight_requests += request.started;
  }
  return levels;
}

uint64_t Delivery::Core::imbalance() const {
  Levels real = recount();
  auto apart = [](uint64_t a, uint64_t b) { return a > b ? a - b : b - a; };
  return book_.imbalance() + apart(book_.waiting, real.waiting) + apart(book_.queued, real.queued) +
         apart(book_.in_flight, real.in_flight) + apart(used_, real.used) +
         apart(in_flight_requests_, real.in_flight_requests);
}

Health Delivery::Core::health() const {
  if (silent_.size() >= kSilentAlarm) return {true, std::string(message(Notice::Kind::silent))};
  if (gate_ == Gate::open) return {};
  Notice::Kind kind = holding_ ? Notice::Kind::holding : Notice::Kind::paused;
  return {true, std::string(message(kind)) + (last_error_.empty() ? "" : " " + last_error_)};
}

// ---- the public face
// ---------------------------------------------------------------------------------------------------
Delivery::Delivery(const config::Delivery& settings, const Payload& payload, Budget* budget, uint64_t seed)
    : core_(std::make_unique<Core>(settings, payload, budget, seed)) {}
Delivery::~Delivery() = default;

Offered Delivery::offer(const Offer& offer, uint64_t now, Actions& out) {
  return core_->offer(offer, now, out);
}
Room Delivery::reserve(uint64_t items, uint64_t bytes, uint64_t now) {
  return core_->reserve(items, bytes, now);
}
void Delivery::cancel(uint64_t items, uint64_t bytes, uint64_t now, Actions& out) {
  core_->cancel(items, bytes, now, out);
}
uint64_t Delivery::pass_over(uint64_t items, bool owner_is_early, uint64_t now, Actions& out) {
  return core_->pass_over(items, owner_is_early, now, out);
}
uint64_t Delivery::retry_hint_ns(uint64_t now) {
  return core_->retry_hint(now);
}
sluice_status Delivery::result(uint64_t attempt, const sluice_result& result, uint64_t now, Actions& out) {
  return core_->result(attempt, result, now, out);
}
void Delivery::busy(uint64_t attempt, uint64_t now, Actions& out) {
  core_->busy(attempt, now, out);
}
void Delivery::writable(uint64_t now, Actions& out) {
  core_->writable(now, out);
}
void Delivery::set_limits(const Limits& limits, uint64_t now, Actions& out) {
  core_->set_limits(limits, now, out);
}
void Delivery::timer(uint64_t now, Actions& out) {
  core_->timer(now, out);
}
void Delivery::drain(uint64_t backoff_cap_ns, uint64_t now, Actions& out) {
  core_->drain(backoff_cap_ns, now, out);
}
void Delivery::cut(uint64_t now, Actions& out) {
  core_->end_now(now, out);
}
const Book& Delivery::book() const {
  return core_->book_;
}
const SeenCounts& Delivery::seen() const {
  return core_->seen_;
}
uint64_t Delivery::queue_size() const {
  return core_->used_;
}
uint64_t Delivery::queue_capacity() const {
  return core_->queue_ ? core_->capacity_ : 0;
}
uint64_t Delivery::in_flight_requests() const {
  return core_->in_flight_requests_;
}
bool Delivery::empty() const {
  return core_->sources_.size() == 0;
}
bool Delivery::waits_for_result() const {
  return core_->waits_;
}
Health Delivery::health() const {
  return core_->health();
}
Delivery::Levels Delivery::recount() const {
  return core_->recount();
}
uint64_t Delivery::imbalance() const {
  return core_->imbalance();
}
void Delivery::set_rules_for_test(const Rules& rules) {
  core_->rules_ = rules;
}

}  // namespace sluice::flow
