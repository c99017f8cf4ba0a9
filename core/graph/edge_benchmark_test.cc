// SPDX-License-Identifier: Apache-2.0
// What it costs that the core stands on every edge: one batch from a receiver into a processor that is done with it,
// books and call table included; and what the queue in front of an exporter adds. Hidden; run it with
// `graph_test "[!benchmark]"` of an optimised build.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "core/graph/testing.h"

using namespace sluice;
using namespace sluice::graph::testing;

namespace {

double nanoseconds_per_send(Source& source, const BatchRef& batch, int sends) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < sends; ++i) {
    demand(source.send(batch).status == SLUICE_DONE);
  }
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / sends;
}

}  // namespace

TEST_CASE("edge: send to DONE, from one thread and from two", "[.][!benchmark]") {
  Stage stage(R"(
receivers: {source: }
processors: {pass: }
exporters: {sink: }
service: {pipelines: {logs: {receivers: [source], processors: [pass], exporters: [sink]}}}
)");
  constexpr int kSends = 2'000'000;
  stage.pass().behaviour = [](Pass&, const Call&) { return SLUICE_DONE; };
  const BatchRef batch = stage.source().make(10).batch;
  nanoseconds_per_send(stage.source(), batch, kSends / 10);
  std::vector<double> one;
  for (int i = 0; i < 5; ++i) one.push_back(nanoseconds_per_send(stage.source(), batch, kSends));
  std::sort(one.begin(), one.end());
  WARN("one thread: " << one[0] << " ns at best, " << one[2] << " ns in the middle");

  std::vector<double> two;
  for (int i = 0; i < 5; ++i) {
    double each[2];
    std::thread other([&] { each[1] = nanoseconds_per_send(stage.source(), batch, kSends); });
    each[0] = nanoseconds_per_send(stage.source(), batch, kSends);
    other.join();
    two.push_back(std::max(each[0], each[1]));
  }
  std::sort(two.begin(), two.end());
  WARN("two threads: " << two[0] << " ns at best, " << two[2] << " ns in the middle");
  CHECK(stage.imbalance() == 0);
}

TEST_CASE("queue: send to delivered, from one thread and from two", "[.][!benchmark]") {
  Stage stage(R"(
receivers: {source: }
exporters: {sink: {sending_queue: {queue_size: 100000}}}
service: {pipelines: {logs: {receivers: [source], exporters: [sink]}}}
)");
  constexpr int kSends = 200'000;
  const BatchRef batch = stage.source().make(1).batch;
  nanoseconds_per_send(stage.source(), batch, kSends / 10);
  std::vector<double> one, two;
  for (int i = 0; i < 5; ++i) one.push_back(nanoseconds_per_send(stage.source(), batch, kSends));
  for (int i = 0; i < 5; ++i) {
    double each[2];
    std::thread other([&] { each[1] = nanoseconds_per_send(stage.source(), batch, kSends); });
    each[0] = nanoseconds_per_send(stage.source(), batch, kSends);
    other.join();
    two.push_back(std::max(each[0], each[1]));
  }
  std::sort(one.begin(), one.end());
  std::sort(two.begin(), two.end());
  WARN("one thread: " << one[0] << " ns at best, " << one[2] << " ns in the middle");
  WARN("two threads: " << two[0] << " ns at best, " << two[2] << " ns in the middle");
  CHECK(stage.imbalance() == 0);
}
