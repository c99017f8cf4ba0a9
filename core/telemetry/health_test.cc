// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/health.h"

#include <catch2/catch.hpp>

#include "core/telemetry/observe.h"

namespace sluice::telemetry {
namespace {

const HealthKey kTempo{SLUICE_EXPORTER, "otlp/tempo", ""};
const HealthKey kBatch{SLUICE_PROCESSOR, "batch", "traces"};

TEST_CASE("health: the whole is as bad as its worst component", "[telemetry]") {
  base::FakeClock clock;
  Health health(clock);
  CHECK(health.worst() == HealthState::ok);
  health.set(kBatch, HealthState::ok);
  health.set(kTempo, HealthState::degraded, "401 from the destination");
  CHECK(health.worst() == HealthState::degraded);
  health.set(kBatch, HealthState::broken, "x");
  CHECK(health.worst() == HealthState::broken);
  health.set(kTempo, HealthState::ok);
  health.forget(kBatch);
  CHECK(health.worst() == HealthState::ok);
}

TEST_CASE("health: ready, only while running and not fatal", "[telemetry]") {
  base::FakeClock clock;
  Health health(clock);
  CHECK_FALSE(health.ready());
  health.set_phase(Phase::running);
  CHECK(health.ready());
  health.set(kTempo, HealthState::broken, "down");
  CHECK(health.ready());
  health.set(kTempo, HealthState::fatal, "gone");
  CHECK_FALSE(health.ready());
  health.set(kTempo, HealthState::ok);
  health.set_phase(Phase::stopping);
  CHECK_FALSE(health.ready());
}

TEST_CASE("health: the listener hears of changes of state, not of text", "[telemetry]") {
  base::FakeClock clock;
  Health health(clock);
  std::vector<HealthEntry> heard;
  health.on_change([&](const HealthEntry& entry) {
    heard.push_back(entry);
    CHECK(health.worst() == entry.state);  // no lock is held
  });
  health.set(kTempo, HealthState::ok);  // news to nobody
  health.set(kTempo, HealthState::degraded, "one");
  health.set(kTempo, HealthState::degraded, "two");
  health.set(kTempo, HealthState::ok);
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].state == HealthState::degraded);
  CHECK(heard[0].text == "one");
  CHECK(heard[1].state == HealthState::ok);
}

TEST_CASE("health: as JSON, with the time of the last change of state", "[telemetry]") {
  base::FakeClock clock;
  Health health(clock);
  CHECK(health.json() ==
        R"({"phase":"starting","since":"2023-11-14T22:13:21Z","ready":false,"status":"ok","components":[]})");
  clock.advance(20'500'000);
  health.set_phase(Phase::running);
  clock.advance(979'500'000);
  health.set_phase(Phase::running);
  CHECK(health.json() ==
        R"({"phase":"running","since":"2023-11-14T22:13:21.0205Z","ready":true,"status":"ok","components":[]})");
  health.set(kTempo, HealthState::degraded, "one");
  clock.advance(60'000'000'000);
  health.set(kTempo, HealthState::degraded, "say \"two\"");
  health.set(kBatch, HealthState::ok);
  CHECK(
      health.json() ==
      R"({"phase":"running","since":"2023-11-14T22:13:21.0205Z","ready":true,"status":"degraded","components":[)"
      R"({"kind":"processor","id":"batch","pipeline":"traces","status":"ok","text":"","since":"2023-11-14T22:14:22Z"},)"
      R"({"kind":"exporter","id":"otlp/tempo","status":"degraded","text":"say \"two\"","since":"2023-11-14T22:13:22Z"}]})");
}

TEST_CASE("observatory: snapshots by name", "[telemetry]") {
  Observatory observatory;
  auto look = [&](std::string_view what, sluice_status& status) {
    std::string text;
    auto write = [](void* arg, sluice_str chunk) { static_cast<std::string*>(arg)->append(chunk.ptr, chunk.len); };
    status = observatory.snapshot(what, write, &text);
    return text;
  };
  sluice_status status = SLUICE_DONE;
  CHECK(look("health", status).empty());
  CHECK(status == SLUICE_UNIMPLEMENTED);
  observatory.provide("health", [] { return std::string("fine"); });
  CHECK(look("health", status) == "fine");
  CHECK(status == SLUICE_DONE);
  observatory.provide("health", [] { return std::string("better"); });
  CHECK(look("health", status) == "better");
  observatory.provide("health", nullptr);
  CHECK(look("health", status).empty());
  CHECK(status == SLUICE_UNIMPLEMENTED);
}

}  // namespace
}  // namespace sluice::telemetry
