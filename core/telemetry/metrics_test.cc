// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/metrics.h"

#include <catch2/catch.hpp>
#include <optional>
#include <thread>

namespace sluice::telemetry {
namespace {

MetricInfo counter(std::string name, MetricsLevel level = MetricsLevel::basic) {
  return {std::move(name), "{items}", "Help.", MetricType::counter, level, {}};
}

std::optional<MetricValue> value_of(const std::vector<Family>& families, std::string_view name, const Labels& labels) {
  for (const Family& family : families) {
    if (family.info.name != name) continue;
    for (const Series& series : family.series) {
      if (series.labels == labels) return series.value;
    }
  }
  return std::nullopt;
}

TEST_CASE("metrics: each kind, reads what was added and recorded", "[telemetry]") {
  Metric count(MetricType::counter, {});
  count.add(5);
  count.add(-3);  // counters only rise
  count.record(7);
  CHECK(std::get<uint64_t>(count.read()) == 5);

  Metric level(MetricType::up_down_counter, {});
  level.add(5);
  level.add(-8);
  CHECK(std::get<int64_t>(level.read()) == -3);

  Metric gauge(MetricType::gauge, {});
  gauge.record(2.5);
  gauge.add(1);
  CHECK(std::get<double>(gauge.read()) == 3.5);

  Metric histogram(MetricType::histogram, {1, 10});
  for (double observed : {0.5, 1.0, 1.5, 10.0, 11.0}) histogram.record(observed);
  histogram.add(2);
  auto value = std::get<HistogramValue>(histogram.read());
  CHECK(value.counts == std::vector<uint64_t>{2, 3, 1});  // a bound belongs to its bucket
  CHECK(value.sum == 26);
}

TEST_CASE("metrics: added by several threads, nothing is lost", "[telemetry]") {
  Metric count(MetricType::counter, {});
  Metric histogram(MetricType::histogram, {100});
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5000; ++n) {
        count.add(2);
        histogram.record(3);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(std::get<uint64_t>(count.read()) == 160'000);
  auto value = std::get<HistogramValue>(histogram.read());
  CHECK(value.counts == std::vector<uint64_t>{80'000, 0});
  CHECK(value.sum == 240'000);
}

TEST_CASE("metrics: defined twice, one series; as something else, refused", "[telemetry]") {
  Metrics metrics;
  Metric* first = metrics.define(counter("a.b"), {{"x", "1"}, {"y", "2"}});
  REQUIRE(first != nullptr);
  CHECK(metrics.define(counter("a.b"), {{"y", "2"}, {"x", "1"}}) == first);
  CHECK(metrics.define(counter("a.b"), {{"x", "1"}}) != first);

  MetricInfo gauge = counter("a.b");
  gauge.type = MetricType::gauge;
  CHECK(metrics.define(gauge, {}) == nullptr);
  CHECK(metrics.define(counter("a_b"), {}) == nullptr);  // Prometheus would see one name
  CHECK(metrics.define(counter(""), {}) == nullptr);
  CHECK(metrics.define(counter("1a"), {}) == nullptr);
  CHECK(metrics.define(counter("a b"), {}) == nullptr);
  CHECK(metrics.define(counter("c"), {{"", "1"}}) == nullptr);
  CHECK(metrics.define(counter("c"), {{"x", "1"}, {"x", "2"}}) == nullptr);
  MetricInfo histogram{"h", "", "", MetricType::histogram, MetricsLevel::basic, {2, 1}};
  CHECK(metrics.define(histogram, {}) == nullptr);
  histogram.name = "d";
  histogram.bounds = {1, 2};
  CHECK(metrics.define(histogram, {{"le", "1"}}) == nullptr);
  CHECK(metrics.define(counter("e"), {{"le", "1"}}) != nullptr);
  CHECK(metrics.define(counter("e"), {{"__name__", "f"}}) == nullptr);
}

TEST_CASE("metrics: a histogram shows from its first value on", "[telemetry]") {
  Metrics metrics;
  Metric* seen = metrics.define({"h", "", "", MetricType::histogram, MetricsLevel::basic, {1}}, {{"x", "1"}});
  metrics.define({"h", "", "", MetricType::histogram, MetricsLevel::basic, {1}}, {{"x", "2"}});
  CHECK(metrics.gather(MetricsLevel::basic).empty());
  seen->record(0);
  const auto families = metrics.gather(MetricsLevel::basic);
  REQUIRE(families.size() == 1);
  CHECK(families[0].series.size() == 1);
}

TEST_CASE("metrics: level decides what is gathered", "[telemetry]") {
  Metrics metrics;
  metrics.define(counter("basic", MetricsLevel::basic), {});
  metrics.define(counter("normal", MetricsLevel::normal), {});
  metrics.define(counter("detailed", MetricsLevel::detailed), {});
  CHECK(metrics.gather(MetricsLevel::none).empty());
  CHECK(metrics.gather(MetricsLevel::basic).size() == 1);
  CHECK(metrics.gather(MetricsLevel::normal).size() == 2);
  CHECK(metrics.gather(MetricsLevel::detailed).size() == 3);
}

TEST_CASE("metrics: sources, are asked while registered and add up", "[telemetry]") {
  Metrics metrics;
  metrics.define(counter("a"), {{"x", "1"}})->add(1);
  auto source = [](MetricSink& sink) { sink.add(counter("a"), {{"x", "1"}}, uint64_t{10}); };
  auto first = metrics.add_source(source);
  {
    auto second = metrics.add_source(source);
    CHECK(std::get<uint64_t>(*value_of(metrics.gather(MetricsLevel::basic), "a", {{"x", "1"}})) == 21);
  }
  CHECK(std::get<uint64_t>(*value_of(metrics.gather(MetricsLevel::basic), "a", {{"x", "1"}})) == 11);
  first.end();
  CHECK(std::get<uint64_t>(*value_of(metrics.gather(MetricsLevel::basic), "a", {{"x", "1"}})) == 1);
}

class PluginMetricsTest {
 protected:
  static sluice_str str(std::string_view text) { return {text.data(), text.size()}; }
  static sluice_metric metric(const char* name, int32_t type = SLUICE_COUNTER) {
    sluice_metric metric{};
    metric.struct_size = sizeof metric;
    metric.name = name;
    metric.unit = "{items}";
    metric.help = "Help.";
    metric.type = type;
    metric.level = SLUICE_METRIC_NORMAL;
    return metric;
  }

  Metrics metrics_;
  PluginMetrics plugin_{metrics_, SLUICE_PROCESSOR, "batch/2"};
};

TEST_CASE_METHOD(PluginMetricsTest, "plugin metrics: name gets the prefix, series the component's label",
                 "[telemetry]") {
  uint32_t short_name = plugin_.define(metric("my_count"));
  uint32_t upstream_name = plugin_.define(metric("otelcol_processor_batch_timeout_trigger_send"));
  uint32_t library_name = plugin_.define(metric("http.server.request.duration"));
  plugin_.add(short_name, 3);
  plugin_.add(upstream_name, 4);
  plugin_.add(library_name, 5);
  plugin_.add(0, 100);  // refused definitions and wrong ids are ignored
  plugin_.add(77, 100);

  auto families = metrics_.gather(MetricsLevel::normal);
  Labels own = {{"processor", "batch/2"}};
  CHECK(std::get<uint64_t>(*value_of(families, "otelcol_my_count", own)) == 3);
  CHECK(std::get<uint64_t>(*value_of(families, "otelcol_processor_batch_timeout_trigger_send", own)) == 4);
  CHECK(std::get<uint64_t>(*value_of(families, "http.server.request.duration", own)) == 5);
  CHECK(metrics_.gather(MetricsLevel::basic).empty());
}

TEST_CASE_METHOD(PluginMetricsTest, "plugin metrics: defined again, the same id; refused ones are 0", "[telemetry]") {
  sluice_metric histogram = metric("sizes", SLUICE_HISTOGRAM);
  double bounds[] = {1, 2};
  histogram.bounds = bounds;
  histogram.bound_count = 2;
  uint32_t id = plugin_.define(histogram);
  CHECK(id != 0);
  CHECK(plugin_.define(histogram) == id);
  plugin_.record(id, 2);
  auto value = value_of(metrics_.gather(MetricsLevel::normal), "otelcol_sizes", {{"processor", "batch/2"}});
  REQUIRE(value.has_value());
  CHECK(std::get<HistogramValue>(*value).counts == std::vector<uint64_t>{0, 1, 0});

  CHECK(plugin_.define(metric(nullptr)) == 0);
  CHECK(plugin_.define(metric("a", 0)) == 0);
  CHECK(plugin_.define(metric("a", 5)) == 0);
  sluice_metric no_level = metric("a");
  no_level.level = 0;
  CHECK(plugin_.define(no_level) == 0);
  sluice_metric no_bounds = metric("b", SLUICE_HISTOGRAM);
  no_bounds.bound_count = 1;
  CHECK(plugin_.define(no_bounds) == 0);
}

TEST_CASE_METHOD(PluginMetricsTest, "plugin metrics: labels of the plugin, also in place of the component's own",
                 "[telemetry]") {
  sluice_metric with_labels = metric("otelcol_x");
  sluice_kv labels[] = {{str("processor"), str("mine")}, {str("policy"), str("p")}};
  with_labels.labels = labels;
  with_labels.label_count = 2;
  plugin_.add(plugin_.define(with_labels), 1);
  CHECK(value_of(metrics_.gather(MetricsLevel::normal), "otelcol_x", {{"policy", "p"}, {"processor", "mine"}}));
}

TEST_CASE_METHOD(PluginMetricsTest, "plugin metrics: two instances of one component, one series", "[telemetry]") {
  PluginMetrics other(metrics_, SLUICE_PROCESSOR, "batch/2");
  plugin_.add(plugin_.define(metric("otelcol_x")), 1);
  other.add(other.define(metric("otelcol_x")), 2);
  auto value = value_of(metrics_.gather(MetricsLevel::normal), "otelcol_x", {{"processor", "batch/2"}});
  CHECK(std::get<uint64_t>(*value) == 3);
}

TEST_CASE_METHOD(PluginMetricsTest, "plugin metrics: more than one component may have, are refused", "[telemetry]") {
  int defined = 0;
  for (int i = 0; i < 1000; ++i) defined += plugin_.define(metric(("m" + std::to_string(i)).c_str())) != 0;
  CHECK(defined == 512);
}

TEST_CASE("metrics: cost of adding", "[!benchmark]") {
  Metrics metrics;
  PluginMetrics plugin(metrics, SLUICE_PROCESSOR, "batch");
  sluice_metric metric{};
  metric.struct_size = sizeof metric;
  metric.name = "count";
  metric.type = SLUICE_COUNTER;
  metric.level = SLUICE_METRIC_BASIC;
  uint32_t id = plugin.define(metric);
  BENCHMARK("metrics/1000 adds") {
    for (int i = 0; i < 1000; ++i) plugin.add(id, i);
  };
}

}  // namespace
}  // namespace sluice::telemetry
