// SPDX-License-Identifier: Apache-2.0
// Exporters and destinations: what a call is answered, when, and what has been stored by then.
#include <algorithm>

#include "tests/sim/world.h"

namespace sluice::sim {
namespace {

enum Fault : uint8_t {
  none,
  unavailable,
  unavailable_with_hint,
  exhausted_with_hint,
  exhausted,
  internal,
  aborted,
  cancelled,
  lost_answer,  // stored, but the answer got lost
  late_ok,
  late_failure,
  hang,
  threw,
  busy,
  locked,
  some_later,
  lies_about_count,
  lies_about_ranges,
};

constexpr std::string_view kText = "as scripted";

}  // namespace

void World::begin_call(uint32_t index, const flow::Dispatch& dispatch) {
  Branch& b = *branches_[index];
  Call call;
  call.attempt = dispatch.attempt;
  call.deadline = dispatch.deadline_mono_ns;
  call.items = dispatch.items;
  call.bytes = dispatch.bytes;
  call.slices.assign(actions_.slices.begin() + dispatch.first_slice,
                     actions_.slices.begin() + dispatch.first_slice + dispatch.slice_count);
  call.number = b.next_call++;
  ++report_.requests;
  largest_call_ = std::max(largest_call_, call.bytes);
  check_dispatch(b, call);
  if (!report_.failure.empty()) return;

  Fault fault = none;
  switch (b.mode) {
    case Mode::healthy:
      break;
    case Mode::mixed:
      if (chance(50)) {
        fault = one_of({unavailable, unavailable_with_hint, exhausted_with_hint, exhausted, internal, internal, aborted,
                        cancelled, lost_answer, lost_answer, late_ok, late_ok, late_failure, hang, threw, threw, busy,
                        some_later, some_later});
      }
      if (b.lies && chance(20)) fault = one_of({lies_about_count, lies_about_ranges});
      break;
    case Mode::down:
      fault = one_of({unavailable, unavailable, unavailable_with_hint, exhausted, exhausted});
      break;
    case Mode::hanging:
      fault = one_of({hang, late_ok, late_failure, internal, lost_answer});
      break;
    case Mode::locked:
      fault = locked;
      break;
  }
  bool late_soon = call.deadline != 0 && call.deadline < now_ + 10 * kSecond;
  if (!late_soon && (fault == late_ok || fault == late_failure)) fault = internal;
  call.fault = fault;
  uint64_t in = fault == busy ? 0 : between(0, healed_ ? 10 : 60) * kMillisecond;
  if (fault == late_ok || fault == late_failure) {  // before, between or after the next attempts
    in = call.deadline - std::min(call.deadline, now_) + between(0, chance(80) ? 400 : 5000) * kMillisecond;
  }
  call.answer_at = fault == hang ? kNever : now_ + in;
  if (fault != hang) schedule(in, What::answer, index, call.number);
  b.calls.emplace(call.number, std::move(call));
}

bool World::is_bad(const Branch& branch, const Batch& batch, uint64_t item, uint64_t salt, uint32_t one_in) const {
  if (salt == 1 && batch.partition == branch.bad_partition) return true;
  if (one_in == 0) return false;
  flow::Random hash(batch.content * 1'000'003 + item * 7'919 + salt);
  return hash.below(one_in) == 0;
}

void World::store(Branch& b, const flow::Slice& slice) {
  Copy& copy = b.copies[slice.source];
  uint64_t& last = b.last_stored[batches_[slice.source].sensitive_dropped];  // never merged, so not in one order
  for (uint64_t i = slice.first; i < slice.first + slice.count; ++i) {
    if (copy.stored[i]++ != 0) continue;
    ++b.stored_items;
    uint64_t place = copy.sequence * 1'000'000 + i;
    if (b.ordered && place < last) fail("stored out of order");
    last = std::max(last, place);
  }
}

void World::answer_by_content(Branch& b, Call& call, sluice_result& result, std::vector<sluice_range>& ranges) {
  bool some_later_now = call.fault == some_later && !healed_;
  uint64_t later_from = some_later_now ? random_.below(call.items + 1) : call.items;
  if (b.max_request_bytes != 0 && call.bytes > b.max_request_bytes) {
    result.status = SLUICE_TOO_LARGE;
    if (b.gives_hints) result.max_bytes = b.max_request_bytes;
    return;
  }
  auto each = [&](auto f) {
    uint64_t position = 0;
    for (const flow::Slice& slice : call.slices) {
      const Batch& batch = batches_[slice.source];
      for (uint64_t i = slice.first; i < slice.first + slice.count; ++i) f(slice.source, batch, i, position++);
    }
  };
  bool kills = false;
  uint64_t bad = 0;
  each([&](uint64_t, const Batch& batch, uint64_t i, uint64_t position) {
    kills |= b.killer_in != 0 && is_bad(b, batch, i, 2, b.killer_in);
    if (position < later_from && is_bad(b, batch, i, 1, b.poison_in)) ++bad;
  });
  if (kills) {
    rare(Rare::killer);
    result.status = SLUICE_FAILED_RETRYABLE;
    result.code = flow::kUnavailable;
    return;
  }
  if (bad != 0 && !b.stores_the_rest && !some_later_now) {
    result.status = SLUICE_FAILED_PERMANENT;
    result.code = flow::kInvalidArgument;
    return;
  }
  each([&](uint64_t source, const Batch& batch, uint64_t i, uint64_t position) {
    bool later = position >= later_from, refused = !later && is_bad(b, batch, i, 1, b.poison_in);
    if (!later && !refused) return store(b, {source, i, 1});
    sluice_status status = later ? SLUICE_FAILED_RETRYABLE : SLUICE_FAILED_PERMANENT;
    int32_t code = later ? flow::kInternal : flow::kInvalidArgument;
    ranges.push_back({position, 1, status, code});
  });
  result.status = SLUICE_DONE;
  result.rejected_items = bad;
  if (bad != 0) result.code = chance(20) ? flow::kFailedPrecondition : flow::kInvalidArgument;
  if (!some_later_now && !b.names_ranges) {
    ranges.clear();
    b.unattributed += call.slices.size() > 1 ? bad : 0;
  }
}

void World::answer_call(uint32_t index, uint64_t number) {
  Branch& b = *branches_[index];
  auto found = b.calls.find(number);
  if (found == b.calls.end()) return;
  Call call = std::move(found->second);
  sluice_result result{};
  result.struct_size = sizeof result;
  result.status = SLUICE_FAILED_RETRYABLE;
  result.text = {kText.data(), kText.size()};
  std::vector<sluice_range> ranges;
  switch (call.fault) {
    case none:
    case late_ok:
    case some_later:
      answer_by_content(b, call, result, ranges);
      break;
    case lost_answer:
      answer_by_content(b, call, result, ranges);
      if (result.status != SLUICE_DONE) break;
      rare(Rare::unknown_but_stored);
      result = {};
      ranges.clear();
      result.status = SLUICE_FAILED_RETRYABLE;
      result.flags = SLUICE_RESULT_UNKNOWN;
      break;
    case unavailable_with_hint:
      result.retry_after_ns = between(1, 800) * kMillisecond;
      [[fallthrough]];
    case unavailable:
      result.code = flow::kUnavailable;
      break;
    case exhausted_with_hint:
      result.retry_after_ns = between(1, 800) * kMillisecond;
      [[fallthrough]];
    case exhausted:
      result.code = flow::kResourceExhausted;
      break;
    case internal:
    case late_failure:
      result.code = flow::kInternal;
      break;
    case aborted:
      result.code = flow::kAborted;
      break;
    case hang:
    case cancelled:
      result.status = SLUICE_CANCELLED;
      break;
    case threw:
      result.status = SLUICE_INVALID;
      break;
    case locked:
      result.status = SLUICE_FAILED_PERMANENT;
      result.code = one_of({flow::kUnauthenticated, flow::kPermissionDenied, flow::kNotFound});
      break;
    case lies_about_count:
      result.status = SLUICE_DONE;
      result.rejected_items = call.items + 1;
      b.unattributed += call.slices.size() > 1 ? call.items : 0;
      break;
    case lies_about_ranges:
      result.status = SLUICE_DONE;
      ranges.push_back({0, call.items + 1, SLUICE_FAILED_PERMANENT, 0});
      break;
    case busy:
      break;
  }
  result.ranges = ranges.data();
  result.range_count = static_cast<uint32_t>(ranges.size());
  if (!call.silent) {
    for (const flow::Slice& slice : call.slices) {
      Copy& copy = b.copies[slice.source];
      for (uint64_t i = slice.first; i < slice.first + slice.count; ++i) --copy.at_exporter[i];
    }
    b.bytes_at_exporter -= call.bytes;
  }
  b.calls.erase(found);
  if (call.fault == busy) {
    b.busy_until = now_ + 2 * kSecond;
    b.delivery->busy(call.attempt, now_, actions_);
    schedule(between(1, 1500) * kMillisecond, What::writable, index);
  } else {
    b.delivery->result(call.attempt, result, now_, actions_);
  }
  run_actions(index);
  for (const flow::Slice& slice : call.slices) forget_if_over(index, slice.source);
}

}  // namespace sluice::sim
