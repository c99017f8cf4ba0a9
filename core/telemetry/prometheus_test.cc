// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/prometheus.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace sluice::telemetry {
namespace {

const Resource kResource = {{"service.instance.id", "0a1b"}, {"service.name", "sluice"}, {"service.version", "0.1.0"}};

const std::string kTargetInfo =
    "# HELP target_info Target metadata\n# TYPE target_info gauge\n"
    "target_info{service_instance_id=\"0a1b\",service_name=\"sluice\",service_version=\"0.1.0\"} 1\n";

// The text behind target_info.
std::string text_of(const std::vector<Family>& families, const config::PrometheusReader& reader = {}) {
  std::string text = prometheus_text(families, kResource, reader);
  REQUIRE(text.substr(0, kTargetInfo.size()) == kTargetInfo);
  return text.substr(kTargetInfo.size());
}

Family family(MetricInfo info, std::vector<Series> series) {
  return {std::move(info), std::move(series)};
}

MetricInfo info(std::string name, std::string unit, MetricType type, std::string help = {}) {
  return {std::move(name), std::move(unit), std::move(help), type, MetricsLevel::basic, {}};
}

std::string name_with_suffixes(MetricInfo metric) {
  config::PrometheusReader reader;
  reader.without_units = reader.without_type_suffix = false;
  std::string text = text_of({family(std::move(metric), {{{}, uint64_t{1}}})}, reader);
  return text.substr(text.rfind('\n', text.size() - 2) + 1, text.rfind(' ') - text.rfind('\n', text.size() - 2) - 1);
}

TEST_CASE("prometheus: by default, names stand as they are", "[telemetry]") {
  CHECK(text_of({family(info("otelcol_receiver_accepted_spans", "{items}", MetricType::counter, "Taken."),
                        {{{{"receiver", "otlp"}, {"transport", "grpc"}}, uint64_t{12}},
                         {{{"receiver", "otlp"}, {"transport", "http"}}, uint64_t{0}}}),
                 family(info("otelcol_process_memory_rss", "By", MetricType::gauge), {{{}, uint64_t{1048576}}}),
                 family(info("a.level", "", MetricType::up_down_counter), {{{}, int64_t{-3}}})}) ==
        "# HELP otelcol_receiver_accepted_spans Taken.\n"
        "# TYPE otelcol_receiver_accepted_spans counter\n"
        "otelcol_receiver_accepted_spans{receiver=\"otlp\",transport=\"grpc\"} 12\n"
        "otelcol_receiver_accepted_spans{receiver=\"otlp\",transport=\"http\"} 0\n"
        "# TYPE otelcol_process_memory_rss gauge\n"
        "otelcol_process_memory_rss 1048576\n"
        "# TYPE a_level gauge\n"
        "a_level -3\n");
}

TEST_CASE("prometheus: with units and type suffixes, as older releases of upstream", "[telemetry]") {
  using enum MetricType;
  CHECK(name_with_suffixes(info("otelcol_exporter_sent_spans", "{spans}", counter)) ==
        "otelcol_exporter_sent_spans_total");
  CHECK(name_with_suffixes(info("otelcol_process_uptime", "s", counter)) == "otelcol_process_uptime_seconds_total");
  CHECK(name_with_suffixes(info("otelcol_process_cpu_seconds", "s", counter)) == "otelcol_process_cpu_seconds_total");
  CHECK(name_with_suffixes(info("otelcol_process_memory_rss", "By", gauge)) == "otelcol_process_memory_rss_bytes");
  CHECK(name_with_suffixes(info("http.server.request.duration", "s", gauge)) == "http_server_request_duration_seconds");
  CHECK(name_with_suffixes(info("load", "1", gauge)) == "load_ratio");
  CHECK(name_with_suffixes(info("count", "1", counter)) == "count_total");
  CHECK(name_with_suffixes(info("speed", "By/s", gauge)) == "speed_bytes_per_second");
  CHECK(name_with_suffixes(info("done_total", "", counter)) == "done_total");
  CHECK(name_with_suffixes(info("nanoseconds_seen", "s", counter)) == "nanoseconds_seen_seconds_total");
}

TEST_CASE("prometheus: histogram, cumulative buckets, sum and count", "[telemetry]") {
  MetricInfo sizes = info("sizes", "", MetricType::histogram);
  sizes.bounds = {10, 2.5e7};
  CHECK(text_of({family(sizes, {{{{"x", "y"}}, HistogramValue{{3, 0, 2}, 50.5}}})}) ==
        "# TYPE sizes histogram\n"
        "sizes_bucket{x=\"y\",le=\"10\"} 3\n"
        "sizes_bucket{x=\"y\",le=\"2.5e+07\"} 3\n"
        "sizes_bucket{x=\"y\",le=\"+Inf\"} 5\n"
        "sizes_sum{x=\"y\"} 50.5\n"
        "sizes_count{x=\"y\"} 5\n");
}

TEST_CASE("prometheus: quotes, backslashes and line ends, are escaped", "[telemetry]") {
  CHECK(text_of({family(info("a", "", MetricType::gauge, "one \\ two\nthree \"four\""),
                        {{{{"l.x-y", "q\"b\\n\n"}}, NAN}, {{}, INFINITY}, {{}, -INFINITY}, {{}, 0.25}})}) ==
        "# HELP a one \\\\ two\\nthree \"four\"\n"
        "# TYPE a gauge\n"
        "a{l_x_y=\"q\\\"b\\\\n\\n\"} NaN\n"
        "a +Inf\n"
        "a -Inf\n"
        "a 0.25\n");
}

TEST_CASE("prometheus: resource attributes on every series, chosen by patterns", "[telemetry]") {
  std::vector<Family> one = {family(info("a", "", MetricType::gauge), {{{{"x", "y"}}, uint64_t{1}}})};
  config::PrometheusReader reader;
  reader.with_resource_constant_labels.included = {"service.*"};
  reader.with_resource_constant_labels.excluded = {"*.id", "service.versio?"};
  CHECK(text_of(one, reader) == "# TYPE a gauge\na{x=\"y\",service_name=\"sluice\"} 1\n");
  reader.with_resource_constant_labels.included = {"nothing"};
  CHECK(text_of(one, reader) == "# TYPE a gauge\na{x=\"y\"} 1\n");
  reader.with_resource_constant_labels = {{}, {"service.instance.id"}};
  CHECK(text_of(one, reader) == "# TYPE a gauge\na{x=\"y\",service_name=\"sluice\",service_version=\"0.1.0\"} 1\n");
}

TEST_CASE("prometheus: scope on every series, if asked for", "[telemetry]") {
  config::PrometheusReader reader;
  reader.without_scope_info = false;
  CHECK(text_of({family(info("a", "", MetricType::gauge), {{{}, uint64_t{1}}})}, reader) ==
        "# TYPE a gauge\na{otel_scope_name=\"sluice\",otel_scope_version=\"0.1.0\"} 1\n");
}

TEST_CASE("prometheus: a series' own label wins over one of the resource", "[telemetry]") {
  config::PrometheusReader reader;
  reader.with_resource_constant_labels.included = {"service.name"};
  CHECK(text_of({family(info("a", "", MetricType::gauge), {{{{"service_name", "mine"}}, uint64_t{1}}})}, reader) ==
        "# TYPE a gauge\na{service_name=\"mine\"} 1\n");
}

TEST_CASE("prometheus: what is no UTF-8, is replaced", "[telemetry]") {
  CHECK(text_of({family(info("a", "", MetricType::gauge, "h\xFF"), {{{{"x", "\xC3\xA4\xC3"}}, uint64_t{1}}})}) ==
        "# HELP a h\xEF\xBF\xBD\n# TYPE a gauge\na{x=\"\xC3\xA4\xEF\xBF\xBD\"} 1\n");
}

TEST_CASE("prometheus: one name of two families, the first is shown", "[telemetry]") {
  config::PrometheusReader reader;
  reader.without_units = false;
  MetricInfo sizes = info("a", "By", MetricType::histogram);
  const std::string text = text_of(
      {family(sizes, {{{}, HistogramValue{{1}, 2}}}), family(info("a_bytes", "", MetricType::gauge), {{{}, 0.5}}),
       family(info("a_bytes_count", "", MetricType::gauge), {{{}, 0.5}}),
       family(info("target_info", "", MetricType::gauge), {{{}, 0.5}})},
      reader);
  CHECK(text == "# TYPE a_bytes histogram\na_bytes_bucket{le=\"+Inf\"} 1\na_bytes_sum 2\na_bytes_count 1\n");
}

TEST_CASE("resource: automatic attributes, overridden and removed", "[telemetry]") {
  using Written = std::vector<config::ResourceAttribute>;
  CHECK(make_resource({}, "0.1.0", "0a1b") == kResource);
  Resource changed = {{"region", "eu"}, {"service.name", "gateway"}, {"service.version", "0.1.0"}};
  CHECK(make_resource(Written{{"service.name", "gateway"}, {"region", "eu"}, {"service.instance.id", "", true}},
                      "0.1.0", "0a1b") == changed);
}

TEST_CASE("resource: instance ids, version 4 and different", "[telemetry]") {
  std::string id = random_uuid();
  REQUIRE(id.size() == 36);
  CHECK(id[14] == '4');
  CHECK(std::string("89ab").find(id[19]) != std::string::npos);
  CHECK(id != random_uuid());
}

}  // namespace
}  // namespace sluice::telemetry
