// SPDX-License-Identifier: Apache-2.0
// What the wrapper does after an answer: pauses, probes, late answers, cutting.
#include <catch2/catch.hpp>

#include "core/flow/testing.h"

namespace sluice::flow {
namespace {

config::Delivery with_consumers(uint32_t consumers) {
  config::Delivery s = queue_settings();
  s.sending_queue.value.num_consumers = consumers;
  s.retry_on_failure.value.max_elapsed_time = Duration(0);
  return s;
}

sluice_result unavailable(uint64_t retry_after = 0) {
  sluice_result r = result_of(SLUICE_FAILED_RETRYABLE, kUnavailable);
  r.retry_after_ns = retry_after;
  return r;
}

}  // namespace

// ---- two scopes ----------------------------------------------------------------------------------------------------
TEST_CASE("retry: an unavailable destination is paused as a whole and tried with one probe", "[flow][retry]") {
  Bench b(with_consumers(3));
  for (uint64_t i = 0; i < 5; ++i) b.offer(i, 1);
  for (int i = 0; i < 3; ++i) b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  CHECK(b.calls.empty());
  CHECK(b.delivery.health().degraded);
  CHECK(b.delivery.in_flight_requests() == 3);
  b.pass(5 * kSecond);
  REQUIRE(b.calls.size() == 1);
  b.answer(SLUICE_DONE);
  CHECK(b.calls.size() == 3);
  CHECK_FALSE(b.delivery.health().degraded);
  CHECK(b.noticed(Notice::Kind::paused));
  CHECK(b.noticed(Notice::Kind::opened));
}

TEST_CASE("retry: a failing probe backs off further, also when another request probes", "[flow][retry]") {
  Bench b(with_consumers(1));
  b.offer(1, 1);
  uint64_t pause = 5 * kSecond;
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  for (int i = 0; i < 3; ++i) {
    b.pass(pause - 1);
    CHECK(b.calls.empty());
    b.pass(1);
    b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
    pause = pause * 3 / 2;
  }
}

TEST_CASE("retry: a destination's hint moves the probe", "[flow][retry]") {
  Bench b(with_consumers(1));
  b.offer(1, 1);
  b.answer(b.take(), unavailable(20 * kSecond));
  b.pass(20 * kSecond - 1);
  CHECK(b.calls.empty());
  b.pass(1);
  CHECK(b.calls.size() == 1);
}

TEST_CASE("retry: an error of one request rests that one and frees its place", "[flow][retry]") {
  Bench b(with_consumers(2));
  b.offer(1, 1);
  b.offer(2, 1);
  b.offer(3, 1);
  b.answer(SLUICE_FAILED_RETRYABLE, kInternal);
  CHECK(b.calls.size() == 2);
  CHECK(b.calls.back().slices[0].source == 3);
  CHECK_FALSE(b.delivery.health().degraded);
  b.pass(5 * kSecond - 1);
  b.answer(SLUICE_DONE);
  b.answer(SLUICE_DONE);
  CHECK(b.calls.empty());
  b.pass(1);
  CHECK(b.take().slices[0].source == 1);
}

TEST_CASE("retry: three different requests failing in a row are the destination's failure", "[flow][retry]") {
  Bench b(with_consumers(4));
  for (uint64_t i = 0; i < 5; ++i) b.offer(i, 1);
  b.answer(SLUICE_FAILED_RETRYABLE, kInternal);
  b.answer(SLUICE_FAILED_RETRYABLE, kInternal);
  CHECK_FALSE(b.delivery.health().degraded);
  b.answer(SLUICE_FAILED_RETRYABLE, kInternal);
  CHECK(b.delivery.health().degraded);
}

TEST_CASE("retry: a probe that fails three times lets another request probe, and is to blame if that passes",
          "[flow][retry]") {
  Bench b(with_consumers(2));
  b.offer(1, 4);
  b.offer(2, 1);
  auto kills = [&](const Bench::Call& call) {
    const Slice& s = call.slices[0];
    return s.source == 1 && s.first <= 2 && 2 < s.first + s.count;
  };
  // Others come and pass all the time: the one to blame fails alone then, and is cut in the end.
  for (uint64_t i = 10; i < 60; ++i) {
    b.offer(i, 1);
    while (!b.calls.empty()) {
      Bench::Call call = b.take();
      b.answer(call, kills(call) ? unavailable() : result_of(SLUICE_DONE));
    }
    b.pass(10 * kSecond);
  }
  CHECK(b.seen(Seen::probe_rotated) == 1);
  CHECK(b.seen(Seen::bisect_items) == 2);
  CHECK(b.delivery.book().in_flight == 1);
  CHECK_FALSE(b.delivery.health().degraded);
}

TEST_CASE("retry: wrong credentials hold the queue, tell people, and are given up only by age", "[flow][retry]") {
  config::Delivery s = with_consumers(1);
  s.retry_on_failure.value.max_elapsed_time = std::chrono::seconds(100);
  Bench b(s);
  b.offer(1, 5);
  for (int i = 0; i < 4; ++i) {
    b.answer(SLUICE_FAILED_PERMANENT, kUnauthenticated);
    b.pass(30 * kSecond);
  }
  CHECK(b.noticed(Notice::Kind::holding));
  CHECK(b.calls.empty());
  CHECK(b.dropped(Reason::expired) == 5);
}

TEST_CASE("retry: max_elapsed_time ends also those that wait behind the probe", "[flow][retry]") {
  config::Delivery s = with_consumers(2);
  s.retry_on_failure.value.max_elapsed_time = std::chrono::seconds(60);
  Bench b(s);
  b.offer(1, 1);
  b.offer(2, 1);
  b.offer(3, 1);  // never tried: its clock has not begun
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  for (int i = 0; i < 61; ++i) {
    if (!b.calls.empty()) b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
    b.pass(kSecond);
  }
  CHECK(b.dropped(Reason::expired) == 2);
  CHECK(b.released == std::vector<uint64_t>{1, 2});
}

TEST_CASE("retry: switched off, the first failure is the end", "[flow][retry]") {
  config::Delivery s = with_consumers(1);
  s.retry_on_failure.on = false;
  Bench b(s);
  b.offer(1, 5);
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  CHECK(b.dropped(Reason::expired) == 5);
  CHECK(b.noticed(Notice::Kind::dropping));
}

// ---- lateness ------------------------------------------------------------------------------------------------------
TEST_CASE("retry: a late OK ends the request, a late failure does not", "[flow][retry]") {
  Bench b(with_consumers(2));
  b.offer(1, 3);
  b.offer(2, 4);
  Bench::Call first = b.take(), second = b.take();
  b.pass(5 * kSecond + kAnswerGrace);
  CHECK(b.delivery.book().in_flight == 7);
  CHECK(b.answer(first, result_of(SLUICE_DONE)) == SLUICE_DONE);
  CHECK(b.answer(second, unavailable()) == SLUICE_CANCELLED);
  CHECK(b.delivery.book().delivered == 3);
  b.pass(5 * kSecond);
  Bench::Call again = b.take();
  CHECK(again.tries == 2);
  CHECK(b.delivery.book().resent == 4);
  CHECK(b.answer(second, result_of(SLUICE_DONE)) == SLUICE_CANCELLED);  // it is open again
  CHECK(b.answer(again, result_of(SLUICE_DONE)) == SLUICE_DONE);
  CHECK(b.answer(again, result_of(SLUICE_DONE)) == SLUICE_CANCELLED);
}

TEST_CASE("retry: where order is promised, a silent call blocks the next one, for 30 s at most", "[flow][retry]") {
  Bench b(with_consumers(1));
  b.offer(1, 1);
  b.offer(2, 1);
  b.pass(34 * kSecond);
  CHECK(b.calls.size() == 1);
  b.pass(2 * kSecond);
  CHECK(b.calls.size() == 2);
  CHECK(b.noticed(Notice::Kind::silent));
}

TEST_CASE("retry: an exporter that hangs is not fed without end", "[flow][retry]") {
  Bench b(with_consumers(2));
  for (uint64_t i = 0; i < 100; ++i) b.offer(i, 1);
  b.pass(3600 * kSecond);
  CHECK(b.calls.size() <= 5);
  CHECK(b.delivery.health().degraded);
  for (int i = 0; i < 10; ++i) {  // it comes back
    while (!b.calls.empty()) b.answer(SLUICE_DONE);
    b.pass(60 * kSecond);
  }
  CHECK(b.delivery.empty());
  CHECK_FALSE(b.delivery.health().degraded);
}

TEST_CASE("retry: an exporter that is busy is called again when it can, or after a second", "[flow][retry]") {
  Bench b(with_consumers(1));
  b.offer(1, 1);
  Bench::Call call = b.take();
  Actions out;
  b.delivery.busy(call.attempt, b.now, out);
  CHECK(out.dispatches.empty());
  CHECK(out.timer_mono_ns == b.now + kSecond);
  out.clear();
  b.delivery.writable(b.now, out);
  REQUIRE(out.dispatches.size() == 1);
  CHECK(out.dispatches[0].tries == 1);
}

// ---- ranges and cutting --------------------------------------------------------------------------------------------
TEST_CASE("retry: of ranges, the retryable items go on and the rest ends", "[flow][retry]") {
  Bench b(with_consumers(1));
  b.offer(1, 10);
  const sluice_range ranges[] = {{2, 3, SLUICE_FAILED_PERMANENT, kInvalidArgument},
                                 {6, 2, SLUICE_FAILED_RETRYABLE, kInternal}};
  sluice_result r = result_of(SLUICE_DONE);
  r.rejected_items = 3;
  r.ranges = ranges;
  r.range_count = 2;
  b.answer(b.take(), r);
  CHECK(b.delivery.book().delivered == 5);
  CHECK(b.dropped(Reason::permanent) == 3);
  CHECK(b.delivery.book().in_flight == 2);
  b.pass(5 * kSecond);
  Bench::Call rest = b.take();
  REQUIRE(rest.slices.size() == 1);
  CHECK(rest.slices[0].first == 6);
  CHECK(rest.slices[0].count == 2);
}

TEST_CASE("retry: requests are cut to the exporter's limits before they are sent", "[flow][retry]") {
  Bench b(with_consumers(10));
  b.set_limits({.max_items = 4});
  b.offer(1, 10);
  CHECK(b.take().items == 4);
  CHECK(b.take().items == 4);
  CHECK(b.take().items == 2);
  b.set_limits({.max_bytes = 35});
  b.offer(2, 7);
  CHECK(b.take().items == 3);
  CHECK(b.take().items == 3);
  CHECK(b.take().items == 1);
}

TEST_CASE("retry: too large is split by the hint, and later requests are cut before they are sent", "[flow][retry]") {
  Bench b(with_consumers(1));
  b.offer(1, 10);
  sluice_result r = result_of(SLUICE_TOO_LARGE);
  r.max_bytes = 40;
  b.answer(b.take(), r);
  CHECK(b.calls.front().items == 4);
  b.answer(SLUICE_DONE);
  CHECK(b.calls.front().items == 4);
  b.answer(SLUICE_DONE);
  CHECK(b.calls.front().items == 2);
  b.answer(SLUICE_DONE);
  b.offer(2, 10);
  CHECK(b.calls.front().items == 4);
  for (int i = 0; i < 3; ++i) b.answer(SLUICE_DONE);
  b.pass(601 * kSecond);
  b.offer(3, 10);
  CHECK(b.calls.front().items == 8);  // doubled every ten minutes
}

TEST_CASE("retry: one item that is too large alone is dropped, its neighbours arrive", "[flow][retry]") {
  Bench b(with_consumers(1));
  b.offer(1, 8);
  while (!b.calls.empty()) {
    Bench::Call call = b.take();
    const Slice& s = call.slices[0];
    b.answer(call, result_of(s.first <= 5 && 5 < s.first + s.count ? SLUICE_TOO_LARGE : SLUICE_DONE));
  }
  CHECK(b.dropped(Reason::too_large) == 1);
  CHECK(b.delivery.book().delivered == 7);
}

// ---- memory --------------------------------------------------------------------------------------------------------
TEST_CASE("retry: of a source that waits and of which little is left, only that is kept", "[flow][retry]") {
  Bench b(with_consumers(1));
  b.offer(1, 10);
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  CHECK(b.keeps.empty());  // all of it is needed
  b.pass(5 * kSecond);
  const sluice_range later[] = {{1, 2, SLUICE_FAILED_RETRYABLE, kInternal}, {6, 1, SLUICE_FAILED_RETRYABLE, kInternal}};
  sluice_result r = result_of(SLUICE_DONE);
  r.ranges = later;
  r.range_count = 2;
  b.answer(b.take(), r);
  REQUIRE(b.keeps.size() == 1);
  REQUIRE(b.keeps[0].size() == 2);
  CHECK(b.keeps[0][0].first == 1);
  CHECK(b.keeps[0][0].count == 2);
  CHECK(b.keeps[0][1].first == 6);
  CHECK(b.keeps[0][1].count == 1);
  b.pass(60 * kSecond);
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  CHECK(b.keeps.size() == 1);  // nothing more has ended
}

// ---- head-room -----------------------------------------------------------------------------------------------------
TEST_CASE("retry: without head-room a request waits and is sent when there is some", "[flow][retry]") {
  Budget budget(1000);
  Bench b(with_consumers(2), &budget);
  budget.charge(700);
  b.offer(1, 50);  // the one that always goes
  b.offer(2, 40);
  CHECK(b.calls.size() == 1);
  CHECK(b.seen(Seen::headroom_waited) == 1);
  b.answer(SLUICE_DONE);
  b.pass(10 * kMillisecond);
  CHECK(b.calls.size() == 1);
  b.cut();
  CHECK(budget.reserved_bytes() == 0);
}

}  // namespace sluice::flow
