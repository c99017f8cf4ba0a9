// SPDX-License-Identifier: Apache-2.0
// Every row of the table in docs/delivery.md, then what Loki, Tempo and Prometheus answer, as their plugins map it.
#include "core/flow/decide.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace sluice::flow {
namespace {

sluice_result result_of(sluice_status status, int32_t code = 0) {
  sluice_result r{};
  r.struct_size = sizeof r;
  r.status = status;
  r.code = code;
  return r;
}

Attempt attempt_of(uint64_t items) {
  Attempt a;
  a.items = items;
  a.bytes = items * 100;
  return a;
}

const RetrySettings kRetry;

Decision ask(const sluice_result& r, const Attempt& a, const RetrySettings& retry = kRetry) {
  Random random(1);
  return decide(r, a, retry, random);
}

struct Row {
  const char* what;
  sluice_status status;
  int32_t code;
  uint64_t rejected;
  uint64_t items;
  Act act;
  Reason reason;
  Scope scope = Scope::request;
  bool alarm = false;
};

void check(const Row& row) {
  INFO(row.what);
  sluice_result r = result_of(row.status, row.code);
  r.rejected_items = row.rejected;
  Decision d = ask(r, attempt_of(row.items));
  CHECK(static_cast<int>(d.act) == static_cast<int>(row.act));
  CHECK(name(d.reason) == name(row.reason));
  CHECK(static_cast<int>(d.scope) == static_cast<int>(row.scope));
  CHECK(d.alarm == row.alarm);
  CHECK_FALSE(d.misbehaves);
}

constexpr Reason kNone = Reason::none;
constexpr Scope kDestination = Scope::destination;

}  // namespace

TEST_CASE("decide: each status and code has its act", "[flow][decide]") {
  const Row rows[] = {
      {"done", SLUICE_DONE, 0, 0, 10, Act::end, kNone},
      {"done, one item rejected of one", SLUICE_DONE, 0, 1, 1, Act::end, Reason::partial},
      {"done, some rejected", SLUICE_DONE, kInvalidArgument, 3, 10, Act::end, Reason::partial},
      {"done, blocked by the operator", SLUICE_DONE, kFailedPrecondition, 10, 10, Act::end, Reason::blocked},
      {"permanent, one item", SLUICE_FAILED_PERMANENT, kInvalidArgument, 0, 1, Act::end, Reason::permanent},
      {"permanent, many items", SLUICE_FAILED_PERMANENT, kInvalidArgument, 0, 10, Act::bisect, kNone},
      {"permanent without a code", SLUICE_FAILED_PERMANENT, 0, 0, 10, Act::bisect, kNone},
      {"unauthenticated", SLUICE_FAILED_PERMANENT, kUnauthenticated, 0, 10, Act::hold, kNone, kDestination, true},
      {"permission denied", SLUICE_FAILED_PERMANENT, kPermissionDenied, 0, 1, Act::hold, kNone, kDestination, true},
      {"not found", SLUICE_FAILED_PERMANENT, kNotFound, 0, 10, Act::hold, kNone, kDestination, true},
      {"unimplemented code", SLUICE_FAILED_PERMANENT, kUnimplemented, 0, 10, Act::hold, kNone, kDestination, true},
      {"unimplemented status", SLUICE_UNIMPLEMENTED, 0, 0, 10, Act::hold, kNone, kDestination, true},
      {"too large, one item", SLUICE_TOO_LARGE, 0, 0, 1, Act::end, Reason::too_large},
      {"too large, many items", SLUICE_TOO_LARGE, 0, 0, 10, Act::split, kNone},
      {"unavailable", SLUICE_FAILED_RETRYABLE, kUnavailable, 0, 10, Act::retry, kNone, kDestination},
      {"resource exhausted", SLUICE_FAILED_RETRYABLE, kResourceExhausted, 0, 10, Act::retry, kNone, kDestination},
      {"retryable credentials", SLUICE_FAILED_RETRYABLE, kUnauthenticated, 0, 10, Act::hold, kNone, kDestination, true},
      {"internal", SLUICE_FAILED_RETRYABLE, kInternal, 0, 10, Act::retry, kNone},
      {"aborted", SLUICE_FAILED_RETRYABLE, kAborted, 0, 10, Act::retry, kNone},
      {"data loss", SLUICE_FAILED_RETRYABLE, kDataLoss, 0, 1, Act::retry, kNone},
      {"deadline exceeded", SLUICE_FAILED_RETRYABLE, kDeadlineExceeded, 0, 10, Act::retry, kNone},
      {"cancelled", SLUICE_CANCELLED, kCancelled, 0, 10, Act::retry, kNone},
  };
  for (const Row& row : rows) check(row);
}

