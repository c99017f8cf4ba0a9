// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "plugins/testing/config.h"
#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"
#include "plugins/wire/metric_views.h"
#include "processors/resource/config.h"

extern "C" const sluice_entry processor_resource_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

const sluice_entry& kEntry = processor_resource_sluice_plugin_entry_v0;

Tree settings(const std::string& actions) {
  const auto read = config<processors::ResourceConfig>("attributes: " + actions);
  REQUIRE(read.said == std::vector<std::string>{});
  return Tree::copy(*read.tree.value);
}

const std::string kActions =
    "[{key: env, action: insert, value: prod}, {key: service.name, action: update, value: shop}]";

TEST_CASE("resource processor: resources of all signals are changed, items are not", "[processor][resource]") {
  FakeHost host;
  Subject resource(host, kEntry, "resource", settings(kActions));
  REQUIRE(resource.start() == SLUICE_DONE);
  for (const sluice_signal signal : kSignals) {
    const BatchRef batch = host.batch(signal, message(signal, 2));
    CHECK(resource.consume(batch)->answer() == SLUICE_DONE);
    const BatchRef out = host.sends().back().batch;
    CHECK(out.item_count() == 2);
    // Resources are encoded alike in all signals.
    const auto first = *wire::traces(bytes(out->segments[0])).begin();
    REQUIRE(wire::find(first.resource.attributes, "env"));
    CHECK(wire::find(first.resource.attributes, "env")->text() == "prod");
    CHECK(wire::find(first.resource.attributes, "service.name")->text() == "shop");
    const auto before = *wire::traces(bytes(batch->segments[0])).begin();
    CHECK(wire::to_text((*first.scopes.begin()).encoded) == wire::to_text((*before.scopes.begin()).encoded));
    CHECK(host.imbalance(signal) == "");
  }
  CHECK(host.violations().empty());
}

TEST_CASE("resource processor: a resource that is missing is made where something is added to it",
          "[processor][resource]") {
  std::string logs;
  wire::Writer(logs).message(1, [](auto& resource_logs) {
    resource_logs.message(2, [](auto& scope) { scope.message(2, [](auto& record) { record.text(3, "INFO"); }); });
  });
  FakeHost host;
  Subject resource(host, kEntry, "resource", settings(kActions));
  REQUIRE(resource.start() == SLUICE_DONE);
  CHECK(resource.consume(SLUICE_LOGS, logs)->answer() == SLUICE_DONE);
  const auto first = *wire::logs(bytes(host.sends().at(0).batch->segments[0])).begin();
  CHECK(wire::find(first.resource.attributes, "env"));
  CHECK_FALSE(wire::find(first.resource.attributes, "service.name"));
}

TEST_CASE("resource processor: where nothing changes, the same batch is passed on", "[processor][resource]") {
  FakeHost host;
  Subject resource(host, kEntry, "resource", settings("[{key: none, action: delete}]"));
  REQUIRE(resource.start() == SLUICE_DONE);
  const BatchRef batch = host.batch(SLUICE_METRICS, message(SLUICE_METRICS, 2));
  CHECK(resource.consume(batch)->answer() == SLUICE_DONE);
  CHECK(host.sends().at(0).batch.get() == batch.get());
}

TEST_CASE("resource processor: answers pass through", "[processor][resource]") {
  FakeHost host;
  Subject resource(host, kEntry, "resource", settings(kActions));
  REQUIRE(resource.start() == SLUICE_DONE);
  host.on_send([](const auto&) { return Reply::pending(); });
  const auto call = resource.consume(SLUICE_TRACES, message(SLUICE_TRACES, 3));
  CHECK_FALSE(call->answer());
  host.answer(0, Result::retryable(Code::unavailable, "down"));
  REQUIRE(call->completed);
  CHECK(call->completed->text() == "down");
}

TEST_CASE("resource processor: keeps the rules of the border", "[processor][resource]") {
  const auto read = config<processors::ResourceConfig>("attributes: " + kActions);
  CHECK(conformance_problems(kEntry, "resource", {.settings = Tree::copy(*read.tree.value)}) ==
        std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
