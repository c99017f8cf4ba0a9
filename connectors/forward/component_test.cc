// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry connector_forward_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

const sluice_entry& kEntry = connector_forward_sluice_plugin_entry_v0;

TEST_CASE("forward connector: batch and context pass unchanged to the output of the same signal",
          "[connector][forward]") {
  FakeHost host;
  Subject forward(host, kEntry, "forward");
  REQUIRE(forward.start() == SLUICE_DONE);
  const ContextRef context = host.context({{"tenant", "a"}});
  for (const sluice_signal signal : kSignals) {
    const BatchRef batch = host.batch(signal, message(signal, 2));
    CHECK(forward.consume(batch, context)->answer() == SLUICE_DONE);
    const SendRecord send = host.sends().back();
    CHECK(send.output == host.output(signal));
    CHECK(send.batch.get() == batch.get());
    CHECK(send.context.get() == context.get());
    CHECK(host.imbalance(signal) == "");
  }
  CHECK(host.violations().empty());
}

TEST_CASE("forward connector: deadline and answers pass through", "[connector][forward]") {
  FakeHost host;
  Subject forward(host, kEntry, "forward");
  REQUIRE(forward.start() == SLUICE_DONE);
  host.on_send([](const auto&) { return Reply::pending(); });
  const auto call = forward.consume(host.batch(SLUICE_LOGS, message(SLUICE_LOGS, 3)), {}, 9'000'000'000);
  CHECK(host.sends()[0].deadline_mono_ns == 9'000'000'000);
  CHECK_FALSE(call->answer());
  host.answer(0, Result::retryable(Code::unavailable, "down"));
  REQUIRE(call->completed);
  CHECK(call->completed->status() == SLUICE_FAILED_RETRYABLE);
  CHECK(call->completed->text() == "down");

  host.on_send([](const auto&) { return Reply::busy(); });
  CHECK(forward.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1))->answer() == SLUICE_BUSY);
}

TEST_CASE("forward connector: signal without a pipeline behind it is refused at init", "[connector][forward]") {
  FakeHost host({.inputs = {SLUICE_TRACES}, .outputs = {SLUICE_METRICS}});
  Subject forward(host, kEntry, "forward");
  CHECK(forward.init() == SLUICE_FAILED_PERMANENT);
  CHECK(host.last_error() ==
        "pipeline \"traces/test\" sends traces here, but no pipeline of traces receives from here; forward keeps the "
        "signal");
}

TEST_CASE("forward connector: keeps the rules of the border", "[connector][forward]") {
  CHECK(conformance_problems(connector_forward_sluice_plugin_entry_v0, "forward") == std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
