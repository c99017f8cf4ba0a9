// SPDX-License-Identifier: Apache-2.0
// The shell around the queue: what it keeps in memory for a batch of which little is left.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/graph/testing.h"
#include "plugins/testing/messages.h"

using namespace sluice;
using namespace sluice::graph::testing;

namespace {

const char* kOneQueue = R"(
receivers: {source: }
exporters:
  sink:
    sending_queue: {num_consumers: 1}
    retry_on_failure: {initial_interval: 10ms, max_interval: 20ms, randomization_factor: 0}
service: {pipelines: {logs: {receivers: [source], exporters: [sink]}}}
)";

uint64_t held_bytes(Stage& stage) {
  return stage.ledger.read().wrappers.begin()->second.held_bytes;
}

}  // namespace

TEST_CASE("queue: two items of a large batch that wait, do not keep the batch in memory", "[graph]") {
  constexpr uint64_t kItems = 10'000;
  Stage stage(kOneQueue);
  std::atomic<int> calls{0};
  std::atomic<bool> down{true};
  stage.sink().behave([&](Sink&, const Call& call) {
    if (calls++ == 0) {
      Result result(SLUICE_DONE);
      result.range(17, 1, SLUICE_FAILED_RETRYABLE, Code::internal);
      result.range(kItems - 1, 1, SLUICE_FAILED_RETRYABLE, Code::internal);
      return call.reply(result);
    }
    return down ? call.reply(Result::retryable(Code::unavailable, "down")) : SLUICE_DONE;
  });
  const std::string message = sluice::testing::message(SLUICE_LOGS, kItems);
  REQUIRE(message.size() > 100'000);
  {
    const NewBatch made =
        stage.source().host().copy(SLUICE_LOGS, {reinterpret_cast<const uint8_t*>(message.data()), message.size()});
    REQUIRE(stage.source().send(made.batch).status == SLUICE_DONE);
  }
  wait_for([&] { return calls > 2; });
  CHECK(held_bytes(stage) < 200);
  CHECK(stage.budget.used_bytes() < 200);
  down = false;
  wait_for([&] { return stage.sink().items() == 2; });
  const std::vector<std::string> bodies = stage.sink().bodies();
  REQUIRE(bodies.size() > kItems + 2);
  CHECK(bodies[bodies.size() - 2] == "item-17");
  CHECK(bodies.back() == "item-9999");
  stage.stop();
  CHECK(held_bytes(stage) == 0);
  CHECK(stage.budget.used_bytes() == 0);
}

TEST_CASE("queue: a batch that waits as it came, is held once and not copied", "[graph]") {
  Stage stage(kOneQueue);
  std::atomic<bool> down{true};
  stage.sink().behave([&](Sink&, const Call& call) {
    return down ? call.reply(Result::retryable(Code::unavailable, "down")) : SLUICE_DONE;
  });
  NewBatch made = stage.source().make(5'000);
  const uint64_t bytes = made.batch.get()->length_bytes;
  REQUIRE(stage.source().send(made.batch).status == SLUICE_DONE);
  made = {};
  wait_for([&] { return stage.sink().call_sizes().size() > 1; });
  CHECK(held_bytes(stage) == bytes);
  CHECK(stage.budget.used_bytes() == bytes);
  down = false;
  stage.stop();
}
