// SPDX-License-Identifier: Apache-2.0
// The wrapper's time: what every event ends with, the alarms, and the end of all.
#include <algorithm>
#include <vector>

#include "core/flow/core.h"

namespace sluice::flow {
namespace {

// Later ones below, as the heap functions want it.
constexpr auto kLater = [](const auto& a, const auto& b) { return a.due > b.due; };

}  // namespace

// After every event: lets in who waits, sends what can be sent, and asks to be woken when something is due.
void Delivery::Core::finish_step(uint64_t now, Actions& out) {
  if (!cut_) {
    admit_waiters(now, out);
    if (!purse_line_.empty()) open_purse(now);
    while (!forming_.empty() && forming_.front().due <= now) flush(forming_.begin(), Seen::flush_time);
    flush_if_nobody_gains();
    pump(now, out);
  }
  release_paced(now, out);
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
  if (!paced_.empty()) at(paced_.front().until);
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

// ---- the end -------------------------------------------------------------------------------------------------------
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

}  // namespace sluice::flow
