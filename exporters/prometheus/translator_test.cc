// SPDX-License-Identifier: Apache-2.0
// Which names and labels the settings lead to.
#include "exporters/prometheus/translator.h"

#include <catch2/catch.hpp>

#include "exporters/prometheus/testing.h"

namespace sluice::exporters::testing {
namespace {

const AttributeList kResource = {
    {"service.name", "demo"}, {"service.instance.id", "i"}, {"k8s.pod.name", "p"}, {"k8s.secret", "s"},
    {"a", "resource"},
};

std::string samples(const PrometheusConfig& config, const AttributeList& attributes = {{"a", "point"}}) {
  Shown shown(config);
  CHECK(
      shown.take(metrics(kResource, {gauge("g", {{.attributes = attributes, .value = 1}})}, {.name = "lib"})).plain());
  return shown.samples();
}

TEST_CASE("labels: resource attributes", "[exporter][prometheus]") {
  PrometheusConfig config = Shown::bare();
  const std::string target =
      "target_info{a=\"resource\",instance=\"i\",job=\"demo\",k8s_pod_name=\"p\",k8s_secret=\"s\"} 1\n";
  SECTION("stay in target_info") {
    CHECK(samples(config) == "g{a=\"point\",instance=\"i\",job=\"demo\"} 1\n" + target);
  }
  SECTION("are copied, and count more than a point's own") {
    config.resource_to_telemetry_conversion.enabled = true;
    CHECK(samples(config) ==
          "g{a=\"resource\",instance=\"i\",job=\"demo\",k8s_pod_name=\"p\",k8s_secret=\"s\",service_instance_id=\"i\","
          "service_name=\"demo\"} 1\n" +
              target);
  }
  SECTION("are copied but for those of job and instance") {
    config.resource_to_telemetry_conversion = {.enabled = true, .exclude_service_attributes = true};
    CHECK(samples(config) ==
          "g{a=\"resource\",instance=\"i\",job=\"demo\",k8s_pod_name=\"p\",k8s_secret=\"s\"} 1\n" + target);
  }
  SECTION("are copied and forgotten") {
    config.resource_to_telemetry_conversion = {.enabled = true, .clear_after_copy = true};
    CHECK(samples(config) ==
          "g{a=\"resource\",k8s_pod_name=\"p\",k8s_secret=\"s\",service_instance_id=\"i\",service_name=\"demo\"} 1\n");
  }
  SECTION("are chosen") {
    config.resource_constant_labels = {.included = {"k8s.*"}, .excluded = {"*secre?"}};
    CHECK(samples(config) == "g{a=\"point\",instance=\"i\",job=\"demo\",k8s_pod_name=\"p\"} 1\n" + target);
  }
  SECTION("are chosen by what not to take") {
    config.resource_constant_labels = {.excluded = {"service.*", "k8s.secret", "?"}};
    CHECK(samples(config) == "g{a=\"point\",instance=\"i\",job=\"demo\",k8s_pod_name=\"p\"} 1\n" + target);
  }
}

TEST_CASE("labels: resources that differ in a copied attribute are different series", "[exporter][prometheus]") {
  PrometheusConfig config = Shown::bare();
  const bool copied = GENERATE(false, true);
  config.resource_to_telemetry_conversion.enabled = copied;
  Shown shown(config);
  shown.take(metrics({{"host", "1"}}, {gauge("g", {{.value = 1}})}));
  shown.take(metrics({{"host", "2"}}, {gauge("g", {{.value = 2}})}));
  CHECK(shown.samples() == (copied ? "g{host=\"1\"} 1\ng{host=\"2\"} 2\n" : "g 2\n"));
}

TEST_CASE("labels: those of the configuration, the scope and the target", "[exporter][prometheus]") {
  PrometheusConfig config;
  config.const_labels = {{"zone", "z"}, {"a", "const"}, {"job", "const"}};
  CHECK(samples(config, {{"a", "point"}, {"job", "point"}, {"otel.scope.name", "point"}}) ==
        "g{a=\"point\",instance=\"i\",job=\"demo\",otel_scope_name=\"lib\",otel_scope_schema_url=\"\","
        "otel_scope_version=\"\",zone=\"z\"} 1\n"
        "target_info{a=\"resource\",instance=\"i\",job=\"demo\",k8s_pod_name=\"p\",k8s_secret=\"s\"} 1\n");
}

TEST_CASE("labels: two attributes of one name are joined by their keys' order", "[exporter][prometheus]") {
  Shown shown(Shown::bare());
  shown.take(metrics({}, {gauge("g", {{.attributes = {{"x_y", "3"}, {"x-y", "1"}, {"x.y", "2"}}}})}));
  CHECK(shown.samples() == "g{x_y=\"1;2;3\"} 0\n");
}

TEST_CASE("names: namespace and strategies", "[exporter][prometheus]") {
  const auto shown_as = [](TranslationStrategy strategy, bool suffixes = true) {
    PrometheusConfig config = Shown::bare();
    config.name_space = "my.app";
    config.add_metric_suffixes = suffixes;
    config.translation_strategy = strategy;
    Shown shown(config);
    shown.take(metrics({{"service.name", "d"}, {"service.instance.id", "i"}},
                       {sum("disk.io", {{.attributes = {{"a.b", "1"}}, .integer = 7}}, {.unit = "By"})}));
    return shown.samples();
  };
  const std::string escaped_target = "my_app_target_info{instance=\"i\",job=\"d\"} 1\n";
  const std::string target = "{\"my.app_target_info\",instance=\"i\",job=\"d\"} 1\n";
  const std::string escaped_labels = "{a_b=\"1\",instance=\"i\",job=\"d\"} 7\n";
  const std::string labels = "instance=\"i\",job=\"d\"} 7\n";
  using enum TranslationStrategy;
  CHECK(shown_as(unset) == "my_app_disk_io_bytes_total" + escaped_labels + escaped_target);
  CHECK(shown_as(unset, false) == "my_app_disk_io" + escaped_labels + escaped_target);
  CHECK(shown_as(underscore_escaping_with_suffixes, false) ==
        "my_app_disk_io_bytes_total" + escaped_labels + escaped_target);
  CHECK(shown_as(underscore_escaping_without_suffixes) == "my_app_disk_io" + escaped_labels + escaped_target);
  CHECK(shown_as(no_utf8_escaping_with_suffixes) == "{\"my.app_disk.io_bytes_total\",\"a.b\"=\"1\"," + labels + target);
  CHECK(shown_as(no_translation) == "{\"my.app_disk.io\",\"a.b\"=\"1\"," + labels + target);
}

TEST_CASE("names: unescaped ones are escaped for a scraper that wants it", "[exporter][prometheus]") {
  PrometheusConfig config = Shown::bare();
  config.translation_strategy = TranslationStrategy::no_translation;
  Shown shown(config);
  shown.take(metrics({}, {gauge("disk.io", {{.attributes = {{"a.b", "1"}}, .value = 7}})}));
  CHECK(shown.show(formats::prometheus::Format::text, {.escaping = formats::prometheus::Escaping::underscores}) ==
        "# HELP disk_io \n# TYPE disk_io gauge\ndisk_io{a_b=\"1\"} 7\n");
}

TEST_CASE("labels: without the scope's, equal series of two scopes are one too many", "[exporter][prometheus]") {
  Shown shown(Shown::bare());
  CHECK(shown.take(metrics({}, {gauge("g", {{.value = 1}})}, {.name = "one"})).plain());
  CHECK(shown.take(metrics({}, {gauge("g", {{.value = 2}})}, {.name = "two"})).rejected_items() == 1);
  CHECK(shown.samples() == "g 1\n");
}

}  // namespace
}  // namespace sluice::exporters::testing
