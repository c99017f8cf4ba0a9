// SPDX-License-Identifier: Apache-2.0
// Plugins that break the rules while they run: the core says so, the process lives, the books balance.
#include <catch2/catch.hpp>

#include "core/graph/testing.h"

using namespace sluice::graph::testing;

namespace {

std::string with_exporter(const std::string& type) {
  return "receivers: {source: }\nexporters: {" + type +
         ": }\nservice: {pipelines: {logs: {receivers: [source], exporters: [" + type + "]}}}\n";
}

}  // namespace

TEST_CASE("broken exporter: completes twice, the first answer counts", "[graph]") {
  Stage stage(with_exporter("completes_twice"), 0, SLUICE_ABI_PLUGINS);
  CHECK(stage.source().deliver(3).status == SLUICE_DONE);
  CHECK(stage.stop());
  CHECK(stage.balance().delivered == 3);
}

TEST_CASE("broken exporter: completes and returns something else, the completion counts", "[graph]") {
  Stage stage(with_exporter("completes_and_returns"), 0, SLUICE_ABI_PLUGINS);
  CHECK(stage.source().deliver(3).status == SLUICE_DONE);
  CHECK(stage.stop());
}

TEST_CASE("broken exporter: completes never, the stop answers for it", "[graph]") {
  Stage stage(with_exporter("completes_never"), 0, SLUICE_ABI_PLUGINS);
  REQUIRE(stage.source().send(3, 1).status == SLUICE_PENDING);
  CHECK(stage.stop(600'000'000));
  CHECK(sluice::telemetry::total(stage.balance().returned) == 3);
}

TEST_CASE("broken exporter: completes with a foreign token, is refused and its own call ends", "[graph]") {
  Stage stage(with_exporter("foreign_token"), 0, SLUICE_ABI_PLUGINS);
  stage.source().send(3, 1);
  CHECK(stage.stop(600'000'000));
}

TEST_CASE("broken exporter: throws, the sender keeps its items", "[graph]") {
  Stage stage(with_exporter("throws"), 0, SLUICE_ABI_PLUGINS);
  CHECK(stage.source().deliver(3).status != SLUICE_DONE);
  CHECK(stage.stop());
  CHECK(sluice::telemetry::total(stage.balance().returned) == 3);
}

TEST_CASE("broken receiver: calls after stop, is refused", "[graph]") {
  Stage stage(
      "receivers: {source: , calls_after_stop: }\nexporters: {sink: }\n"
      "service: {pipelines: {logs: {receivers: [source, calls_after_stop], exporters: [sink]}}}\n",
      0, SLUICE_ABI_PLUGINS);
  CHECK(stage.source().deliver(3).status == SLUICE_DONE);
  CHECK(stage.stop());
}
