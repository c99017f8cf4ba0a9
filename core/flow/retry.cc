// SPDX-License-Identifier: Apache-2.0
// What an answer means for the request and for the destination. Two scopes of pause: a request that fails alone rests,
// and others go on; a destination that fails is paused as a whole, then tried with one request, the probe.
#include <algorithm>
#include <utility>

#include "core/flow/core.h"

namespace sluice::flow {
namespace {

// The destination has spoken about the data, so it is alive.
bool is_verdict(const Decision& decision, sluice_status status) {
  bool may_pass = status == SLUICE_FAILED_RETRYABLE || status == SLUICE_CANCELLED || status == SLUICE_INVALID;
  return decision.act == Act::ranges ||
         (!may_pass && decision.act != Act::hold && decision.act != Act::retry && decision.reason != Reason::expired);
}

}  // namespace

void Delivery::Core::settle(uint32_t index, const sluice_result& result, bool is_probe, uint64_t now, Actions& out) {
  Request& request = requests_[index];
  bool failed = result.status != SLUICE_DONE;
  if (failed && result.text.len != 0) last_error_.assign(result.text.ptr, std::min<uint64_t>(result.text.len, 256));
  if (failed && (result.flags & SLUICE_RESULT_UNKNOWN) != 0) {
    request.unknown = true;
    see(Seen::unknown_outcome);
  }
  bool threw = failed && result.status != SLUICE_FAILED_RETRYABLE && result.status != SLUICE_FAILED_PERMANENT &&
               result.status != SLUICE_TOO_LARGE && result.status != SLUICE_CANCELLED &&
               result.status != SLUICE_UNIMPLEMENTED;
  request.throws = threw ? request.throws + 1 : 0;
  bool exhausted =
      result.status == SLUICE_FAILED_RETRYABLE && result.code == kResourceExhausted && result.retry_after_ns == 0;
  request.exhausted = exhausted ? request.exhausted + 1 : 0;
  if (failed && successes_ != request.successes_seen) ++request.own_failures;
  request.successes_seen = successes_;
  if (threw) see(Seen::plugin_error);

  Attempt attempt;
  attempt.items = request.items;
  attempt.bytes = request.bytes;
  attempt.throws = request.throws;
  attempt.exhausted = request.exhausted;
  attempt.own_failures = request.own_failures;
  attempt.interval_ns = is_probe ? gate_interval_ : request.interval;
  attempt.age_ns = now - request.first_try;
  attempt.backoff_cap_ns = backoff_cap_;
  attempt.ordered = ordered();
  attempt.blamed = request.rotated_at != 0 && gate_openings_ >= request.rotated_at;
  Decision decision = decide(result, attempt, retry_, random_);
  if (decision.misbehaves) {
    see(Seen::misbehaved);
    note(Notice::Kind::misbehaves, decision.reason, request.items, 0, &result, out);
  }
  if (is_probe && is_verdict(decision, result.status)) open_gate(out);
  bool refused = decision.act == Act::bisect && (result.status == SLUICE_FAILED_PERMANENT || threw);
  if (refused) blame(request, threw ? Reason::plugin_error : Reason::permanent, result, now);
  bool fails = decision.act == Act::retry && request.search != kNothing &&
               (decision.scope == Scope::request || (result.flags & SLUICE_RESULT_UNKNOWN) != 0);
  if ((refused || fails) && search_is_over(request, now)) {
    uint32_t source = request.parts.front().source;
    end_search(source, now, out);
    return end_request(index, sources_[source].blamed, request.items, &result, now, out);
  }

  switch (decision.act) {
    case Act::end:
      if (result.status == SLUICE_DONE) {
        ++successes_;
        failed_in_a_row_.clear();
        largest_passed_ = std::max(largest_passed_, request.bytes);
      }
      if (decision.reason == Reason::expired) see(Seen::gave_up);
      // A probe that gives up leaves the destination as it was: the next request probes, after the pause.
      if (is_probe && gate_ == Gate::probing) {
        gate_ = Gate::paused;
        gate_until_ = now + std::min(std::max(gate_interval_, retry_.initial_interval_ns),
                                     backoff_cap_ != 0 ? backoff_cap_ : kNever);
      }
      return end_request(index, decision.reason, decision.rejected, &result, now, out);
    case Act::ranges:
      see(Seen::ranges);
      return settle_ranges(index, result, now, out);
    case Act::retry:
    case Act::hold:
      return put_off(index, decision, result, is_probe, now, out);
    case Act::split: {
      bool hint = result.max_items != 0 || result.max_bytes != 0;
      see(hint ? Seen::split_hint : Seen::split_half);
      note(Notice::Kind::splitting, Reason::none, request.items, 0, &result, out);
      if (is_probe) probe_again(now);
      return too_large(index, decision, result.status == SLUICE_TOO_LARGE, now);
    }
    case Act::bisect:
      if (is_probe) probe_again(now);
      if (refused) return bisect(index, result, now, out);
      note(Notice::Kind::halving, Reason::none, request.items, 0, &result, out);
      return halve(index);
  }
}

void Delivery::Core::settle_ranges(uint32_t index, const sluice_result& result, uint64_t now, Actions& out) {
  std::vector<Part> parts = std::exchange(requests_[index].parts, {});
  std::vector<Part> again;
  uint64_t position = 0;  // of the request's items
  uint32_t r = 0;
  int32_t code = 0;
  bool accepted = false;
  uint64_t refused = 0;
  for (Part part : parts) {
    while (part.count != 0) {
      while (r < result.range_count && result.ranges[r].first + result.ranges[r].count <= position) ++r;
      bool inside = r < result.range_count && result.ranges[r].first <= position;
      uint64_t until = r == result.range_count ? kNever
                       : inside                ? result.ranges[r].first + result.ranges[r].count
                                               : result.ranges[r].first;
      Part run{part.source, part.first, std::min(part.count, until - position)};
      if (inside && result.ranges[r].status == SLUICE_FAILED_RETRYABLE) {
        again.push_back(run);
        if (code == 0) code = result.ranges[r].code;
      } else {
        accepted |= !inside;
        if (inside) refused += run.count;
        sluice_result why = result;
        if (inside) why.code = result.ranges[r].code;
        end_part(run, inside ? Reason::permanent : Reason::none, &requests_[index], &why, now, out);
      }
      position += run.count;
      part.first += run.count;
      part.count -= run.count;
    }
  }
  if (accepted) ++successes_, failed_in_a_row_.clear();
  if (refused != 0) note(Notice::Kind::partial, Reason::permanent, refused, 0, &result, out);
  Request& request = requests_[index];
  request.parts = std::move(again);
  request.items = request.bytes = 0;
  for (const Part& part : request.parts) {
    request.items += part.count;
    request.bytes += bytes_of(part);
  }
  if (request.items == 0) {
    return end_request(index, accepted ? Reason::none : Reason::permanent, 0, &result, now, out);
  }
  request.changed = true;
  request.successes_seen = successes_;
  sluice_result rest = result;
  rest.status = SLUICE_FAILED_RETRYABLE;
  rest.code = code;
  rest.rejected_items = 0;
  rest.ranges = nullptr;
  rest.range_count = 0;
  settle(index, rest, false, now, out);
}

void Delivery::Core::put_off(uint32_t index, Decision decision, const sluice_result& result, bool is_probe,
                             uint64_t now, Actions& out) {
  uint64_t next_try = now + decision.delay_ns;
  if (give_back_late_sources(index, next_try, result, now, out)) {
    if (is_probe && gate_ == Gate::probing) close_gate(kNothing, decision, result, is_probe, now, out);
    return;
  }
  Request& request = requests_[index];
  note(decision.act == Act::hold ? Notice::Kind::holding : Notice::Kind::retrying, Reason::none, request.items,
       decision.delay_ns, &result, out);
  if (decision.act == Act::hold) {
    holding_ = true;
    see(Seen::hold);
  }
  if (decision.scope == Scope::request && gate_ == Gate::open) {
    if (std::find(failed_in_a_row_.begin(), failed_in_a_row_.end(), index) == failed_in_a_row_.end()) {
      failed_in_a_row_.push_back(index);
    }
    if (failed_in_a_row_.size() >= kFailuresInARow) decision.scope = Scope::destination;
  }
  if (decision.scope == Scope::destination || (is_probe && gate_ == Gate::probing)) {
    return close_gate(index, decision, result, is_probe, now, out);
  }
  spare(request);
  request.interval = decision.interval_ns;
  request.state = State::resting;
  request.due = next_try;
  ++resting_;
  see(Seen::rested);
  set_alarm(next_try, index, request.generation, Alarm::Kind::rest);
}

// Senders that wait and whose deadline the next try would pass get their items back now. True: nothing is left, and the
// request is gone.
bool Delivery::Core::give_back_late_sources(uint32_t index, uint64_t next_try, const sluice_result& result,
                                            uint64_t now, Actions& out) {
  if (!waits_) return false;
  Request& request = requests_[index];
  auto is_late = [&](const Part& part) {
    uint64_t deadline = sources_[part.source].deadline;
    return deadline != 0 && deadline < next_try;
  };
  if (std::none_of(request.parts.begin(), request.parts.end(), is_late)) return false;
  std::vector<Part> late;
  for (const Part& part : request.parts) {
    if (!is_late(part)) continue;
    late.push_back(part);
    request.items -= part.count;
    request.bytes -= std::min(request.bytes, bytes_of(part));
  }
  std::erase_if(request.parts, is_late);
  request.changed = true;
  see(Seen::deadline_in_flight);
  for (const Part& part : late) end_part(part, Reason::expired, &request, &result, now, out);
  if (request.items != 0) return false;
  end_request(index, Reason::expired, 0, &result, now, out);
  return true;
}

// `index` goes to the front of the line, kNothing: it is gone. Requests that were open when the destination began to
// fail tell nothing new; only its own hints and the probe move the end of the pause.
void Delivery::Core::close_gate(uint32_t index, const Decision& decision, const sluice_result& result, bool is_probe,
                                uint64_t now, Actions& out) {
  uint64_t until = now + decision.delay_ns;
  if (gate_ == Gate::open || (is_probe && gate_ == Gate::probing)) {
    if (gate_ == Gate::open) {
      see(Seen::paused);
      note(Notice::Kind::paused, Reason::none, 0, decision.delay_ns, &result, out);
    }
    gate_ = Gate::paused;
    gate_until_ = until;
    gate_interval_ = decision.interval_ns;
  } else if (result.retry_after_ns != 0) {
    gate_until_ = std::max(gate_until_, until);
  }
  failed_in_a_row_.clear();
  if (index != kNothing) {
    Request& request = requests_[index];
    uint32_t other = ready_first_;
    push_front(index);
    spare(request);
    if (is_probe && request.probes >= kProbesUntilRotated) {
      request.probes = 0;
      if (!ordered() && other != kNothing) {  // maybe it is this request: let another one probe
        request.rotated_at = gate_openings_ + 1;
        unlink(other);
        push_front(other);
        see(Seen::probe_rotated);
      }
    }
  }
  give_up_overdue(now, out);
}

// The probe was cut and told nothing about the destination: its first part is the next one.
void Delivery::Core::probe_again(uint64_t now) {
  if (gate_ != Gate::probing) return;
  gate_ = Gate::paused;
  gate_until_ = now;
}

void Delivery::Core::open_gate(Actions& out) {
  if (gate_ == Gate::open) return;
  gate_ = Gate::open;
  gate_interval_ = 0;
  holding_ = false;
  ++gate_openings_;
  note(Notice::Kind::opened, Reason::none, 0, 0, nullptr, out);
}

// A pause ends for nobody whose next try would come after max_elapsed_time.
void Delivery::Core::give_up_overdue(uint64_t now, Actions& out) {
  if (retry_.max_elapsed_ns == 0) return;
  for (uint32_t index = ready_first_; index != kNothing;) {
    uint32_t next = requests_[index].next;
    const Request& request = requests_[index];
    if (request.started && request.first_try + retry_.max_elapsed_ns < gate_until_) {
      unlink(index);
      see(Seen::gave_up);
      sluice_result why{};
      why.struct_size = sizeof why;
      why.status = SLUICE_FAILED_RETRYABLE;
      why.code = kUnavailable;
      why.text = {last_error_.data(), last_error_.size()};
      end_request(index, Reason::expired, request.items, &why, now, out);
    }
    index = next;
  }
}

}  // namespace sluice::flow
