// SPDX-License-Identifier: Apache-2.0
#include "exporters/loki/config.h"

#include <catch2/catch.hpp>

#include "plugins/testing/config.h"

namespace sluice::exporters {
namespace {

using testing::config;

}  // namespace

TEST_CASE("loki config: the declaration is sound", "[loki]") {
  CHECK(testing::declaration_mistakes<LokiConfig>().empty());
}

TEST_CASE("loki config: defaults, and default labels that are partly written", "[loki]") {
  const auto out = config<LokiConfig>(
      "endpoint: http://loki:3100/loki/api/v1/push\ndefault_labels_enabled: {exporter: false, job: true}");
  CHECK(out.said.empty());
  CHECK_FALSE(out.settings.default_labels_enabled.exporter);
  CHECK(out.settings.default_labels_enabled.job);
  CHECK(out.settings.default_labels_enabled.instance);
  CHECK(out.settings.default_labels_enabled.level);
  CHECK(out.settings.keep_order);
  CHECK(out.settings.compression == net::Codec::none);
  CHECK(out.settings.write_buffer_size.count == 512 << 10);
}

TEST_CASE("loki config: mistakes are named", "[loki]") {
  using Catch::Matchers::Contains;
  const auto said = [](const char* yaml) {
    std::string all;
    for (const std::string& one : config<LokiConfig>(yaml).said) all += one + "\n";
    return all;
  };
  CHECK_THAT(said("timeout: 5s"), Contains("\"endpoint\" must be a valid URL"));
  CHECK_THAT(said("{endpoint: 'http://loki', compression: zstd}"),
             Contains("compression: Loki's push API takes snappy"));
  CHECK(said("{endpoint: 'http://loki', compression: gzip}").empty());
  CHECK(said("{endpoint: 'http://loki', compression: snappy}").empty());
  CHECK_THAT(said("{endpoint: 'http://loki', labels: {}}"), Contains("loki.attribute.labels"));
  CHECK_THAT(said("{endpoint: 'http://loki', tenant_id: a}"), Contains("X-Scope-OrgID"));
  CHECK_THAT(said("{endpoint: 'http://loki', format: json}"), Contains("loki.format"));
  CHECK_THAT(said("{endpoint: 'http://loki', default_labels_enabled: {jobs: false}}"), Contains("jobs"));
  CHECK_THAT(said("{endpoint: 'http://loki', auth: {authenticator: oidc}}"), Contains("auth"));
}

}  // namespace sluice::exporters