TEST_CASE("decide: what real destinations answer, as plugins map it", "[flow][decide]") {
  const Row rows[] = {
      {"Loki 204", SLUICE_DONE, 0, 0, 10, Act::end, kNone},
      {"Loki 400: the rest was stored", SLUICE_DONE, kInvalidArgument, 4, 10, Act::end, Reason::partial},
      {"Loki 260", SLUICE_DONE, kFailedPrecondition, 10, 10, Act::end, Reason::blocked},
      {"Loki 401", SLUICE_FAILED_PERMANENT, kUnauthenticated, 0, 10, Act::hold, kNone, kDestination, true},
      {"Loki 413", SLUICE_TOO_LARGE, kResourceExhausted, 0, 10, Act::split, kNone},
      {"Loki 429", SLUICE_FAILED_RETRYABLE, kResourceExhausted, 0, 10, Act::retry, kNone, kDestination},
      {"Loki 500", SLUICE_FAILED_RETRYABLE, kInternal, 0, 10, Act::retry, kNone},
      {"Loki 503", SLUICE_FAILED_RETRYABLE, kUnavailable, 0, 10, Act::retry, kNone, kDestination},
      {"Tempo: bad trace id", SLUICE_FAILED_PERMANENT, kInvalidArgument, 0, 10, Act::bisect, kNone},
      {"Tempo: message larger than max", SLUICE_TOO_LARGE, kResourceExhausted, 0, 10, Act::split, kNone},
      {"Tempo: rate limited", SLUICE_FAILED_RETRYABLE, kResourceExhausted, 0, 10, Act::retry, kNone, kDestination},
      {"Tempo: overloaded", SLUICE_FAILED_RETRYABLE, kUnavailable, 0, 10, Act::retry, kNone, kDestination},
      {"Prometheus: out of order", SLUICE_FAILED_PERMANENT, kInvalidArgument, 0, 10, Act::bisect, kNone},
      {"Prometheus: receiver is off, 404", SLUICE_FAILED_PERMANENT, kNotFound, 0, 10, Act::hold, kNone, kDestination,
       true},
      {"Prometheus v2: some were written", SLUICE_DONE, kInvalidArgument, 2, 10, Act::end, Reason::partial},
      {"Prometheus 500", SLUICE_FAILED_RETRYABLE, kInternal, 0, 10, Act::retry, kNone},
  };
  for (const Row& row : rows) check(row);
}

TEST_CASE("decide: more items rejected than sent, clamped and called misbehaviour", "[flow][decide]") {
  sluice_result r = result_of(SLUICE_DONE);
  r.rejected_items = 11;
  Decision d = ask(r, attempt_of(10));
  CHECK(d.rejected == 10);
  CHECK(d.misbehaves);
}

