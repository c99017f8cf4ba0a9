// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry exporter_nop_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

TEST_CASE("nop exporter: every signal is taken and nothing is kept", "[exporter][nop]") {
  FakeHost host({.inputs = {SLUICE_TRACES, SLUICE_METRICS, SLUICE_LOGS}});
  {
    Subject nop(host, exporter_nop_sluice_plugin_entry_v0, "nop");
    REQUIRE(nop.start() == SLUICE_DONE);
    for (const sluice_signal signal : kSignals) CHECK(nop.consume(signal, message(signal, 5))->answer() == SLUICE_DONE);
  }
  CHECK(host.live_batches() == 0);
  CHECK(host.violations().empty());
}

TEST_CASE("nop exporter: keeps the rules of the border", "[exporter][nop]") {
  CHECK(conformance_problems(exporter_nop_sluice_plugin_entry_v0, "nop") == std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
