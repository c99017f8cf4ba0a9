// SPDX-License-Identifier: Apache-2.0
// The wrapper's door, its batches and its end. Each step is also checked for balance by the bench.
#include "core/flow/delivery.h"

#include <catch2/catch.hpp>

#include "core/flow/testing.h"

namespace sluice::flow {
namespace {

config::Delivery small_queue(uint64_t size) {
  config::Delivery s = queue_settings();
  s.sending_queue.value.queue_size = size;
  s.sending_queue.value.num_consumers = 1;
  return s;
}

config::Delivery batching(uint64_t min, uint64_t max = 0) {
  config::Delivery s = queue_settings();
  s.sending_queue.value.batch.on = true;
  s.sending_queue.value.batch.value.min_size = min;
  s.sending_queue.value.batch.value.max_size = max;
  return s;
}

config::Delivery waiting() {
  config::Delivery s = queue_settings();
  s.sending_queue.value.wait_for_result = true;
  return s;
}

}  // namespace

TEST_CASE("delivery: a free place, taken and dispatched in one step", "[flow][delivery]") {
  Bench b(queue_settings());
  CHECK(b.offer(7, 10) == Verdict::taken);
  Bench::Call call = b.take();
  CHECK(call.items == 10);
  CHECK(call.deadline == b.now + 5 * kSecond);
  REQUIRE(call.slices.size() == 1);
  CHECK(call.slices[0].source == 7);
  CHECK(b.answer(call, result_of(SLUICE_DONE)) == SLUICE_DONE);
  CHECK(b.released == std::vector<uint64_t>{7});
  CHECK(b.answers.empty());
  CHECK(b.delivery.book().delivered == 10);
  CHECK(b.delivery.empty());
}

TEST_CASE("delivery: an empty batch is taken and forgotten", "[flow][delivery]") {
  Bench b(queue_settings());
  CHECK(b.offer(7, 0) == Verdict::taken);
  CHECK(b.calls.empty());
  CHECK(b.released == std::vector<uint64_t>{7});
  CHECK(b.delivery.book().offered == 0);
}

TEST_CASE("delivery: no more calls at once than num_consumers, or than the exporter's own limit", "[flow][delivery]") {
  config::Delivery s = queue_settings();
  s.sending_queue.value.num_consumers = 3;
  Bench b(s);
  for (uint64_t i = 0; i < 5; ++i) b.offer(i, 1);
  CHECK(b.calls.size() == 3);
  b.set_limits({.max_in_flight = 1});
  b.answer(SLUICE_DONE);
  CHECK(b.calls.size() == 2);
  b.answer(SLUICE_DONE);
  CHECK(b.calls.size() == 1);
  b.answer(SLUICE_DONE);
  CHECK(b.calls.size() == 1);
}

TEST_CASE("delivery: full, refused with a hint and resumed when there is a place", "[flow][delivery]") {
  Bench b(small_queue(2));
  b.offer(1, 10);
  b.offer(2, 10);
  CHECK(b.offer(3, 10) == Verdict::busy);
  CHECK(b.last.retry_after_ns >= kSecond);
  CHECK(b.last.retry_after_ns <= 60 * kSecond);
  CHECK(b.returned(Reason::queue_full) == 10);
  CHECK_FALSE(b.resumed);
  b.answer(SLUICE_DONE);
  CHECK(b.resumed);
  CHECK(b.offer(3, 10) == Verdict::taken);
}

TEST_CASE("delivery: a source larger than the queue is taken when the queue is empty", "[flow][delivery]") {
  config::Delivery s = small_queue(100);
  s.sending_queue.value.sizer = config::Sizer::items;
  Bench b(s);
  CHECK(b.offer(1, 1000) == Verdict::taken);
  CHECK(b.delivery.queue_size() == 1000);
  CHECK(b.offer(2, 1) == Verdict::busy);
}

TEST_CASE("delivery: each sizer counts what it says", "[flow][delivery]") {
  for (auto [sizer, size] :
       {std::pair{config::Sizer::requests, 1}, {config::Sizer::items, 10}, {config::Sizer::bytes, 100}}) {
    config::Delivery s = queue_settings();
    s.sending_queue.value.sizer = sizer;
    Bench b(s);
    b.offer(1, 10);
    CHECK(b.delivery.queue_size() == static_cast<uint64_t>(size));
  }
}

TEST_CASE("delivery: the retry hint follows the drain rate, and is 30 s for a stuck queue", "[flow][delivery]") {
  Bench b(small_queue(10));
  for (uint64_t i = 0; i < 10; ++i) b.offer(i, 1);
  for (uint64_t i = 0; i < 5; ++i) {
    b.pass(kSecond);
    b.answer(SLUICE_DONE);
    b.offer(10 + i, 1);
  }
  uint64_t hint = b.delivery.retry_hint_ns(b.now);  // 10 held, half a request a second
  CHECK(hint > 15 * kSecond);
  CHECK(hint < 25 * kSecond);
  b.pass(6 * kSecond);
  CHECK(b.delivery.retry_hint_ns(b.now) >= 24 * kSecond);
  CHECK(b.delivery.reserve(1, 10, b.now) == Room::stuck);
}

TEST_CASE("delivery: block_on_overflow lets senders in in their order", "[flow][delivery]") {
  config::Delivery s = small_queue(1);
  s.sending_queue.value.block_on_overflow = true;
  Bench b(s);
  b.offer(1, 1);
  CHECK(b.offer(2, 1) == Verdict::pending);
  CHECK(b.offer(3, 1) == Verdict::pending);
  CHECK(b.delivery.book().waiting == 2);
  b.answer(SLUICE_DONE);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].source == 2);
  CHECK(b.answers[0].status == SLUICE_DONE);
  CHECK(b.answers[0].flags == SLUICE_RESULT_EARLY);
  b.answer(SLUICE_DONE);
  CHECK(b.answers[1].source == 3);
}

