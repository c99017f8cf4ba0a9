// SPDX-License-Identifier: Apache-2.0
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "limit.h"
#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"
#include "plugins/wire/views.h"

extern "C" const sluice_entry sluice_plugin_entry_v0;

namespace attribute_limit {
namespace {

using namespace sluice::testing;
using sluice::BatchRef;

// Values of service.name, one a resource, of the batch that came out last.
std::vector<std::string> services(const FakeHost& host) {
  std::vector<std::string> found;
  for (const sluice_segment& segment : host.sends().back().batch.segments()) {
    for (const auto& resource : wire::logs(sluice::bytes(segment))) {
      found.emplace_back(wire::find(resource.resource.attributes, "service.name")->text());
    }
  }
  return found;
}

std::string logs_of(const std::string& service) {
  return message(SLUICE_LOGS, 2, "item", service);
}

TEST_CASE("cut: no character is split") {
  CHECK(cut("abc", 3) == "abc");
  CHECK(cut("abcd", 3) == "abc");
  CHECK(cut("aä€", 6) == "aä€");
  CHECK(cut("aä€", 5) == "aä");
  CHECK(cut("aä€", 2) == "a");
  CHECK(cut("€", 2).empty());
}

TEST_CASE("attribute limit: long values are cut, whatever has them, and counted") {
  FakeHost host;
  Subject limit(host, sluice_plugin_entry_v0, "attribute_limit", Tree::map({{"max_bytes", 4}}));
  REQUIRE(limit.start() == SLUICE_DONE);
  for (const sluice_signal signal : sluice::kSignals) {
    CHECK(limit.consume(signal, message(signal, 3, "item", "checkout"))->answer() == SLUICE_DONE);
    CHECK(host.imbalance(signal) == "");
  }
  CHECK(services(host) == std::vector<std::string>{"chec"});
  CHECK(host.metric("attribute_limit_cut_values")->sum == 3);
}

TEST_CASE("attribute limit: batch without a long value passes as it is") {
  FakeHost host;
  Subject limit(host, sluice_plugin_entry_v0, "attribute_limit");
  REQUIRE(limit.start() == SLUICE_DONE);
  const BatchRef batch = host.batch(SLUICE_LOGS, logs_of("checkout"));
  CHECK(limit.consume(batch)->answer() == SLUICE_DONE);
  CHECK(host.sends().back().batch.get() == batch.get());
}

TEST_CASE("attribute limit: only the message that differs is written anew, in its place") {
  FakeHost host;
  Subject limit(host, sluice_plugin_entry_v0, "attribute_limit", Tree::map({{"max_bytes", 4}}));
  REQUIRE(limit.start() == SLUICE_DONE);
  const BatchRef batch =
      host.batch(SLUICE_LOGS, std::vector<std::string>{logs_of("cart"), logs_of("checkout"), logs_of("user")});
  CHECK(limit.consume(batch)->answer() == SLUICE_DONE);
  CHECK(services(host) == std::vector<std::string>{"cart", "chec", "user"});
  const BatchRef out = host.sends().back().batch;
  CHECK(out.segments()[0].data == batch.segments()[0].data);
  CHECK(out.segments()[2].data == batch.segments()[2].data);
}

TEST_CASE("attribute limit: keys say which attributes are looked at") {
  FakeHost host;
  Subject limit(host, sluice_plugin_entry_v0, "attribute_limit",
                Tree::map({{"max_bytes", 4}, {"keys", Tree::list({"http.url"})}}));
  REQUIRE(limit.start() == SLUICE_DONE);
  CHECK(limit.consume(SLUICE_LOGS, logs_of("checkout"))->answer() == SLUICE_DONE);
  CHECK(services(host) == std::vector<std::string>{"checkout"});
}

TEST_CASE("attribute limit: keeps the rules of the border") {
  const ConformanceOptions short_limit{.settings = Tree::map({{"max_bytes", 1}})};
  CHECK(conformance_problems(sluice_plugin_entry_v0, "attribute_limit", short_limit) == std::vector<std::string>{});
}

}  // namespace
}  // namespace attribute_limit
