// SPDX-License-Identifier: Apache-2.0
// What to do with a request after an exporter's answer: one pure function over one table (docs/delivery.md). It knows
// no destinations: a plugin maps HTTP status, headers and text to a sluice_result, and this maps the result to an act.
#ifndef SLUICE_CORE_FLOW_DECIDE_H
#define SLUICE_CORE_FLOW_DECIDE_H

#include <cstdint>

#include "core/flow/random.h"
#include "core/flow/reason.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::flow {

inline constexpr uint64_t kMillisecond = 1'000'000;
inline constexpr uint64_t kSecond = 1'000 * kMillisecond;
inline constexpr uint64_t kNever = UINT64_MAX;

// Canonical gRPC status codes, as in sluice_result::code.
enum Code : int32_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

inline constexpr uint32_t kThrowsUntilGivenUp = 3;

struct RetrySettings {
  bool on = true;
  uint64_t initial_interval_ns = 5 * kSecond;
  double randomization_factor = 0.5;
  double multiplier = 1.5;
  uint64_t max_interval_ns = 30 * kSecond;
  uint64_t max_elapsed_ns = 300 * kSecond;  // 0: never gives up
};

// What the wrapper knows of the attempt that was answered.
struct Attempt {
  uint64_t items = 0;
  uint64_t bytes = 0;
  uint32_t throws = 0;          // attempts in a row in which the plugin threw or broke a rule, this one included
  uint32_t exhausted = 0;       // attempts in a row refused RESOURCE_EXHAUSTED without a hint, this one included
  uint32_t own_failures = 0;    // failures of this request between which others passed, this one included
  uint64_t interval_ns = 0;     // backoff before jitter used last; 0: none yet
  uint64_t age_ns = 0;          // since the first attempt of the request
  uint64_t backoff_cap_ns = 0;  // while draining: no pause is longer; 0: no cap
  bool ordered = false;         // order is promised: every pause stops the whole destination
  bool blamed = false;          // failed as the probe, then another request passed: it is this one
};

enum class Act : uint8_t {
  end,     // every item ends: delivered if `reason` is none, except `rejected` items; else by `reason`
  ranges,  // the result's ranges say which items end how; what is retryable goes on by a second decision
  retry,   // again after `delay_ns`
  hold,    // again after `delay_ns`, and tell the operator
  split,   // into pieces of `piece_items`, `piece_bytes` (0: no such bound)
  bisect,  // cut in two, at source borders first, to find what is refused
};
enum class Scope : uint8_t { request, destination };  // what pauses: this request, or all that goes there

struct Decision {
  Act act = Act::end;
  Reason reason = Reason::none;  // of the items that end
  Scope scope = Scope::request;
  bool alarm = false;       // the operator must act
  bool misbehaves = false;  // the answer broke a rule of the border
  uint64_t rejected = 0;    // with end: so many of the items end by `reason`, the rest is delivered
  uint64_t delay_ns = 0;
  uint64_t interval_ns = 0;  // to be kept for the next decision
  uint64_t piece_items = 0;
  uint64_t piece_bytes = 0;
};

Decision decide(const sluice_result& result, const Attempt& attempt, const RetrySettings& retry,
                Random& random) noexcept;

// Whether a result's ranges are ascending, disjoint, inside of `items` and of a legal status.
bool ranges_are_sound(const sluice_result& result, uint64_t items) noexcept;

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_DECIDE_H
