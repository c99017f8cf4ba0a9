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

}  // namespace
}  // namespace sluice::testing