TEST_CASE("delivery: a sender that waits for a place is told when its deadline passes", "[flow][delivery]") {
  config::Delivery s = small_queue(1);
  s.sending_queue.value.block_on_overflow = true;
  s.timeout = Duration(0);
  Bench b(s);
  b.offer(1, 1);
  b.offer(2, 5, b.now + kSecond);
  b.pass(2 * kSecond);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].status == SLUICE_CANCELLED);
  CHECK(b.returned(Reason::deadline) == 5);
  CHECK(b.released == std::vector<uint64_t>{2});
}

TEST_CASE("delivery: when_full drop_newest takes and drops, drop_oldest makes a place", "[flow][delivery]") {
  config::Delivery s = small_queue(2);
  s.sending_queue.value.when_full = config::WhenFull::drop_newest;
  Bench newest(s);
  for (uint64_t i = 1; i <= 3; ++i) CHECK(newest.offer(i, i) == Verdict::taken);
  CHECK(newest.dropped(Reason::queue_full) == 3);
  CHECK(newest.released == std::vector<uint64_t>{3});
  CHECK(newest.delivery.reserve(1, 10, newest.now) == Room::always);

  s.sending_queue.value.when_full = config::WhenFull::drop_oldest;
  Bench oldest(s);
  for (uint64_t i = 1; i <= 3; ++i) CHECK(oldest.offer(i, i) == Verdict::taken);
  CHECK(oldest.dropped(Reason::queue_full) == 2);  // the first is at the exporter
  CHECK(oldest.released == std::vector<uint64_t>{2});
}

