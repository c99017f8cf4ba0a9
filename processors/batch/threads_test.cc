// SPDX-License-Identifier: Apache-2.0
// Many senders, a destination that answers in every way, timers and resumes at once: nothing is lost or doubled.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "processors/batch/testing.h"

namespace sluice::testing {
namespace {

TEST_CASE_METHOD(BatchFixture, "batch processor: threads at all doors keep the books", "[processor][batch]") {
  const char* acknowledge = GENERATE("accepted", "delivered");
  start(Tree::map({{"acknowledge", acknowledge},
                   {"send_batch_size", 20},
                   {"send_batch_max_size", 25},
                   {"metadata_keys", Tree::list({"k"})}}));
  std::atomic<int> count = 0;
  host.on_send([&count](const auto&) {
    switch (++count % 9) {
      case 0:
        return Reply::busy();
      case 1: {
        Reply reply = Reply::busy();
        reply.early_resume = true;
        return reply;
      }
      case 2:
        return Reply::answer(Result::retryable(Code::unavailable, "later"));
      case 3:
        return Reply::answer(Result::permanent(Code::invalid_argument, "never"));
      case 4: {
        Reply reply = Reply::pending();
        reply.early_answer = Result::partial(1, "one");
        return reply;
      }
      default:
        return Reply::done();
    }
  });
  host.set_log_level(SLUICE_ERROR);
  std::atomic<int> busy = 4;
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 4; ++sender) {
    senders.emplace_back([this, sender, &busy] {
      const ContextRef context = host.context({{"k", sender % 2 ? "a" : "b"}});
      const BatchRef in = host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 7));
      for (int i = 0; i < 200;) {
        if (batch->consume(in, context)->answer() != SLUICE_BUSY) ++i;
      }
      --busy;
    });
  }
  while (busy) {
    host.advance(10ms);
    host.resume(host.output(SLUICE_TRACES));
  }
  for (std::thread& sender : senders) sender.join();
  host.on_send(nullptr);
  batch->drain();
  for (int i = 0; i < 10; ++i) host.advance(100ms);
  CHECK(held() == 0);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: senders that are held back by threads are all told",
                 "[processor][batch]") {
  start(Tree::map({{"timeout", 0s}}));
  host.on_send([](const auto&) { return Reply::pending(); });
  BatchRef in = host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 70'000));
  std::atomic<int> busy = 4;
  std::vector<std::vector<std::shared_ptr<const CallRecord>>> calls(4);
  std::vector<std::thread> senders;
  for (auto& of_sender : calls) {
    senders.emplace_back([this, &of_sender, &in, &busy] {
      for (int i = 0; i < 100; ++i) of_sender.push_back(batch->consume(in));
      --busy;
    });
  }
  while (busy) {
    host.advance(1ms);
    host.answer_all(Result::done());
  }
  for (std::thread& sender : senders) sender.join();
  host.advance(20ms);
  for (const auto& of_sender : calls) {
    for (const auto& call : of_sender) CHECK((call->answer() == SLUICE_DONE || call->answer() == SLUICE_BUSY));
  }
  in = {};
  host.answer_all(Result::done());
  host.on_send(nullptr);
  host.advance(100ms);
  CHECK(held() == 0);
  CHECK(finish() == "");
}

}  // namespace
}  // namespace sluice::testing
