// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/health_report/health_report.h"

#include <catch2/catch.hpp>

namespace sluice::formats {
namespace {

constexpr const char* kReport =
    R"({"phase":"running","since":"2026-01-31T12:00:00.25Z","ready":true,"status":"degraded","components":[)"
    R"({"kind":"processor","id":"batch","pipeline":"traces","status":"ok","text":"","since":"2026-01-31T12:00:01Z"},)"
    R"({"kind":"exporter","id":"otlp/t","status":"degraded","text":"say \"401\"","since":"2026-01-31T12:00:02Z"}]})";

TEST_CASE("health report: all of it is read", "[formats][health]") {
  const auto report = read_health_report(kReport);
  REQUIRE(report);
  CHECK(report->phase == "running");
  CHECK(report->since_unix_ns == 1769860800'250'000'000);
  CHECK(report->ready);
  CHECK(report->status == "degraded");
  REQUIRE(report->components.size() == 2);
  CHECK(report->components[0].pipeline == "traces");
  const HealthReport::Component& exporter = report->components[1];
  CHECK(exporter.kind == "exporter");
  CHECK(exporter.id == "otlp/t");
  CHECK(exporter.pipeline.empty());
  CHECK(exporter.status == "degraded");
  CHECK(exporter.text == "say \"401\"");
  CHECK(exporter.since_unix_ns == 1769860802'000'000'000);
}

TEST_CASE("health report: a time that is none is 0", "[formats][health]") {
  for (const char* time : {"", "yesterday", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00.5+01:00"}) {
    INFO(time);
    const auto report = read_health_report(R"({"ready":false,"components":[],"since":")" + std::string(time) + "\"}");
    REQUIRE(report);
    CHECK(report->since_unix_ns == 0);
  }
}

TEST_CASE("health report: what is no report gives nothing", "[formats][health]") {
  for (const char* text :
       {"", "fine", "[]", R"({"ready":true})", R"({"components":[]})", R"({"ready":1,"components":[]})"}) {
    INFO(text);
    CHECK_FALSE(read_health_report(text));
  }
  const std::string whole = kReport;
  for (size_t length = 0; length < whole.size(); ++length) CHECK_FALSE(read_health_report(whole.substr(0, length)));
}

}  // namespace
}  // namespace sluice::formats