TEST_CASE("delivery: a reservation keeps its place until it is used or cancelled", "[flow][delivery]") {
  Bench b(small_queue(2));
  CHECK(b.delivery.reserve(1, 10, b.now) == Room::reserved);
  b.offer(1, 1);
  CHECK(b.offer(2, 1) == Verdict::busy);
  CHECK(b.offer(3, 1, 0, {}, true) == Verdict::taken);
  CHECK(b.delivery.reserve(1, 10, b.now) == Room::full);
  b.answer(SLUICE_DONE);
  CHECK(b.delivery.reserve(1, 10, b.now) == Room::reserved);
  CHECK(b.offer(4, 1) == Verdict::busy);
  Actions out;
  b.resumed = false;
  b.delivery.cancel(1, 10, b.now, out);
  CHECK(out.resume);
  CHECK(b.offer(4, 1) == Verdict::taken);
}

TEST_CASE("delivery: a stuck branch that is passed over drops for an early owner and returns otherwise",
          "[flow][delivery]") {
  Bench b(small_queue(1));
  b.offer(1, 1);
  Actions out;
  b.delivery.pass_over(4, true, b.now, out);
  b.delivery.pass_over(5, false, b.now, out);
  CHECK(b.dropped(Reason::queue_full) == 4);
  CHECK(b.returned(Reason::queue_full) == 5);
}

// ---- batches -------------------------------------------------------------------------------------------------------
TEST_CASE("delivery: a batch is sent at min_size, and holds whole sources", "[flow][delivery]") {
  Bench b(batching(100));
  b.offer(1, 60);
  CHECK(b.calls.empty());
  b.offer(2, 60);
  Bench::Call call = b.take();
  CHECK(call.items == 120);
  CHECK(call.slices.size() == 2);
}

TEST_CASE("delivery: a batch is cut at max_size and the remainder opens the next", "[flow][delivery]") {
  Bench b(batching(100, 100));
  b.offer(1, 250);
  CHECK(b.take().items == 100);
  Bench::Call second = b.take();
  CHECK(second.slices[0].first == 100);
  CHECK(second.slices[0].count == 100);
  CHECK(b.calls.empty());
  b.pass(200 * kMillisecond);
  CHECK(b.take().items == 50);
}

TEST_CASE("delivery: batches by bytes are cut at item borders", "[flow][delivery]") {
  config::Delivery s = batching(95, 95);
  s.sending_queue.value.batch.value.sizer = config::Sizer::bytes;
  Bench b(s);
  b.offer(1, 20);
  b.pass(200 * kMillisecond);
  CHECK(b.take().items == 9);
  CHECK(b.take().items == 9);
  CHECK(b.take().items == 2);
}

TEST_CASE("delivery: flush_timeout counts from the first part of a partition", "[flow][delivery]") {
  Bench b(batching(100));
  b.offer(1, 1, 0, "a");
  b.pass(150 * kMillisecond);
  b.offer(2, 1, 0, "b");
  b.offer(3, 1, 0, "a");
  b.pass(50 * kMillisecond);
  CHECK(b.take().slices.size() == 2);
  CHECK(b.calls.empty());
  b.pass(150 * kMillisecond);
  CHECK(b.take().slices[0].source == 2);
}

TEST_CASE("delivery: what lost its sensitive keys is not merged with what has them", "[flow][delivery]") {
  Bench b(batching(2));
  Offer o{.source = 1, .items = 1, .bytes = 10, .sensitive_dropped = true};
  Actions out;
  b.delivery.offer(o, b.now, out);
  b.offer(2, 1);
  CHECK(b.calls.empty());
}

TEST_CASE("delivery: a full queue does not wait for min_size", "[flow][delivery]") {
  config::Delivery s = batching(8192);
  s.sending_queue.value.queue_size = 10;
  Bench b(s);
  for (uint64_t i = 0; i < 10; ++i) b.offer(i, 1);
  CHECK(b.take().items == 10);
}

TEST_CASE("delivery: a lone sender that waits for the result does not wait for the timer", "[flow][delivery]") {
  config::Delivery s = waiting();
  s.sending_queue.value.batch.on = true;
  Bench b(s);
  CHECK(b.offer(1, 1) == Verdict::pending);
  CHECK(b.calls.size() == 1);
  b.offer(2, 1);
  b.offer(3, 1);
  CHECK(b.calls.size() == 1);  // more may come while one is in flight
  b.answer(SLUICE_DONE);
  CHECK(b.take().items == 2);
}

