// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry receiver_nop_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

TEST_CASE("nop receiver: starts, sends nothing, stops", "[receiver][nop]") {
  FakeHost host({.outputs = {SLUICE_TRACES, SLUICE_METRICS, SLUICE_LOGS}});
  Subject nop(host, receiver_nop_sluice_plugin_entry_v0, "nop");
  REQUIRE(nop.start() == SLUICE_DONE);
  CHECK(nop.get()->consume == nullptr);
  host.advance(std::chrono::hours(1));
  nop.drain();
  nop.stop();
  CHECK(host.sends().empty());
  CHECK(host.violations().empty());
}

TEST_CASE("nop receiver: keeps the rules of the border", "[receiver][nop]") {
  CHECK(conformance_problems(receiver_nop_sluice_plugin_entry_v0, "nop") == std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
