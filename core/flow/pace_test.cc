// SPDX-License-Identifier: Apache-2.0
// A backlog paces its senders: who is in the queue already is told so a little later.
#include <catch2/catch.hpp>

#include "core/flow/testing.h"

namespace sluice::flow {
namespace {

// One call at the exporter, one source that waits behind it, and the answer to the next is held back.
struct Backlog : Bench {
  explicit Backlog(config::Delivery settings = one_consumer()) : Bench(settings) {
    Rules rules;
    rules.paces_above_bytes = 150;
    delivery.set_rules_for_test(rules);
    offer(1, 10);  // a single one is never held back
    offer(2, 10);
    offer(3, 10);
  }

  static config::Delivery one_consumer() {
    config::Delivery s = queue_settings();
    s.sending_queue.value.num_consumers = 1;
    return s;
  }
  std::vector<uint64_t> told_early() {
    std::vector<uint64_t> sources;
    for (const Answer& answer : answers) {
      CHECK(answer.status == SLUICE_DONE);
      CHECK(answer.flags == SLUICE_RESULT_EARLY);
      sources.push_back(answer.source);
    }
    return sources;
  }
};

using Sources = std::vector<uint64_t>;

TEST_CASE_METHOD(Backlog, "pace: senders are told when the backlog is gone", "[flow][pace]") {
  CHECK(seen(Seen::paced) == 2);
  CHECK(told_early().empty());
  CHECK(delivery.book().waiting == 0);  // all have their places
  answer(SLUICE_DONE);
  CHECK(told_early().empty());
  answer(SLUICE_DONE);
  CHECK(told_early() == Sources{2, 3});
  CHECK(offer(4, 1) == Verdict::taken);
}

TEST_CASE_METHOD(Backlog, "pace: nobody waits longer than 20 ms", "[flow][pace]") {
  pass(10 * kMillisecond);
  answer(SLUICE_DONE);
  CHECK(offer(4, 10) == Verdict::pending);
  CHECK(told_early().empty());
  pass(10 * kMillisecond);
  CHECK(told_early() == Sources{2, 3});
  pass(10 * kMillisecond);
  CHECK(told_early() == Sources{2, 3, 4});
}

TEST_CASE_METHOD(Backlog, "pace: a destination that does not move fills the queue at full speed", "[flow][pace]") {
  pass(20 * kMillisecond);
  CHECK(told_early() == Sources{2, 3});
  for (uint64_t source = 4; source < 9; ++source) CHECK(offer(source, 10) == Verdict::taken);
}

TEST_CASE_METHOD(Backlog, "pace: little in the queue holds nobody back", "[flow][pace]") {
  for (int i = 0; i < 2; ++i) answer(SLUICE_DONE);
  CHECK(offer(4, 1) == Verdict::taken);
}

TEST_CASE_METHOD(Backlog, "pace: the end of the collector holds nobody back", "[flow][pace]") {
  SECTION("drain") {
    drain(kSecond);
    CHECK(told_early() == Sources{2, 3});
    CHECK(offer(4, 10) == Verdict::taken);
  }
  SECTION("cut: told OK, and dropped as what was told OK") {
    cut();
    CHECK(told_early() == Sources{2, 3});
    CHECK(dropped(Reason::shutdown) == 30);
    CHECK(returned(Reason::shutdown) == 0);
  }
}

TEST_CASE("pace: a refused request whose sender is held back is dropped, and its sender told early", "[flow][pace]") {
  config::Delivery settings = Backlog::one_consumer();
  settings.sending_queue.value.queue_size = 3;
  Backlog b(settings);
  b.answer(SLUICE_DONE);
  CHECK(b.offer(4, 10) == Verdict::pending);
  CHECK(b.offer(5, 10) == Verdict::busy);  // a full queue refuses at once
  b.answer(b.take(), [] {
    sluice_result partial = result_of(SLUICE_DONE);
    partial.rejected_items = 10;
    return partial;
  }());
  CHECK(b.dropped(Reason::partial) == 10);
  CHECK(b.told_early() == Sources{2});
}

TEST_CASE("pace: who waits for the result is not held back, it waits anyway", "[flow][pace]") {
  config::Delivery settings = Backlog::one_consumer();
  settings.sending_queue.value.wait_for_result = true;
  Backlog b(settings);
  CHECK(b.seen(Seen::paced) == 0);
}

}  // namespace
}  // namespace sluice::flow
