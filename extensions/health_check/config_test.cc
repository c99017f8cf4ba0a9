// SPDX-License-Identifier: Apache-2.0
#include "extensions/health_check/config.h"

#include <catch2/catch.hpp>

#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

using extensions::HealthCheckConfig;
using Said = std::vector<std::string>;
using namespace std::chrono_literals;

TEST_CASE("health_check settings: declared soundly", "[extension][health_check]") {
  CHECK(declaration_mistakes<HealthCheckConfig>() == Said{});
}

TEST_CASE("health_check settings: defaults are those of the OpenTelemetry Collector", "[extension][health_check]") {
  const auto read = config<HealthCheckConfig>("");
  CHECK(read.said == Said{});
  CHECK(read.settings.endpoint == "localhost:13133");
  CHECK(read.settings.path == "/");
  CHECK_FALSE(read.settings.response_body);
  CHECK(read.settings.read_timeout == 0s);
  CHECK(read.settings.read_header_timeout == 0s);
  CHECK(read.settings.write_timeout == 0s);
  CHECK(read.settings.idle_timeout == 0s);
  CHECK_FALSE(read.settings.keep_alives_enabled);
  CHECK_FALSE(read.settings.tls);
  CHECK_FALSE(read.settings.check_collector_pipeline.enabled);
  CHECK(read.settings.check_collector_pipeline.interval == 5min);
  CHECK(read.settings.check_collector_pipeline.exporter_failure_threshold == 5);
}

TEST_CASE("health_check settings: a file with its own keys is read", "[extension][health_check]") {
  const auto read = config<HealthCheckConfig>(R"(
endpoint: 0.0.0.0:13133
path: /health/status
response_body: {healthy: I'm good, unhealthy: I'm bad!}
check_collector_pipeline: {enabled: false, interval: 10m, exporter_failure_threshold: 10}
tls: {cert_file: /c.pem, key_file: /k.pem}
keep_alives_enabled: true
use_v2: false
)");
  CHECK(read.said == Said{});
  CHECK(read.settings.endpoint == "0.0.0.0:13133");
  CHECK(read.settings.path == "/health/status");
  REQUIRE(read.settings.response_body);
  CHECK(read.settings.response_body->healthy == "I'm good");
  CHECK(read.settings.response_body->unhealthy == "I'm bad!");
  CHECK(read.settings.check_collector_pipeline.interval == 10min);
  CHECK(read.settings.check_collector_pipeline.exporter_failure_threshold == 10);
  CHECK(read.settings.tls);
  CHECK(read.settings.keep_alives_enabled);
}

TEST_CASE("health_check settings: mistakes are named", "[extension][health_check]") {
  CHECK(config<HealthCheckConfig>("endpoint: ''").said == Said{"endpoint: endpoint must be specified [config.check]"});
  CHECK(config<HealthCheckConfig>("path: status").said == Said{"path: path must start with / [config.check]"});
  CHECK(config<HealthCheckConfig>("check_collector_pipeline: {exporter_failure_threshold: 0}").said ==
        Said{"exporter_failure_threshold: exporter_failure_threshold expects a positive number [config.check]"});
  for (const char* later : {"use_v2: true", "http: {}", "grpc: {}", "component_health: {}"}) {
    const auto said = config<HealthCheckConfig>(later).said;
    REQUIRE(said.size() == 1);
    CHECK(said[0].find("not supported yet") != std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::testing
