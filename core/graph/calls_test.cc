// SPDX-License-Identifier: Apache-2.0
#include "core/graph/calls.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

namespace sluice::graph {
namespace {

uint32_t place_of(sluice_token token) {
  return static_cast<uint32_t>(token);
}

// One call from its opening to its end; returns the place that it had.
uint32_t call(CallTable& table) {
  bool completed_too = false;
  const sluice_token token = table.open(&table, Reply{});
  CHECK(table.returned(token, SLUICE_DONE, completed_too).status == SLUICE_DONE);
  return place_of(token);
}

TEST_CASE("call table: a place is used again, under another token", "[graph][calls]") {
  CallTable table;
  bool completed_too = false;
  const sluice_token first = table.open(&table, Reply{});
  table.returned(first, SLUICE_DONE, completed_too);
  const sluice_token second = table.open(&table, Reply{});
  CHECK(place_of(first) == place_of(second));
  CHECK(first != second);
  CHECK(table.complete(&table, first, Outcome()) == SLUICE_INVALID);
}

TEST_CASE("call table: threads that end give back the places they kept", "[graph][calls]") {
  CallTable table;
  uint32_t highest = 0;
  for (int i = 0; i < 10'000; ++i) std::thread([&] { highest = std::max(highest, call(table)); }).join();
  // A table of as many places as threads would be a leak: each shard grows by one slab of 256 at most.
  CHECK(highest < 16 * 256);
}

TEST_CASE("call table: a thread outlives the table whose places it kept", "[graph][calls]") {
  std::thread([] {
    auto first = std::make_unique<CallTable>();
    CallTable second;
    call(*first);
    first.reset();
    call(second);
  }).join();
  CallTable third;
  CHECK(call(third) < 256);
}

}  // namespace
}  // namespace sluice::graph
