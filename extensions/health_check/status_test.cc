// SPDX-License-Identifier: Apache-2.0
#include "extensions/health_check/status.h"

#include <catch2/catch.hpp>

namespace sluice::extensions {
namespace {

using formats::HealthReport;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kNoon = 1769860800 * kSecond;  // 2026-01-31T12:00:00Z
constexpr const char* kUnavailable =
    R"({"status":"Server not available","upSince":"0001-01-01T00:00:00Z","uptime":""})";

HealthReport report(const std::string& phase, uint64_t since, const std::string& exporter = "ok") {
  HealthReport report;
  report.phase = phase;
  report.since_unix_ns = since;
  report.ready = phase == "running" && exporter != "fatal";
  report.components.push_back({"exporter", "file", "", exporter, "cannot write: disk is full", since});
  return report;
}

TEST_CASE("health_check status: durations as Go prints them", "[extension][health_check]") {
  CHECK(go_duration(0) == "0s");
  CHECK(go_duration(1) == "1ns");
  CHECK(go_duration(1'500) == "1.5µs");
  CHECK(go_duration(20'500'000) == "20.5ms");
  CHECK(go_duration(kSecond) == "1s");
  CHECK(go_duration(kSecond + 1) == "1.000000001s");
  CHECK(go_duration(60 * kSecond) == "1m0s");
  CHECK(go_duration(3600 * kSecond) == "1h0m0s");
  CHECK(go_duration(100 * 3600 * kSecond + 61 * kSecond + kSecond / 4) == "100h1m1.25s");
}

TEST_CASE("health_check status: from start to stop", "[extension][health_check]") {
  Status status;
  CHECK_FALSE(status.update(report("starting", kNoon), kNoon));
  CHECK(status.json(kNoon) == kUnavailable);
  // Seen a while later: it is up since the moment when all was started.
  CHECK(status.update(report("running", kNoon + kSecond / 4), kNoon + kSecond));
  CHECK_FALSE(status.update(report("running", kNoon + kSecond / 4), kNoon + 60 * kSecond));
  CHECK(status.json(kNoon + 90 * kSecond + kSecond / 4) ==
        R"({"status":"Server available","upSince":"2026-01-31T12:00:00.25Z","uptime":"1m30s"})");
  CHECK(status.update(report("stopping", kNoon + 100 * kSecond), kNoon + 100 * kSecond));
  CHECK(status.json(kNoon + 100 * kSecond) == kUnavailable);
  CHECK(status.culprit().empty());
}

TEST_CASE("health_check status: a degraded component works, a broken or fatal one does not",
          "[extension][health_check]") {
  Status status;
  CHECK(status.update(report("running", kNoon, "degraded"), kNoon));
  CHECK(status.available());
  const char* bad = GENERATE("broken", "fatal");
  CHECK(status.update(report("running", kNoon, bad), kNoon + 10 * kSecond));
  CHECK_FALSE(status.available());
  CHECK(status.culprit() == "exporter file: cannot write: disk is full");
  CHECK(status.update(report("running", kNoon), kNoon + 20 * kSecond));
  CHECK(status.json(kNoon + 21 * kSecond) ==
        R"({"status":"Server available","upSince":"2026-01-31T12:00:20Z","uptime":"1s"})");
}

TEST_CASE("health_check status: a clock that is set back, no time passed", "[extension][health_check]") {
  Status status;
  CHECK(status.update(report("running", kNoon), kNoon));
  CHECK(status.json(kNoon - kSecond).ends_with(R"("uptime":"0s"})"));
}

}  // namespace
}  // namespace sluice::extensions