TEST_CASE("delivery: at most 1000 partitions form at once", "[flow][delivery]") {
  config::Delivery s = batching(100);
  s.sending_queue.value.queue_size = 5000;
  s.sending_queue.value.num_consumers = 5000;
  Bench b(s);
  for (uint64_t i = 0; i < 1001; ++i) b.offer(i, 1, 0, std::to_string(i));
  REQUIRE(b.calls.size() == 1);
  CHECK(b.take().slices[0].source == 0);
}

// ---- answers -------------------------------------------------------------------------------------------------------
TEST_CASE("delivery: a sender in two requests is answered once, at its last item, with the worst", "[flow][delivery]") {
  config::Delivery s = waiting();
  s.retry_on_failure.on = false;
  s.sending_queue.value.batch.on = true;
  s.sending_queue.value.batch.value.min_size = s.sending_queue.value.batch.value.max_size = 10;
  Bench b(s);
  b.offer(1, 20);
  b.answer(SLUICE_DONE);
  CHECK(b.answers.empty());
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].status == SLUICE_FAILED_RETRYABLE);
  CHECK(b.answers[0].code == kUnavailable);
  CHECK(b.returned(Reason::expired) == 10);
  CHECK(b.delivery.book().duplicates_possible == 10);
}

TEST_CASE("delivery: rejected items of one sender are told with their number, and ranges with their place",
          "[flow][delivery]") {
  Bench b(waiting());
  b.offer(1, 10);
  sluice_result partial = result_of(SLUICE_DONE, kInvalidArgument);
  partial.rejected_items = 3;
  b.answer(b.take(), partial);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].rejected_items == 3);
  CHECK(b.answers[0].ranges.empty());
  CHECK(b.returned(Reason::partial) == 3);

  b.offer(2, 10);
  const sluice_range ranges[] = {{2, 3, SLUICE_FAILED_PERMANENT, kInvalidArgument}};
  sluice_result ranged = result_of(SLUICE_DONE);
  ranged.rejected_items = 3;
  ranged.ranges = ranges;
  ranged.range_count = 1;
  b.answer(b.take(), ranged);
  REQUIRE(b.answers.size() == 2);
  REQUIRE(b.answers[1].ranges.size() == 1);
  CHECK(b.answers[1].ranges[0].first == 2);
  CHECK(b.answers[1].ranges[0].count == 3);
}

TEST_CASE("delivery: a count over several senders is nobody's, and dropped here", "[flow][delivery]") {
  config::Delivery s = waiting();
  s.sending_queue.value.batch.on = true;
  Bench b(s);
  b.offer(1, 5);
  b.offer(2, 5);
  b.offer(3, 5);
  b.answer(SLUICE_DONE);
  sluice_result partial = result_of(SLUICE_DONE);
  partial.rejected_items = 4;
  b.answer(b.take(), partial);
  REQUIRE(b.answers.size() == 3);
  CHECK(b.answers[1].flags == SLUICE_RESULT_UNATTRIBUTED);
  CHECK(b.answers[1].rejected_items == 0);
  CHECK(b.dropped(Reason::partial) == 4);
}