TEST_CASE("decide: sound ranges are followed whatever the status, unsound ones end all as invalid", "[flow][decide]") {
  std::vector<sluice_range> ranges = {{0, 2, SLUICE_FAILED_PERMANENT, 3}, {5, 5, SLUICE_FAILED_RETRYABLE, 14}};
  sluice_result r = result_of(SLUICE_DONE);
  r.ranges = ranges.data();
  r.range_count = 2;
  CHECK(ask(r, attempt_of(10)).act == Act::ranges);
  r.status = SLUICE_FAILED_RETRYABLE;
  CHECK(ask(r, attempt_of(10)).act == Act::ranges);

  auto unsound = [&](sluice_range bad) {
    ranges[1] = bad;
    Decision d = ask(r, attempt_of(10));
    CHECK(d.act == Act::end);
    CHECK(name(d.reason) == "invalid");
    CHECK(d.rejected == 10);
    CHECK(d.misbehaves);
  };
  unsound({5, 6, SLUICE_FAILED_RETRYABLE, 0});           // beyond the end
  unsound({1, 2, SLUICE_FAILED_RETRYABLE, 0});           // overlaps
  unsound({5, 1, SLUICE_DONE, 0});                       // no such status
  unsound({5, UINT64_MAX, SLUICE_FAILED_PERMANENT, 0});  // wraps around
}

TEST_CASE("decide: too large splits by hint, by half without one, and never without getting smaller",
          "[flow][decide]") {
  sluice_result r = result_of(SLUICE_TOO_LARGE);
  CHECK(ask(r, attempt_of(10)).piece_bytes == 500);
  r.max_bytes = 300;
  CHECK(ask(r, attempt_of(10)).piece_bytes == 300);
  r.max_bytes = 5000;  // larger than what was refused: no hint
  CHECK(ask(r, attempt_of(10)).piece_bytes == 500);
  r.max_items = 4;
  Decision d = ask(r, attempt_of(10));
  CHECK(d.piece_items == 4);
  CHECK(d.piece_bytes == 0);
}

TEST_CASE("decide: backoff grows by the multiplier to the maximum and keeps within its spread", "[flow][decide]") {
  Random random(7);
  Attempt a = attempt_of(10);
  uint64_t expected = 5 * kSecond;
  for (int i = 0; i < 12; ++i) {
    Decision d = decide(result_of(SLUICE_FAILED_RETRYABLE, kInternal), a, kRetry, random);
    REQUIRE(d.act == Act::retry);
    CHECK(d.interval_ns == expected);
    CHECK(d.delay_ns >= expected / 2);
    CHECK(d.delay_ns <= expected * 3 / 2);
    a.interval_ns = d.interval_ns;
    expected = std::min<uint64_t>(30 * kSecond, expected * 3 / 2);
  }
}

TEST_CASE("decide: a destination's hint is a lower bound of the pause, up to five minutes", "[flow][decide]") {
  RetrySettings never_gives_up;
  never_gives_up.max_elapsed_ns = 0;
  sluice_result r = result_of(SLUICE_FAILED_RETRYABLE, kUnavailable);
  r.retry_after_ns = 60 * kSecond;
  CHECK(ask(r, attempt_of(10), never_gives_up).delay_ns == 60 * kSecond);
  r.retry_after_ns = 3600 * kSecond;
  CHECK(ask(r, attempt_of(10), never_gives_up).delay_ns == 300 * kSecond);
}

TEST_CASE("decide: gives up when the next try would pass max_elapsed_time, not before", "[flow][decide]") {
  RetrySettings retry;
  retry.randomization_factor = 0;
  Attempt a = attempt_of(10);
  a.age_ns = 295 * kSecond;
  CHECK(ask(result_of(SLUICE_FAILED_RETRYABLE, kInternal), a, retry).act == Act::retry);
  a.age_ns += 1;
  Decision d = ask(result_of(SLUICE_FAILED_RETRYABLE, kInternal), a, retry);
  CHECK(d.act == Act::end);
  CHECK(name(d.reason) == "expired");
  retry.max_elapsed_ns = 0;
  CHECK(ask(result_of(SLUICE_FAILED_RETRYABLE, kInternal), a, retry).act == Act::retry);
}

