// SPDX-License-Identifier: Apache-2.0
//
// Hidden case: run `flow_test "[!benchmark]"` of a release build. A thousand batches of ten items go through a queue,
// from the offer to the exporter's answer; times are for the thousand.
#include <catch2/catch.hpp>

#include "core/flow/testing.h"

namespace sluice::flow {
namespace {

// How many requests the exporter got, if all items were delivered; else 0.
uint64_t deliver_a_thousand(const config::Delivery& settings) {
  const TenBytesAnItem payload;
  Delivery delivery(settings, payload, nullptr, 1);
  Actions actions;
  std::deque<uint64_t> attempts;
  uint64_t requests = 0;
  const uint64_t now = kSecond;
  const auto settle = [&] {
    for (const Dispatch& dispatch : actions.dispatches) attempts.push_back(dispatch.attempt);
    actions.clear();
  };
  const auto answer_all = [&] {
    for (; !attempts.empty(); attempts.pop_front(), ++requests) {
      delivery.result(attempts.front(), result_of(SLUICE_DONE), now, actions);
      settle();
    }
  };
  for (uint64_t source = 1; source <= 1000; ++source) {
    Offer offer;
    offer.source = source;
    offer.items = 10;
    offer.bytes = 100;
    delivery.offer(offer, now, actions);
    settle();
    if (source % 5 == 0) answer_all();
  }
  return delivery.book().delivered == 10'000 && delivery.imbalance() == 0 ? requests : 0;
}

TEST_CASE("flow: a thousand batches", "[!benchmark]") {
  const config::Delivery settings = queue_settings();
  config::Delivery merging = settings;
  merging.sending_queue.value.batch.on = true;
  merging.sending_queue.value.batch.value.min_size = 100;
  merging.sending_queue.value.batch.value.max_size = 100;
  REQUIRE(deliver_a_thousand(settings) == 1000);
  REQUIRE(deliver_a_thousand(merging) == 100);

  BENCHMARK("one request each") {
    return deliver_a_thousand(settings);
  };
  BENCHMARK("ten in one request") {
    return deliver_a_thousand(merging);
  };
}

}  // namespace
}  // namespace sluice::flow
