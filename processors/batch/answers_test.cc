// SPDX-License-Identifier: Apache-2.0
// `acknowledge: delivered`: the answers of merged and cut batches find their way back to the senders.
#include <catch2/catch.hpp>

#include "processors/batch/testing.h"

namespace sluice::testing {
namespace {

struct DeliveredFixture : BatchFixture {
  void start(uint32_t size, uint32_t max = 0) {
    BatchFixture::start(
        Tree::map({{"acknowledge", "delivered"}, {"send_batch_size", size}, {"send_batch_max_size", max}}));
  }
};

TEST_CASE_METHOD(DeliveredFixture, "batch processor: senders wait for the answer of what comes behind",
                 "[processor][batch]") {
  start(10);
  host.on_send([](const auto&) { return Reply::pending(); });
  const auto a = consume(4), b = consume(6);
  CHECK(a->returned == SLUICE_PENDING);
  CHECK(held() == 0);
  REQUIRE(host.sends().size() == 1);
  CHECK_FALSE(a->answer());
  host.answer(0, Result::done());
  CHECK(a->answer() == SLUICE_DONE);
  CHECK(b->answer() == SLUICE_DONE);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(DeliveredFixture, "batch processor: failure reaches every sender of the batch with its hint",
                 "[processor][batch]") {
  start(10);
  host.on_send([](const auto&) { return Reply::answer(Result::retryable(Code::unavailable, "down", 3s)); });
  const auto a = consume(4), b = consume(6);
  for (const auto& call : {a, b}) {
    REQUIRE(call->completed);
    CHECK(call->completed->status() == SLUICE_FAILED_RETRYABLE);
    CHECK(call->completed->code() == Code::unavailable);
    CHECK(call->completed->text() == "down");
    CHECK(call->completed->retry_after() == 3s);
  }
  CHECK(finish() == "");
}

TEST_CASE_METHOD(DeliveredFixture, "batch processor: ranges are mapped to the senders whose items they name",
                 "[processor][batch]") {
  start(12);
  host.on_send([](const auto&) { return Reply::pending(); });
  const auto a = consume(4), b = consume(4), c = consume(4);
  Result result = Result::done();
  result.range(3, 2, SLUICE_FAILED_PERMANENT, Code::invalid_argument);  // the last of a, the first of b
  result.range(9, 1, SLUICE_FAILED_RETRYABLE);                          // of c
  host.answer(0, result);
  REQUIRE(a->completed);
  CHECK(a->completed->rejected_items() == 1);
  CHECK(b->completed->rejected_items() == 1);
  CHECK(c->completed->status() == SLUICE_FAILED_RETRYABLE);
  // c sends all of its 4 again although 3 have arrived: they count as added.
  CHECK(host.accounts(SLUICE_TRACES).added == std::map<std::string, uint64_t>{{"resent", 3}});
}

TEST_CASE_METHOD(DeliveredFixture, "batch processor: mere count of rejected items is blamed on no sender",
                 "[processor][batch]") {
  start(10);
  host.on_send([](const auto&) { return Reply::answer(Result::partial(3, "three were bad")); });
  const auto a = consume(4), b = consume(6);
  for (const auto& call : {a, b}) {
    REQUIRE(call->completed);
    CHECK(call->completed->status() == SLUICE_DONE);
    CHECK(call->completed->rejected_items() == 0);
    CHECK(call->completed->flags() == SLUICE_RESULT_UNATTRIBUTED);
  }
  CHECK(host.accounts(SLUICE_TRACES).dropped == std::map<std::string, uint64_t>{{"partial", 3}});
  CHECK(finish() == "");
}

TEST_CASE_METHOD(DeliveredFixture, "batch processor: count over a single sender is that sender's",
                 "[processor][batch]") {
  start(4);
  host.on_send([](const auto&) { return Reply::answer(Result::partial(3, "three were bad")); });
  const auto a = consume(4);
  REQUIRE(a->completed);
  CHECK(a->completed->rejected_items() == 3);
  CHECK(a->completed->text() == "three were bad");
  CHECK(finish() == "");
}

TEST_CASE_METHOD(DeliveredFixture, "batch processor: cut call is answered when its last part has ended",
                 "[processor][batch]") {
  start(5, 5);
  host.on_send([](const auto&) { return Reply::pending(); });
  const auto a = consume(12);
  host.advance(200ms);
  REQUIRE(host.sends().size() == 3);

  SECTION("all taken") {
    host.answer(2, Result::done());
    host.answer(0, Result::done());
    CHECK_FALSE(a->answer());
    host.answer(1, Result::done());
    CHECK(a->answer() == SLUICE_DONE);
  }
  SECTION("one part refused for good: the rest was taken") {
    host.answer(0, Result::done());
    host.answer(1, Result::permanent(Code::invalid_argument, "bad"));
    host.answer(2, Result::done());
    REQUIRE(a->completed);
    CHECK(a->completed->status() == SLUICE_DONE);
    CHECK(a->completed->rejected_items() == 5);
    CHECK(a->completed->text() == "bad");
  }
  SECTION("all parts refused for good") {
    host.answer_all(Result::permanent(Code::invalid_argument, "bad"));
    CHECK(a->answer() == SLUICE_FAILED_PERMANENT);
  }
  SECTION("one part failed for now: the sender has to send all again") {
    host.answer(0, Result::done());
    host.answer(1, Result::retryable(Code::unavailable, "down"));
    host.answer(2, Result::permanent(Code::invalid_argument, "bad"));
    CHECK(a->answer() == SLUICE_FAILED_RETRYABLE);
    CHECK(host.accounts(SLUICE_TRACES).added == std::map<std::string, uint64_t>{{"resent", 5}});
  }
  CHECK(finish() == "");
}

TEST_CASE_METHOD(DeliveredFixture, "batch processor: earliest deadline of the senders goes with the batch",
                 "[processor][batch]") {
  start(6);
  const BatchRef in = host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 2));
  batch->consume(in, {}, 9'000'000'000);
  batch->consume(in, {}, 7'000'000'000);
  batch->consume(in);
  REQUIRE(host.sends().size() == 1);
  CHECK(host.sends()[0].deadline_mono_ns == 7'000'000'000);
}

TEST_CASE_METHOD(DeliveredFixture, "batch processor: busy parks the batch and the senders wait", "[processor][batch]") {
  start(4);
  host.on_send([](const auto&) { return Reply::busy(); });
  const auto a = consume(4);
  CHECK_FALSE(a->answer());
  host.on_send(nullptr);
  host.resume(host.output(SLUICE_TRACES));
  CHECK(a->answer() == SLUICE_DONE);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(DeliveredFixture, "batch processor: senders that wait at stop are told that it stops",
                 "[processor][batch]") {
  start(4);
  host.on_send([](const auto&) { return Reply::busy(); });
  const auto parked = consume(4), held = consume(1);
  batch->stop();
  for (const auto& call : {parked, held}) {
    REQUIRE(call->completed);
    CHECK(call->completed->status() == SLUICE_CANCELLED);
    CHECK(call->completed->text() == "the collector stops");
  }
  CHECK(finish() == "");
}

}  // namespace
}  // namespace sluice::testing
