// SPDX-License-Identifier: Apache-2.0
// The table of docs/delivery.md, row by row.
#include "core/flow/decide.h"

#include <algorithm>

namespace sluice::flow {
namespace {

constexpr uint64_t kMostRetryAfter = 300 * kSecond;  // a destination cannot park us for longer
constexpr uint32_t kExhaustedUntilSplit = 3;
constexpr uint32_t kOwnFailuresUntilBisect = 5;

Decision end(Reason reason, uint64_t rejected) {
  Decision d;
  d.reason = reason;
  d.rejected = rejected;
  return d;
}

// Exponential from the initial interval to the maximum, spread by the randomization factor. The interval before the
// spread is what grows, so jitter does not add up.
void back_off(const Attempt& attempt, const RetrySettings& retry, uint64_t retry_after, Random& random, Decision& d) {
  double grown = static_cast<double>(attempt.interval_ns) * retry.multiplier;
  uint64_t interval = attempt.interval_ns == 0                              ? retry.initial_interval_ns
                      : grown >= static_cast<double>(retry.max_interval_ns) ? retry.max_interval_ns
                                                                            : static_cast<uint64_t>(grown);
  d.interval_ns = std::max<uint64_t>(1, std::min(interval, retry.max_interval_ns));
  d.delay_ns =
      std::max(random.spread(d.interval_ns, retry.randomization_factor), std::min(retry_after, kMostRetryAfter));
  if (attempt.backoff_cap_ns != 0) d.delay_ns = std::min(d.delay_ns, attempt.backoff_cap_ns);
}

// A pause, if there is to be a next try at all.
Decision again(Act act, Scope scope, const sluice_result& result, const Attempt& attempt, const RetrySettings& retry,
               Random& random) {
  if (!retry.on) return end(act == Act::hold ? Reason::permanent : Reason::expired, attempt.items);
  Decision d;
  d.act = act;
  d.scope = attempt.ordered ? Scope::destination : scope;
  d.alarm = act == Act::hold;
  back_off(attempt, retry, result.retry_after_ns, random, d);
  if (act == Act::hold) {
    d.delay_ns = std::max(retry.max_interval_ns, d.delay_ns);
    if (attempt.backoff_cap_ns != 0) d.delay_ns = std::min(d.delay_ns, attempt.backoff_cap_ns);
  }
  if (retry.max_elapsed_ns != 0 && attempt.age_ns + d.delay_ns > retry.max_elapsed_ns) {
    return end(Reason::expired, attempt.items);
  }
  return d;
}

Decision cut(Act act, uint64_t piece_items, uint64_t piece_bytes) {
  Decision d;
  d.act = act;
  d.piece_items = piece_items;
  d.piece_bytes = piece_bytes;
  return d;
}

Decision too_large(const sluice_result& result, const Attempt& attempt) {
  if (attempt.items <= 1) return end(Reason::too_large, attempt.items);
  // A hint that would change nothing is none: each split must get smaller, or it would go on for ever.
  uint64_t items = result.max_items < attempt.items ? result.max_items : 0;
  uint64_t bytes = result.max_bytes < attempt.bytes ? result.max_bytes : 0;
  if (items == 0 && bytes == 0) bytes = std::max<uint64_t>(1, attempt.bytes / 2);
  return cut(Act::split, items, bytes);
}

Decision retryable(const sluice_result& result, const Attempt& attempt, const RetrySettings& retry, Random& random) {
  if (result.code == kUnavailable || result.code == kResourceExhausted) {
    if (result.code == kResourceExhausted && result.retry_after_ns == 0 && attempt.items > 1 &&
        attempt.exhausted >= kExhaustedUntilSplit) {
      return cut(Act::split, 0, std::max<uint64_t>(1, attempt.bytes / 2));
    }
    if (!attempt.blamed) return again(Act::retry, Scope::destination, result, attempt, retry, random);
  }
  if (result.code == kUnauthenticated || result.code == kPermissionDenied) {
    return again(Act::hold, Scope::destination, result, attempt, retry, random);
  }
  if (attempt.own_failures >= kOwnFailuresUntilBisect && attempt.items > 1 && !attempt.ordered) {
    return cut(Act::bisect, 0, 0);
  }
  return again(Act::retry, Scope::request, result, attempt, retry, random);
}

Decision permanent(const sluice_result& result, const Attempt& attempt, const RetrySettings& retry, Random& random) {
  switch (result.code) {
    case kUnauthenticated:
    case kPermissionDenied:
    case kNotFound:
    case kUnimplemented:  // wrong credentials or a wrong address: nothing is wrong with the data
      return again(Act::hold, Scope::destination, result, attempt, retry, random);
    default:
      return attempt.items <= 1 ? end(Reason::permanent, attempt.items) : cut(Act::bisect, 0, 0);
  }
}

Decision threw(const sluice_result& result, const Attempt& attempt, const RetrySettings& retry, Random& random) {
  Decision d;
  if (attempt.throws < kThrowsUntilGivenUp) {
    d = again(Act::retry, Scope::request, result, attempt, retry, random);
  } else {
    d = attempt.items <= 1 ? end(Reason::plugin_error, attempt.items) : cut(Act::bisect, 0, 0);
  }
  d.misbehaves = true;
  return d;
}

}  // namespace

bool ranges_are_sound(const sluice_result& result, uint64_t items) noexcept {
  uint64_t from = 0;
  for (uint32_t i = 0; i < result.range_count; ++i) {
    const sluice_range& range = result.ranges[i];
    if (range.first < from || range.first > items || range.count > items - range.first) return false;
    if (range.status != SLUICE_FAILED_RETRYABLE && range.status != SLUICE_FAILED_PERMANENT) return false;
    from = range.first + range.count;
  }
  return true;
}

Decision decide(const sluice_result& result, const Attempt& attempt, const RetrySettings& retry,
                Random& random) noexcept {
  if (result.range_count != 0 && result.status != SLUICE_TOO_LARGE) {
    if (!ranges_are_sound(result, attempt.items)) {
      Decision d = end(Reason::invalid, attempt.items);
      d.misbehaves = true;
      return d;
    }
    return cut(Act::ranges, 0, 0);
  }
  switch (result.status) {
    case SLUICE_DONE: {
      uint64_t rejected = std::min(result.rejected_items, attempt.items);
      Reason reason = rejected == 0                        ? Reason::none
                      : result.code == kFailedPrecondition ? Reason::blocked
                                                           : Reason::partial;
      Decision d = end(reason, rejected);
      d.misbehaves = result.rejected_items > attempt.items;
      return d;
    }
    case SLUICE_FAILED_PERMANENT:
      return permanent(result, attempt, retry, random);
    case SLUICE_UNIMPLEMENTED:
      return again(Act::hold, Scope::destination, result, attempt, retry, random);
    case SLUICE_TOO_LARGE:
      return too_large(result, attempt);
    case SLUICE_FAILED_RETRYABLE:
    case SLUICE_CANCELLED:
      return retryable(result, attempt, retry, random);
    default:
      return threw(result, attempt, retry, random);
  }
}

}  // namespace sluice::flow
