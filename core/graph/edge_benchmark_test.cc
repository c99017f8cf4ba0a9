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

// Five rounds from one thread, then five from two at once (the slower one counts).
void report(Source& source, const BatchRef& batch, int sends) {
  const auto say = [](const char* threads, std::vector<double> rounds) {
    std::sort(rounds.begin(), rounds.end());
    WARN(threads << rounds[0] << " ns at best, " << rounds[2] << " ns in the middle");
  };
  nanoseconds_per_send(source, batch, sends / 10);
  std::vector<double> one, two;
  for (int i = 0; i < 5; ++i) one.push_back(nanoseconds_per_send(source, batch, sends));
  for (int i = 0; i < 5; ++i) {
    double each[2];
    std::thread other([&] { each[1] = nanoseconds_per_send(source, batch, sends); });
    each[0] = nanoseconds_per_send(source, batch, sends);
    other.join();
    two.push_back(std::max(each[0], each[1]));
  }
  say("one thread: ", std::move(one));
  say("two threads: ", std::move(two));
}

}  // namespace

TEST_CASE("edge: send to DONE, from one thread and from two", "[.][!benchmark]") {
  Stage stage(R"(
receivers: {source: }
processors: {pass: }
exporters: {sink: }
service: {pipelines: {logs: {receivers: [source], processors: [pass], exporters: [sink]}}}
)");
  stage.pass().behaviour = [](Pass&, const Call&) { return SLUICE_DONE; };
  report(stage.source(), stage.source().make(10).batch, 2'000'000);
  CHECK(stage.imbalance() == 0);
}

TEST_CASE("queue: send to delivered, from one thread and from two", "[.][!benchmark]") {
  Stage stage(R"(
receivers: {source: }
exporters: {sink: {sending_queue: {queue_size: 100000}}}
service: {pipelines: {logs: {receivers: [source], exporters: [sink]}}}
)");
  report(stage.source(), stage.source().make(1).batch, 200'000);
  CHECK(stage.imbalance() == 0);
}
