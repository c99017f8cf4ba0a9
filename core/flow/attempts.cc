// SPDX-License-Identifier: Apache-2.0
// Which request is sent when: the line of ready requests, the places, and calls that are late.
#include <algorithm>

#include "core/flow/core.h"

namespace sluice::flow {

// ---- the line ------------------------------------------------------------------------------------------------------
void Delivery::Core::push_front(uint32_t index) {
  if (!rules_.parts_in_front) return push_back(index);
  Request& request = requests_[index];
  request.state = State::ready;
  request.previous = kNothing;
  request.next = ready_first_;
  (ready_first_ == kNothing ? ready_last_ : requests_[ready_first_].previous) = index;
  ready_first_ = index;
}

void Delivery::Core::push_back(uint32_t index) {
  Request& request = requests_[index];
  request.state = State::ready;
  request.next = kNothing;
  request.previous = ready_last_;
  (ready_last_ == kNothing ? ready_first_ : requests_[ready_last_].next) = index;
  ready_last_ = index;
}

void Delivery::Core::unlink(uint32_t index) {
  Request& request = requests_[index];
  (request.previous == kNothing ? ready_first_ : requests_[request.previous].next) = request.next;
  (request.next == kNothing ? ready_last_ : requests_[request.next].previous) = request.previous;
  request.previous = request.next = kNothing;
}

// Out of wherever a request waits that is not at the exporter.
void Delivery::Core::detach(uint32_t index) {
  Request& request = requests_[index];
  switch (request.state) {
    case State::ready:
      unlink(index);
      break;
    case State::resting:
      --resting_;
      break;
    case State::parked:
      std::erase(searches_[request.search].parked, index);
      break;
    case State::purse:
      std::erase(purse_line_, index);
      break;
    case State::open:
    case State::unused:
      break;
  }
}

// ---- sending -------------------------------------------------------------------------------------------------------
uint64_t Delivery::Core::place_limit() const {
  return limits_.max_in_flight != 0 ? std::min<uint64_t>(consumers_, limits_.max_in_flight) : consumers_;
}

bool Delivery::Core::may_dispatch(uint64_t now) {
  if (cut_ || ready_first_ == kNothing || places_used() >= place_limit() || resting_ >= consumers_) return false;
  if (gate_ == Gate::probing || (gate_ == Gate::paused && now < gate_until_)) return false;
  if (now < exporter_busy_until_ || now < no_headroom_until_) return false;
  return purse_line_.empty() || !ordered();
}

void Delivery::Core::pump(uint64_t now, Actions& out) {
  while (may_dispatch(now)) {
    uint32_t index = ready_first_;
    unlink(index);
    if (!start(cut_to_limits(index, now), now, out)) return;
  }
}

bool Delivery::Core::start(uint32_t index, uint64_t now, Actions& out) {
  Request& request = requests_[index];
  request.reserved_bytes = 0;
  if (budget_ && rules_.headroom_before_dispatch) {
    if (!budget_->begin_dispatch(request.bytes)) {
      push_front(index);
      no_headroom_until_ = now + kHeadroomPause;
      see(Seen::headroom_waited);
      return false;
    }
    request.reserved_bytes = request.bytes;
  }
  if (!request.started) {
    request.started = true;
    request.first_try = now;
    request.successes_seen = successes_;
    book_.queued -= request.items;
    book_.in_flight += request.items;
    ++in_flight_requests_;
  }
  if (request.unknown) {
    book_.resent += request.items;
    book_.duplicates_possible += request.items;
  }
  ++request.generation;
  ++request.tries;
  request.changed = false;
  request.deadline = timeout_ != 0 ? now + timeout_ : kNever;
  for (const Part& part : request.parts) {
    Source& source = sources_[part.source];
    source.started = true;
    if (!source.owed) continue;
    bool searched = source.blamed != Reason::none && now < source.search_until && rules_.search_ends_in_time;
    uint64_t until = searched ? source.search_until : source.deadline;
    if (until != 0) request.deadline = std::min(request.deadline, until);
  }
  if (request.search != kNothing) ++searches_[request.search].requests;
  uint64_t deadline = request.deadline;  // as the exporter hears it
  if (deadline != kNever) request.deadline += kAnswerGrace;
  attempts_due_ = std::min(attempts_due_, request.deadline);
  request.state = State::open;
  request.position = static_cast<uint32_t>(open_.size());
  open_.push_back(index);
  if (gate_ == Gate::paused) {
    gate_ = Gate::probing;
    probe_ = attempt_of(index);
    ++request.probes;
    see(Seen::probe);
  }

  Dispatch& dispatch = out.dispatches.emplace_back();
  dispatch.attempt = attempt_of(index);
  dispatch.deadline_mono_ns = deadline == kNever ? 0 : deadline;
  dispatch.items = request.items;
  dispatch.bytes = request.bytes;
  dispatch.first_slice = static_cast<uint32_t>(out.slices.size());
  dispatch.slice_count = static_cast<uint32_t>(request.parts.size());
  dispatch.tries = request.tries;
  for (const Part& part : request.parts) out.slices.push_back({sources_[part.source].user, part.first, part.count});
  return true;
}

void Delivery::Core::leave_exporter(uint32_t index) {
  Request& request = requests_[index];
  if (request.reserved_bytes != 0) {
    budget_->end_dispatch(request.reserved_bytes);
    request.reserved_bytes = 0;
  }
  open_[request.position] = open_.back();
  requests_[open_.back()].position = request.position;
  open_.pop_back();
}

// ---- answers -------------------------------------------------------------------------------------------------------
sluice_status Delivery::Core::result(uint64_t attempt, const sluice_result& result, uint64_t now, Actions& out) {
  forget_silent(attempt);
  auto index = static_cast<uint32_t>(attempt);
  bool known = index < requests_.capacity() && requests_[index].state != State::unused;
  bool current = known && attempt_of(index) == attempt;
  sluice_status told = SLUICE_DONE;
  if (known && requests_[index].state == State::open && (current || !rules_.stale_results_ignored)) {
    leave_exporter(index);
    settle(index, result, attempt == probe_, now, out);
  } else if (current && requests_[index].tries != 0 && result.status == SLUICE_DONE && result.range_count == 0 &&
             !requests_[index].changed && rules_.late_ok_counts) {
    detach(index);  // it waited for its next attempt, which is no longer needed
    see(Seen::late_ok);
    settle(index, result, attempt == probe_, now, out);
  } else {
    see(current ? Seen::late_ignored : Seen::stale_result);
    told = SLUICE_CANCELLED;
  }
  finish_step(now, out);
  return told;
}

void Delivery::Core::busy(uint64_t attempt, uint64_t now, Actions& out) {
  auto index = static_cast<uint32_t>(attempt);
  forget_silent(attempt);
  if (index < requests_.capacity() && requests_[index].state == State::open && attempt_of(index) == attempt) {
    leave_exporter(index);
    --requests_[index].tries;
    if (attempt == probe_) gate_ = Gate::paused;
    push_front(index);
    exporter_busy_until_ = now + kExporterBusyPause;
    see(Seen::exporter_busy);
  }
  finish_step(now, out);
}

void Delivery::Core::writable(uint64_t now, Actions& out) {
  exporter_busy_until_ = 0;
  finish_step(now, out);
}

// ---- lateness ------------------------------------------------------------------------------------------------------
void Delivery::Core::expire_attempts(uint64_t now, Actions& out) {
  if (now < attempts_due_) return;
  std::vector<uint32_t> late;
  attempts_due_ = kNever;
  for (uint32_t index : open_) {
    if (requests_[index].deadline <= now) {
      late.push_back(index);
    } else {
      attempts_due_ = std::min(attempts_due_, requests_[index].deadline);
    }
  }
  constexpr std::string_view kText = "no answer within the timeout";
  sluice_result result{};
  result.struct_size = sizeof result;
  result.status = SLUICE_FAILED_RETRYABLE;
  result.code = kDeadlineExceeded;
  result.flags = SLUICE_RESULT_UNKNOWN;
  result.text = {kText.data(), kText.size()};
  for (uint32_t index : late) {
    uint64_t attempt = attempt_of(index);
    leave_exporter(index);
    go_silent(attempt, now, out);
    settle(index, result, attempt == probe_, now, out);
  }
}

// The call is still inside the exporter. Where order is promised it keeps its place, or the next call would overtake
// it; and an exporter that hangs must not be fed without end.
void Delivery::Core::go_silent(uint64_t attempt, uint64_t now, Actions& out) {
  bool keeps = silent_.size() >= kSilentAlarm || (ordered() && rules_.silent_keeps_place);
  silent_.push_back({attempt, now, keeps});
  silent_keeping_ += keeps;
  if (silent_.size() == kSilentAlarm) {
    see(Seen::silent);
    note(Notice::Kind::silent, Reason::none, 0, 0, nullptr, out);
  }
}

void Delivery::Core::forget_silent(uint64_t attempt) {
  auto found = std::find_if(silent_.begin(), silent_.end(), [&](const Silent& s) { return s.attempt == attempt; });
  if (found == silent_.end()) return;
  silent_keeping_ -= found->keeps_place;
  silent_.erase(found);
}

void Delivery::Core::free_silent_places(uint64_t now, Actions& out) {
  size_t without_place = silent_.size() - silent_keeping_;
  for (Silent& silent : silent_) {
    if (!silent.keeps_place || now < silent.since + kSilentKeepsPlace || without_place >= kSilentAlarm) continue;
    silent.keeps_place = false;
    --silent_keeping_;
    ++without_place;
    see(Seen::silent);
    note(Notice::Kind::silent, Reason::none, 0, 0, nullptr, out);
  }
}

}  // namespace sluice::flow