TEST_CASE("delivery: a sender's deadline in the queue gives its items back, at the exporter it only answers",
          "[flow][delivery]") {
  config::Delivery s = waiting();
  s.sending_queue.value.num_consumers = 1;
  s.timeout = Duration(0);
  Bench b(s);
  b.offer(1, 5);
  b.offer(2, 7, b.now + kSecond);
  b.pass(2 * kSecond);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].status == SLUICE_CANCELLED);
  CHECK(b.returned(Reason::deadline) == 7);

  b.answer(SLUICE_DONE);
  b.offer(3, 9, b.now + kSecond);
  CHECK(b.calls.front().deadline == b.now + kSecond);
  b.pass(kSecond);
  CHECK(b.answers.back().source == 3);
  CHECK(b.answers.back().status == SLUICE_CANCELLED);
  CHECK(b.delivery.book().in_flight == 9);
  b.pass(kAnswerGrace);  // the exporter has not answered either
  CHECK(b.returned(Reason::expired) == 9);

  CHECK(b.answer(b.take(), result_of(SLUICE_DONE)) == SLUICE_CANCELLED);  // too late
  b.offer(4, 3, b.now + kSecond);
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  CHECK(b.answers.back().source == 4);
  CHECK(b.answers.back().status == SLUICE_FAILED_RETRYABLE);  // no further try before its deadline
}

TEST_CASE("delivery: without a queue each batch is a call of its own, and its answer the destination's",
          "[flow][delivery]") {
  config::Delivery s = queue_settings();
  s.sending_queue.on = false;
  Bench b(s);
  CHECK(b.delivery.queue_capacity() == 0);
  CHECK(b.delivery.reserve(1, 10, b.now) == Room::always);
  for (uint64_t i = 0; i < 50; ++i) CHECK(b.offer(i, 1, b.now + 60 * kSecond) == Verdict::pending);
  CHECK(b.calls.size() == 50);
  b.answer(SLUICE_DONE);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].flags == 0);
  b.answer(SLUICE_FAILED_PERMANENT, kInvalidArgument);
  CHECK(b.answers[1].status == SLUICE_FAILED_PERMANENT);
  CHECK(b.returned(Reason::permanent) == 1);
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  CHECK(b.offer(99, 1, b.now + kSecond) == Verdict::failed);  // the next probe comes after its deadline
  CHECK(name(b.last.reason) == "deadline");
}

// ---- the end -------------------------------------------------------------------------------------------------------
TEST_CASE("delivery: a drain refuses who waits, flushes, and tries at once what rests", "[flow][delivery]") {
  config::Delivery s = batching(100);
  s.sending_queue.value.queue_size = 1;
  s.sending_queue.value.block_on_overflow = true;
  Bench b(s);
  b.offer(1, 1);
  b.offer(2, 1);
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  CHECK(b.calls.empty());
  b.drain(kSecond);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].status == SLUICE_FAILED_RETRYABLE);
  CHECK(b.returned(Reason::stopping) == 1);
  CHECK(b.calls.size() == 1);
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  b.pass(kSecond);  // no longer than the cap
  b.answer(SLUICE_DONE);
  CHECK(b.empty);
}

TEST_CASE("delivery: the cut drops what was acknowledged and cancels who waits", "[flow][delivery]") {
  Bench early(batching(100));
  early.offer(1, 3);
  early.offer(2, 200);
  early.cut();
  CHECK(early.dropped(Reason::shutdown) == 203);
  CHECK(early.delivery.empty());
  CHECK(early.empty);
  CHECK(early.noticed(Notice::Kind::dropping));
  CHECK(early.answer(early.take(), result_of(SLUICE_DONE)) == SLUICE_CANCELLED);
  CHECK(early.offer(3, 1) == Verdict::failed);

  Bench waits(waiting());
  waits.offer(1, 3);
  waits.cut();
  REQUIRE(waits.answers.size() == 1);
  CHECK(waits.answers[0].status == SLUICE_CANCELLED);
  CHECK(waits.returned(Reason::shutdown) == 3);
}

TEST_CASE("delivery: the cut leaves at least half a second and at most two of the grace", "[flow][delivery]") {
  CHECK(cut_after_ns(30 * kSecond) == 28 * kSecond);
  CHECK(cut_after_ns(5 * kSecond) == 4 * kSecond);
  CHECK(cut_after_ns(kSecond) == kSecond / 2);
  CHECK(cut_after_ns(kSecond / 4) == 0);
}

}  // namespace sluice::flow
