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
#include "processors/attributes/config.h"

extern "C" const sluice_entry processor_attributes_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

const sluice_entry& kEntry = processor_attributes_sluice_plugin_entry_v0;

Tree settings(const std::string& yaml) {
  const auto read = config<processors::AttributesConfig>(yaml);
  REQUIRE(read.said == std::vector<std::string>{});
  return Tree::copy(*read.tree.value);
}

const std::string kEnv = "actions: [{key: env, action: upsert, value: prod}]";

std::string env_of(const wire::Attributes& attributes) {
  const auto value = wire::find(attributes, "env");
  return value ? std::string(value->text()) : std::string();
}

// One metric with a point for each kind of data.
std::string metrics_of_every_kind() {
  std::string out;
  wire::Writer(out).message(1, [](auto& resource) {
    resource.message(2, [](auto& scope) {
      for (const uint32_t data : {5U, 7U, 9U, 10U, 11U}) {
        scope.message(2, [&](auto& metric) {
          metric.text(1, "m" + std::to_string(data));
          metric.message(data, [](auto& points) { points.message(1, [](auto& point) { point.fixed64(3, 7); }); });
        });
      }
    });
  });
  return out;
}

TEST_CASE("attributes processor: spans, log records and data points of every kind", "[processor][attributes]") {
  FakeHost host;
  Subject attributes(host, kEntry, "attributes", settings(kEnv));
  REQUIRE(attributes.start() == SLUICE_DONE);
  CHECK(attributes.consume(SLUICE_TRACES, message(SLUICE_TRACES, 2))->answer() == SLUICE_DONE);
  CHECK(attributes.consume(SLUICE_LOGS, message(SLUICE_LOGS, 3))->answer() == SLUICE_DONE);
  CHECK(attributes.consume(SLUICE_METRICS, metrics_of_every_kind())->answer() == SLUICE_DONE);
  const auto sends = host.sends();
  REQUIRE(sends.size() == 3);
  int items = 0;
  const auto check = [&](const auto& item) {
    ++items;
    CHECK(env_of(item.attributes) == "prod");
  };
  for (const auto& resource : wire::traces(bytes(sends[0].batch->segments[0])))
    for (const auto& scope : resource.scopes)
      for (const auto& span : scope.items) check(span);
  for (const auto& resource : wire::logs(bytes(sends[1].batch->segments[0])))
    for (const auto& scope : resource.scopes)
      for (const auto& record : scope.items) check(record);
  for (const auto& resource : wire::metrics(bytes(sends[2].batch->segments[0])))
    for (const auto& scope : resource.scopes)
      for (const auto& metric : scope.items) {
        for (const auto& point : metric.number_points()) check(point);
        for (const auto& point : metric.histogram_points()) check(point);
        for (const auto& point : metric.exponential_histogram_points()) check(point);
        for (const auto& point : metric.summary_points()) check(point);
      }
  CHECK(items == 10);
  for (const sluice_signal signal : kSignals) CHECK(host.imbalance(signal) == "");
  CHECK(host.violations().empty());
}

TEST_CASE("attributes processor: where nothing changes, the same batch is passed on", "[processor][attributes]") {
  FakeHost host;
  Subject attributes(host, kEntry, "attributes", settings("actions: [{key: env, action: delete}]"));
  REQUIRE(attributes.start() == SLUICE_DONE);
  const BatchRef batch = host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 2));
  CHECK(attributes.consume(batch)->answer() == SLUICE_DONE);
  CHECK(host.sends().at(0).batch.get() == batch.get());
}

TEST_CASE("attributes processor: sender, deadline and answers pass through", "[processor][attributes]") {
  FakeHost host;
  Subject attributes(host, kEntry, "attributes",
                     settings("actions: [{key: env, action: insert, from_context: metadata.x-env}]"));
  REQUIRE(attributes.start() == SLUICE_DONE);
  host.on_send([](const auto&) { return Reply::pending(); });
  const ContextRef context = host.context({{"x-env", "test"}});
  const auto call = attributes.consume(host.batch(SLUICE_LOGS, message(SLUICE_LOGS, 3)), context, 9'000'000'000);
  REQUIRE(host.sends().size() == 1);
  CHECK(host.sends()[0].deadline_mono_ns == 9'000'000'000);
  CHECK(host.sends()[0].context.get() == context.get());
  for (const auto& resource : wire::logs(bytes(host.sends()[0].batch->segments[0])))
    for (const auto& scope : resource.scopes)
      for (const auto& record : scope.items) CHECK(env_of(record.attributes) == "test");
  host.answer(0, Result::partial(1, "one is too old"));
  REQUIRE(call->completed);
  CHECK(call->completed->rejected_items() == 1);
  CHECK(call->completed->text() == "one is too old");

  host.on_send([](const auto&) { return Reply::busy(); });
  CHECK(attributes.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1))->answer() == SLUICE_BUSY);
  CHECK(host.violations().empty());
}

TEST_CASE("attributes processor: only what is included and not excluded", "[processor][attributes]") {
  FakeHost host;
  Subject attributes(host, kEntry, "attributes",
                     settings(kEnv + "\ninclude: {match_type: regexp, log_bodies: [item]}\n"
                                     "exclude: {match_type: strict, log_bodies: [item-1]}"));
  // With conditions on log records, pipelines of logs only.
  CHECK(attributes.init() == SLUICE_FAILED_PERMANENT);
  CHECK(host.last_error() ==
        "include::log_bodies says nothing about traces, but pipeline \"traces/test\" brings traces: use a processor of "
        "its own for it");

  FakeHost logs({.inputs = {SLUICE_LOGS}, .outputs = {SLUICE_LOGS}});
  Subject selecting(logs, kEntry, "attributes",
                    settings(kEnv + "\ninclude: {match_type: regexp, log_bodies: [item]}\n"
                                    "exclude: {match_type: strict, log_bodies: [item-1]}"));
  REQUIRE(selecting.start() == SLUICE_DONE);
  CHECK(selecting.consume(SLUICE_LOGS, message(SLUICE_LOGS, 3))->answer() == SLUICE_DONE);
  std::vector<std::string> found;
  for (const auto& resource : wire::logs(bytes(logs.sends().at(0).batch->segments[0])))
    for (const auto& scope : resource.scopes)
      for (const auto& record : scope.items) found.push_back(env_of(record.attributes));
  CHECK(found == std::vector<std::string>{"prod", "", "prod"});
}

TEST_CASE("attributes processor: without memory for the changed batch the sender may try again",
          "[processor][attributes]") {
  const std::string records = message(SLUICE_LOGS, 10);
  FakeHost host({.inputs = {SLUICE_LOGS}, .outputs = {SLUICE_LOGS}, .budget_bytes = records.size() + 10});
  Subject attributes(host, kEntry, "attributes", settings(kEnv));
  REQUIRE(attributes.start() == SLUICE_DONE);
  const auto call = attributes.consume(SLUICE_LOGS, records);
  REQUIRE(call->completed);
  CHECK(call->completed->status() == SLUICE_FAILED_RETRYABLE);
  CHECK(call->completed->text() == "out of memory while attributes were changed");
  CHECK(host.sends().empty());
}

TEST_CASE("attributes processor: keeps the rules of the border", "[processor][attributes]") {
  const auto read = config<processors::AttributesConfig>(kEnv);
  CHECK(conformance_problems(kEntry, "attributes", {.settings = Tree::copy(*read.tree.value)}) ==
        std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