TEST_CASE("decide: without retry, what may pass ends as expired and a hold as permanent", "[flow][decide]") {
  RetrySettings off;
  off.on = false;
  CHECK(name(ask(result_of(SLUICE_FAILED_RETRYABLE, kUnavailable), attempt_of(10), off).reason) == "expired");
  CHECK(name(ask(result_of(SLUICE_FAILED_PERMANENT, kNotFound), attempt_of(10), off).reason) == "permanent");
  CHECK(ask(result_of(SLUICE_TOO_LARGE), attempt_of(10), off).act == Act::split);
}

TEST_CASE("decide: a hold probes every max_interval, while draining within the cap", "[flow][decide]") {
  Attempt a = attempt_of(10);
  CHECK(ask(result_of(SLUICE_FAILED_PERMANENT, kNotFound), a).delay_ns >= 30 * kSecond);
  a.backoff_cap_ns = kSecond;
  CHECK(ask(result_of(SLUICE_FAILED_PERMANENT, kNotFound), a).delay_ns == kSecond);
  CHECK(ask(result_of(SLUICE_FAILED_RETRYABLE, kUnavailable), a).delay_ns <= kSecond);
}

TEST_CASE("decide: exhausted three times at the same size without a hint splits", "[flow][decide]") {
  Attempt a = attempt_of(10);
  sluice_result r = result_of(SLUICE_FAILED_RETRYABLE, kResourceExhausted);
  a.exhausted = 2;
  CHECK(ask(r, a).act == Act::retry);
  a.exhausted = 3;
  CHECK(ask(r, a).act == Act::split);
  CHECK(ask(r, a).piece_bytes == 500);
  a.items = 1;
  CHECK(ask(r, a).act == Act::retry);
  a.items = 10;
  r.retry_after_ns = kSecond;
  CHECK(ask(r, a).act == Act::retry);
}

TEST_CASE("decide: five failures of its own while others pass bisect, unless order is promised", "[flow][decide]") {
  Attempt a = attempt_of(10);
  sluice_result r = result_of(SLUICE_FAILED_RETRYABLE, kDeadlineExceeded);
  a.own_failures = 4;
  CHECK(ask(r, a).act == Act::retry);
  a.own_failures = 5;
  CHECK(ask(r, a).act == Act::bisect);
  a.ordered = true;
  Decision d = ask(r, a);
  CHECK(d.act == Act::retry);
  CHECK(d.scope == Scope::destination);
  a.ordered = false;
  a.items = 1;
  CHECK(ask(r, a).act == Act::retry);
}

TEST_CASE("decide: a request that alone makes the destination unavailable rests alone and is bisected",
          "[flow][decide]") {
  Attempt a = attempt_of(10);
  a.blamed = true;
  sluice_result r = result_of(SLUICE_FAILED_RETRYABLE, kUnavailable);
  CHECK(ask(r, a).scope == Scope::request);
  a.own_failures = 5;
  CHECK(ask(r, a).act == Act::bisect);
  a.blamed = false;
  CHECK(ask(r, a).act == Act::retry);
}

TEST_CASE("decide: a plugin that threw is retried twice, then bisected down to plugin_error", "[flow][decide]") {
  Attempt a = attempt_of(10);
  a.throws = 2;
  Decision d = ask(result_of(SLUICE_INVALID), a);
  CHECK(d.act == Act::retry);
  CHECK(d.misbehaves);
  a.throws = 3;
  CHECK(ask(result_of(SLUICE_INVALID), a).act == Act::bisect);
  a.items = 1;
  d = ask(result_of(SLUICE_INVALID), a);
  CHECK(d.act == Act::end);
  CHECK(name(d.reason) == "plugin_error");
}

TEST_CASE("reason: each has its own name", "[flow]") {
  for (size_t i = 0; i < kReasons; ++i) {
    CHECK_FALSE(kReasonNames[i].empty());
    for (size_t j = 0; j < i; ++j) CHECK(kReasonNames[i] != kReasonNames[j]);
  }
}

}  // namespace sluice::flow
