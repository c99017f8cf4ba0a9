// SPDX-License-Identifier: Apache-2.0
// The search of a refused request for the items that are to blame: what it costs, and when it ends.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "core/flow/testing.h"

namespace sluice::flow {
namespace {

config::Delivery with_consumers(uint32_t consumers) {
  config::Delivery s = queue_settings();
  s.sending_queue.value.num_consumers = consumers;
  s.retry_on_failure.value.max_elapsed_time = Duration(0);
  return s;
}

config::Delivery waiting(uint32_t consumers) {
  config::Delivery s = with_consumers(consumers);
  s.sending_queue.value.wait_for_result = true;
  return s;
}

// A destination that takes a request only if no item in it is bad, and `latency` for each; answers until nothing is
// left to do. Returns how many requests it took.
uint64_t search(Bench& b, const std::function<bool(uint64_t source, uint64_t item)>& bad, uint64_t latency = 0) {
  uint64_t requests = 0;
  while (!b.delivery.empty()) {
    if (b.calls.empty()) {
      b.pass(kSecond);
      continue;
    }
    Bench::Call call = b.take();
    ++requests;
    b.pass(latency);
    bool refused = false;
    for (const Slice& slice : call.slices) {
      for (uint64_t i = slice.first; i < slice.first + slice.count; ++i) refused |= bad(slice.source, i);
    }
    b.answer(call, result_of(refused ? SLUICE_FAILED_PERMANENT : SLUICE_DONE, refused ? kInvalidArgument : 0));
  }
  return requests;
}

uint64_t count(const Bench& b, Notice::Kind kind) {
  return static_cast<uint64_t>(
      std::count_if(b.notices.begin(), b.notices.end(), [&](const Notice& n) { return n.kind == kind; }));
}

}  // namespace

// ---- what it costs
TEST_CASE("search: one bad item in 10,000 costs one item and at most 29 requests", "[flow][search]") {
  for (uint64_t bad : {0, 4711, 9999}) {
    Bench b(with_consumers(1));
    b.offer(1, 10'000);
    CHECK(search(b, [&](uint64_t, uint64_t item) { return item == bad; }) <= 29);
    CHECK(b.delivery.book().delivered == 9'999);
    CHECK(b.dropped(Reason::permanent) == 1);
  }
}

TEST_CASE("search: ten bad items in 10,000 cost ten items and at most 240 requests", "[flow][search]") {
  Bench b(with_consumers(1));
  b.offer(1, 10'000);
  CHECK(search(b, [](uint64_t, uint64_t item) { return item % 1000 == 7; }) <= 240);
  CHECK(b.delivery.book().delivered == 9'990);
}

TEST_CASE("search: a merged request is searched at the borders of its sources first", "[flow][search]") {
  config::Delivery s = with_consumers(1);
  s.sending_queue.value.batch.on = true;
  s.sending_queue.value.batch.value.min_size = 10'000;
  s.sending_queue.value.batch.value.flush_timeout = std::chrono::seconds(1);
  Bench b(s);
  for (uint64_t i = 0; i < 100; ++i) b.offer(i, 100);
  CHECK(b.calls.size() == 1);
  CHECK(search(b, [](uint64_t source, uint64_t item) { return source == 42 && item == 17; }) <= 30);
  CHECK(b.delivery.book().delivered == 9'999);
  CHECK(b.seen(Seen::bisect_sources) >= 6);
}

TEST_CASE("search: where everything is refused, three samples end the search", "[flow][search]") {
  for (uint32_t consumers : {1, 5}) {
    Bench b(with_consumers(consumers));
    b.offer(1, 100'000);
    CHECK(search(b, [](uint64_t, uint64_t) { return true; }) <= 20);
    CHECK(b.dropped(Reason::permanent) == 100'000);
    CHECK(b.seen(Seen::all_refused) == 1);
  }
}

TEST_CASE("search: a search waits when the purse is empty, others go on, and nothing is dropped for it",
          "[flow][search]") {
  Bench b(with_consumers(2));
  b.offer(1, 400);
  uint64_t before = b.now;
  uint64_t others = 0;
  for (uint64_t next = 100; b.delivery.book().delivered + b.dropped(Reason::permanent) < 400 + others;) {
    if (b.calls.empty()) {
      b.offer(next++, 1);
      ++others;
      b.pass(kSecond / 16);
      continue;
    }
    Bench::Call call = b.take();
    bool refused = false;
    for (const Slice& s : call.slices) {
      for (uint64_t i = s.first; i < s.first + s.count; ++i) refused |= s.source == 1 && i % 10 == 3;
    }
    b.answer(call, result_of(refused ? SLUICE_FAILED_PERMANENT : SLUICE_DONE));
  }
  CHECK(b.dropped(Reason::permanent) == 40);
  CHECK(b.seen(Seen::purse_empty) > 0);
  CHECK(others > 0);
  CHECK(b.now - before > 5 * kSecond);
}

TEST_CASE("search: where order is promised, a search and a split keep it", "[flow][search]") {
  Bench b(with_consumers(1));
  b.set_limits({.max_items = 16});
  for (uint64_t i = 1; i <= 5; ++i) b.offer(i, 40);
  std::vector<uint64_t> stored;
  while (!b.calls.empty()) {
    Bench::Call call = b.take();
    const Slice& s = call.slices[0];
    bool refused = false;
    for (uint64_t i = s.first; i < s.first + s.count; ++i) refused |= i % 11 == 5;
    if (!refused) {
      for (uint64_t i = s.first; i < s.first + s.count; ++i) stored.push_back(s.source * 1000 + i);
    }
    b.answer(call, result_of(refused ? SLUICE_FAILED_PERMANENT : SLUICE_DONE));
    if (b.calls.empty()) b.pass(kSecond);
  }
  CHECK(b.delivery.empty());
  CHECK(std::is_sorted(stored.begin(), stored.end()));
  CHECK(stored.size() == b.delivery.book().delivered);
}

// ---- when it ends
TEST_CASE("search: two lines of the log, the second with counts", "[flow][search]") {
  Bench b(with_consumers(1));
  b.offer(1, 10'000);
  const uint64_t requests = search(b, [](uint64_t, uint64_t item) { return item == 17 || item == 4711; });
  CHECK(count(b, Notice::Kind::bisecting) == 1);
  CHECK(count(b, Notice::Kind::dropping) == 0);
  REQUIRE(count(b, Notice::Kind::searched) == 1);
  const Notice& end = b.notices.back();
  CHECK(end.kind == Notice::Kind::searched);
  CHECK(end.reason == Reason::permanent);
  CHECK(end.items == 2);
  CHECK(end.of_items == 10'000);
  CHECK(end.untried_items == 0);
  CHECK(end.requests == requests - 1);
  CHECK(end.code == kInvalidArgument);
}

TEST_CASE("search: who waits hears of it before its deadline, also if it is not over", "[flow][search]") {
  Bench b(waiting(2));
  const uint64_t deadline = b.now + 5 * kSecond;
  b.offer(1, 10'000, deadline);
  const uint64_t requests = search(
      b, [](uint64_t, uint64_t item) { return item == 4711; }, 300 * kMillisecond);
  CHECK(b.now < deadline);
  CHECK(requests < 16);
  REQUIRE(b.answers.size() == 1);
  const Answer& answer = b.answers[0];
  CHECK(answer.status == SLUICE_DONE);
  CHECK(answer.code == kInvalidArgument);
  CHECK(answer.text.find("did not end within the sender's deadline") != std::string::npos);
  CHECK(answer.rejected_items > 1);
  CHECK(answer.rejected_items < 300);
  CHECK(b.delivery.book().delivered == 10'000 - answer.rejected_items);
  CHECK(b.returned(Reason::permanent) == answer.rejected_items);
  CHECK(std::any_of(answer.ranges.begin(), answer.ranges.end(),
                    [](const Range& r) { return r.first <= 4711 && 4711 < r.first + r.count; }));
  REQUIRE(count(b, Notice::Kind::searched) == 1);
  CHECK(b.notices.back().untried_items > 0);
  CHECK(b.notices.back().untried_items < b.notices.back().items);
}

TEST_CASE("search: a sender that names no deadline is taken to have ten seconds", "[flow][search]") {
  Bench b(waiting(2));
  const uint64_t began = b.now;
  b.offer(1, 10'000);
  search(
      b, [](uint64_t, uint64_t item) { return item % 1000 == 711; }, 500 * kMillisecond);
  CHECK(b.now - began < 10 * kSecond);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].status == SLUICE_DONE);
  CHECK(b.answers[0].rejected_items > 10);
  CHECK(b.seen(Seen::search_cut_short) == 1);
}

TEST_CASE("search: of several senders with refused items, the small ones do not wait for the large", "[flow][search]") {
  config::Delivery s = waiting(2);
  s.sending_queue.value.batch.on = true;
  s.sending_queue.value.batch.value.min_size = 10'020;
  s.sending_queue.value.batch.value.flush_timeout = std::chrono::seconds(60);
  Bench b(s);
  b.offer(100, 1);  // something is under way, so the next ones are merged
  b.offer(1, 10'000);
  b.offer(2, 10);
  b.offer(3, 10);
  REQUIRE(b.calls.size() == 2);
  search(
      b, [](uint64_t, uint64_t item) { return item % 1000 == 7; }, 250 * kMillisecond);
  REQUIRE(b.answers.size() == 4);
  CHECK(b.answers.back().source == 1);
  CHECK(b.seen(Seen::search_cut_short) == 1);  // only of the large one
}

TEST_CASE("search: a part that is not answered is given up in time", "[flow][search]") {
  config::Delivery s = waiting(1);
  s.timeout = std::chrono::seconds(30);
  Bench b(s);
  const uint64_t deadline = b.now + 5 * kSecond;
  b.offer(1, 8, deadline);
  CHECK(b.calls.front().deadline == deadline);
  b.answer(SLUICE_FAILED_PERMANENT, kInvalidArgument);
  b.answer(SLUICE_DONE);  // the left half
  CHECK(b.calls.front().deadline == deadline - kSecond);
  b.pass(deadline - b.now - kMillisecond);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].status == SLUICE_DONE);
  CHECK(b.answers[0].rejected_items == 4);
  CHECK((b.answers[0].flags & SLUICE_RESULT_UNKNOWN) != 0);
  CHECK(b.delivery.empty());
}

TEST_CASE("search: a first refusal that comes late is the end, without a search", "[flow][search]") {
  Bench b(waiting(1));
  const uint64_t deadline = b.now + 2 * kSecond;
  b.offer(1, 8, deadline);
  b.pass(1900 * kMillisecond);
  b.answer(SLUICE_FAILED_PERMANENT, kInvalidArgument);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].status == SLUICE_FAILED_PERMANENT);
  CHECK(b.calls.empty());
  CHECK(count(b, Notice::Kind::bisecting) == 0);
}

TEST_CASE("search: a destination that fails meanwhile leaves the items with their sender", "[flow][search]") {
  Bench b(waiting(1));
  b.offer(1, 8, b.now + 5 * kSecond);
  b.answer(SLUICE_FAILED_PERMANENT, kInvalidArgument);
  b.answer(SLUICE_FAILED_RETRYABLE, kUnavailable);
  b.pass(6 * kSecond);
  REQUIRE(b.answers.size() == 1);
  CHECK(b.answers[0].status == SLUICE_CANCELLED);
  CHECK(b.returned(Reason::expired) == 8);
}

TEST_CASE("search: whose deadline passes before its merge is cut, goes alone when it is sent again", "[flow][search]") {
  config::Delivery s = waiting(100);
  s.sending_queue.value.batch.on = true;
  s.sending_queue.value.batch.value.min_size = 80;
  s.sending_queue.value.batch.value.flush_timeout = std::chrono::seconds(60);
  Bench b(s);
  b.offer(100, 1);  // something is under way, so the next ones are merged
  Bench::Call other = b.take();
  auto send = [&](uint64_t first, uint64_t last) {
    for (uint64_t source = first; source <= last; ++source) b.offer(source, 10, b.now + 3 * kSecond);
  };
  send(1, 8);
  REQUIRE(b.calls.size() == 1);
  for (int i = 0; i < 3; ++i) {
    b.pass(kSecond);
    if (i < 2) b.answer(SLUICE_FAILED_PERMANENT, kInvalidArgument);
  }
  CHECK(b.answers.size() == 8);
  CHECK(std::all_of(b.answers.begin(), b.answers.end(), [](const Answer& a) { return a.status == SLUICE_CANCELLED; }));
  b.calls.clear();
  send(11, 18);
  CHECK(b.calls.size() == 8);
  CHECK(b.seen(Seen::sent_alone) == 8);
  b.pass(61 * kSecond);
  b.calls.clear();
  send(21, 28);
  CHECK(b.calls.size() == 1);
  b.answer(other, result_of(SLUICE_DONE));
  b.cut();
}

}  // namespace sluice::flow
