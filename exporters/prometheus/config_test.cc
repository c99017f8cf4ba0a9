// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/config.h"

#include <catch2/catch.hpp>

#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

using exporters::PrometheusConfig;
using exporters::TranslationStrategy;
using Said = std::vector<std::string>;

TEST_CASE("prometheus settings: declared soundly", "[exporter][prometheus]") {
  CHECK(declaration_mistakes<PrometheusConfig>() == Said{});
}

TEST_CASE("prometheus settings: defaults are those of the OpenTelemetry Collector", "[exporter][prometheus]") {
  const auto read = config<PrometheusConfig>("endpoint: localhost:8889");
  CHECK(read.said == Said{});
  CHECK(read.settings.name_space.empty());
  CHECK(read.settings.const_labels.empty());
  CHECK_FALSE(read.settings.send_timestamps);
  CHECK(read.settings.metric_expiration == std::chrono::minutes(5));
  CHECK_FALSE(read.settings.enable_open_metrics);
  CHECK_FALSE(read.settings.without_scope_info);
  CHECK(read.settings.translation().escape);
  CHECK(read.settings.translation().suffixes);
  CHECK(read.settings.write_timeout == std::chrono::seconds(30));
}

TEST_CASE("prometheus settings: a file with every key is read", "[exporter][prometheus]") {
  const auto read = config<PrometheusConfig>(R"(
endpoint: 0.0.0.0:8889
tls: {cert_file: c, key_file: k}
cors: {allowed_origins: ["*"]}
response_headers: {X-A: b}
namespace: app
const_labels: {zone: a, "team.name": b}
send_timestamps: true
metric_expiration: 180m
resource_to_telemetry_conversion: {enabled: true, exclude_service_attributes: true, clear_after_copy: true}
enable_open_metrics: true
without_scope_info: true
add_metric_suffixes: false
sending_queue: {enabled: true, queue_size: 5}
)");
  CHECK(read.said == Said{});
  CHECK(read.settings.name_space == "app");
  REQUIRE(read.settings.const_labels.size() == 2);
  CHECK(read.settings.const_labels[1] == std::pair<std::string, std::string>("team.name", "b"));
  CHECK(read.settings.send_timestamps);
  CHECK(read.settings.metric_expiration == std::chrono::hours(3));
  CHECK(read.settings.resource_to_telemetry_conversion.enabled);
  CHECK(read.settings.resource_to_telemetry_conversion.exclude_service_attributes);
  CHECK(read.settings.resource_to_telemetry_conversion.clear_after_copy);
  CHECK(read.settings.enable_open_metrics);
  CHECK(read.settings.without_scope_info);
  CHECK_FALSE(read.settings.translation().suffixes);
  CHECK(read.settings.tls.has_value());
}

TEST_CASE("prometheus settings: translation strategies", "[exporter][prometheus]") {
  const auto [name, escape, suffixes] = GENERATE(table<const char*, bool, bool>({
      {"UnderscoreEscapingWithSuffixes", true, true},
      {"UnderscoreEscapingWithoutSuffixes", true, false},
      {"NoUTF8EscapingWithSuffixes", false, true},
      {"NoTranslation", false, false},
  }));
  const auto read =
      config<PrometheusConfig>("{endpoint: 'h:1', add_metric_suffixes: " + std::string(suffixes ? "false" : "true") +
                               ", translation_strategy: " + name + "}");
  CHECK(read.said == Said{});
  CHECK(read.settings.translation().escape == escape);
  CHECK(read.settings.translation().suffixes == suffixes);
}

TEST_CASE("prometheus settings: mistakes are named", "[exporter][prometheus]") {
  const auto said = [](const std::string& more) { return config<PrometheusConfig>("endpoint: h:1\n" + more).said; };
  CHECK(config<PrometheusConfig>("namespace: x").said.size() == 1);
  CHECK(config<PrometheusConfig>("namespace: x")
            .said[0]
            .find("expecting a non-blank address to run the Prometheus metrics handler") != std::string::npos);
  CHECK(said("const_labels: {__name__: x}") ==
        Said{"const_labels: \"__name__\" cannot be a label: a name has at least one character and does not begin with "
             "__ [config.check]"});
  CHECK(said("{resource_to_telemetry_conversion: {enabled: true}, resource_constant_labels: {included: [a]}}").size() ==
        1);
  REQUIRE(said("metric_expiration: 0s").size() == 1);
  CHECK(said("metric_expiration: 0s")[0].starts_with("metric_expiration: "));
  REQUIRE(said("translation_strategy: Loud").size() == 1);
  CHECK(said("translation_strategy: Loud")[0].find("\"NoTranslation\"") != std::string::npos);
  CHECK(said("auth: {authenticator: x}").size() == 1);
}

}  // namespace
}  // namespace sluice::testing
