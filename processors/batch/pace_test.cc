// SPDX-License-Identifier: Apache-2.0
// Senders that are answered early hear of it a little later while much is offered below and has no answer.
#include <catch2/catch.hpp>

#include "processors/batch/testing.h"

namespace sluice::testing {
namespace {

// Two calls of three megabytes each, sent on at once; the second one's sender is held back behind both.
struct PacedFixture : BatchFixture {
  PacedFixture() {
    start(Tree::map({{"timeout", 0s}}));
    host.on_send([](const auto&) { return Reply::pending(); });
    const auto first = large();
    CHECK(first->answer() == SLUICE_DONE);
    second = large();
    CHECK_FALSE(second->answer());
    CHECK(host.sends().size() == 2);
    CHECK(held() == 2 * kItems);
  }

  static constexpr uint64_t kItems = 70'000;
  std::shared_ptr<const CallRecord> large() { return consume(kItems); }

  std::shared_ptr<const CallRecord> second;
};

TEST_CASE_METHOD(PacedFixture, "batch processor: senders are told when what is below has taken enough",
                 "[processor][batch]") {
  const auto third = consume(1);
  CHECK_FALSE(third->answer());
  host.answer(0, Result::done());
  CHECK(second->answer() == SLUICE_DONE);
  CHECK(third->answer() == SLUICE_DONE);
  CHECK(consume(1)->answer() == SLUICE_DONE);
  host.answer_all(Result::done());
  CHECK(held() == 0);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(PacedFixture, "batch processor: no sender is held back longer than 20 ms", "[processor][batch]") {
  host.advance(10ms);
  const auto third = consume(1);
  host.advance(10ms);
  CHECK(second->answer() == SLUICE_DONE);
  CHECK_FALSE(third->answer());
  host.advance(10ms);
  CHECK(third->answer() == SLUICE_DONE);
  CHECK_FALSE(host.timer_due(0));
  host.answer_all(Result::done());
  CHECK(finish() == "");
}

TEST_CASE_METHOD(PacedFixture, "batch processor: what is refused for now still holds senders back, for good does not",
                 "[processor][batch]") {
  host.answer(0, Result::retryable(Code::unavailable, "later"));
  CHECK_FALSE(second->answer());
  host.answer(1, Result::permanent(Code::invalid_argument, "never"));
  CHECK(second->answer() == SLUICE_DONE);
  host.on_send(nullptr);
  host.advance(100ms);
  CHECK(held() == 0);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(PacedFixture, "batch processor: its end holds nobody back", "[processor][batch]") {
  SECTION("drain") {
    batch->drain();
    CHECK(second->answer() == SLUICE_DONE);
    CHECK(large()->answer() == SLUICE_DONE);
    host.answer_all(Result::done());
  }
  SECTION("stop: what was told OK is dropped") {
    host.answer_all(Result::retryable(Code::unavailable, "later"));
    batch->stop();
    CHECK(second->answer() == SLUICE_DONE);
    CHECK(host.accounts(SLUICE_TRACES).dropped == std::map<std::string, uint64_t>{{"shutdown", 2 * kItems}});
  }
  CHECK(held() == 0);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: who waits for the answer from below is not held back besides",
                 "[processor][batch]") {
  start(Tree::map({{"timeout", 0s}, {"acknowledge", "delivered"}}));
  host.on_send([](const auto&) { return Reply::pending(); });
  const auto first = consume(70'000), second = consume(70'000), third = consume(1);
  host.answer(2, Result::done());
  CHECK(third->answer() == SLUICE_DONE);
  CHECK_FALSE(first->answer());
  host.answer_all(Result::done());
  CHECK(finish() == "");
}

}  // namespace
}  // namespace sluice::testing
