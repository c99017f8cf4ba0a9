// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/forming.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/wire/views.h"

namespace sluice::processors {
namespace {

using testing::FakeHost;
using testing::message;

std::vector<std::string> names(const BatchRef& batch) {
  std::vector<std::string> all;
  for_each_message(*batch, [&all](std::span<const uint8_t> bytes, uint64_t) {
    for (const auto& resource : wire::traces(bytes))
      for (const auto& scope : resource.scopes)
        for (const auto& span : scope.items) all.emplace_back(span.name);
  });
  return all;
}

TEST_CASE("batch forming: a whole batch leaves as itself", "[processor][batch]") {
  FakeHost host;
  const BatchRef in = host.batch(SLUICE_TRACES, {message(SLUICE_TRACES, 2, "a"), message(SLUICE_TRACES, 1, "b")});
  Held held;
  held.add(in, nullptr, 0);
  const Formed formed = held.take(0);
  CHECK(formed.items == 3);
  CHECK(formed.make(host).get() == in.get());
  CHECK(held.items() == 0);
}

TEST_CASE("batch forming: whole messages are shared, in order", "[processor][batch]") {
  FakeHost host;
  const BatchRef first = host.batch(SLUICE_TRACES, {message(SLUICE_TRACES, 2, "a"), message(SLUICE_TRACES, 1, "b")});
  const BatchRef second = host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 1, "c"));
  Held held;
  held.add(first, nullptr, 0);
  held.add(second, nullptr, 0);
  const BatchRef out = held.take(4).make(host);
  CHECK(names(out) == std::vector<std::string>{"a-0", "a-1", "b-0", "c-0"});
  REQUIRE(out.segments().size() == 3);
  CHECK(out.segments()[0].data == first.segments()[0].data);
  CHECK(out.segments()[2].data == second.segments()[0].data);
}

TEST_CASE("batch forming: cuts fall between items and lose none", "[processor][batch]") {
  FakeHost host;
  Held held;
  held.add(host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 5, "a")), nullptr, 0);
  held.add(host.batch(SLUICE_TRACES, {message(SLUICE_TRACES, 0), message(SLUICE_TRACES, 3, "b")}), nullptr, 0);
  held.add(host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 2, "c")), nullptr, 0);
  std::vector<std::string> all;
  std::vector<uint64_t> sizes;
  while (held.items()) {
    const Formed formed = held.take(3);
    const BatchRef batch = formed.make(host);
    CHECK(batch.item_count() == formed.items);
    sizes.push_back(formed.items);
    for (const std::string& name : names(batch)) all.push_back(name);
  }
  CHECK(sizes == std::vector<uint64_t>{3, 3, 3, 1});
  CHECK(all == std::vector<std::string>{"a-0", "a-1", "a-2", "a-3", "a-4", "b-0", "b-1", "b-2", "c-0", "c-1"});
  CHECK(host.live_batches() == 0);
}

TEST_CASE("batch forming: earliest deadline and the slices of senders go with a batch", "[processor][batch]") {
  FakeHost host;
  const auto source = [](uint64_t items) { return std::make_shared<Source>(Answer(), SLUICE_TRACES, items); };
  const auto a = source(4), b = source(4);
  Held held;
  held.add(host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 4)), a, 0);
  held.add(host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 4)), b, 70);
  const Formed first = held.take(6);
  REQUIRE(first.slices.size() == 2);
  CHECK(first.slices[0].source == a);
  CHECK(first.slices[0].items == 4);
  CHECK(first.slices[1].source == b);
  CHECK(first.slices[1].items == 2);
  CHECK(first.deadline_mono_ns == 70);
  const Formed rest = held.take(6);
  REQUIRE(rest.slices.size() == 1);
  CHECK(rest.slices[0].items == 2);
}

}  // namespace
}  // namespace sluice::processors
