// SPDX-License-Identifier: Apache-2.0
// What becomes of points: the last value, deltas added up, staleness, and what is refused.
#include "exporters/prometheus/ingest.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "exporters/prometheus/testing.h"

namespace sluice::exporters::testing {
namespace {

using formats::prometheus::Format;

const AttributeList kDemo = {{"service.name", "demo"}};
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

About delta() {
  return {.temporality = 1};
}
Shown bare() {
  return Shown(Shown::bare());
}
// Rejected items, and why.
std::pair<uint64_t, std::string> refused(const Result& result) {
  return {result.rejected_items(), result.text()};
}
using Refused = std::pair<uint64_t, std::string>;

TEST_CASE("ingest: a number of each type", "[exporter][prometheus]") {
  Shown shown;
  const Scope scope{.name = "lib", .version = "1.2", .schema_url = "https://s", .attributes = {{"team.name", "a"}}};
  CHECK(shown
            .take(metrics(
                {{"service.name", "demo"}, {"service.instance.id", "i1"}, {"host.name", "h"}},
                {sum("hits", {{.attributes = {{"a.b", "x"}}, .integer = 7}}, {.description = "Hits."}),
                 sum("depth", {{.value = -2}}, {.monotonic = false}), gauge("temp", {{.value = 21.5}}, {.unit = "Cel"}),
                 gauge("what", {{.value = 1}}, {.original_type = "unknown"})},
                scope))
            .plain());
  const std::string labels =
      R"(instance="i1",job="demo",otel_scope_name="lib",otel_scope_schema_url="https://s",otel_scope_team_name="a",)"
      R"(otel_scope_version="1.2"})";
  CHECK(shown.text() == R"(# HELP depth 
# TYPE depth gauge
depth{)" + labels + R"( -2
# HELP hits_total Hits.
# TYPE hits_total counter
hits_total{a_b="x",)" + labels +
                            R"( 7
# HELP target_info Target metadata
# TYPE target_info gauge
target_info{host_name="h",instance="i1",job="demo"} 1
# HELP temp_celsius 
# TYPE temp_celsius gauge
temp_celsius{)" + labels + R"( 21.5
# HELP what 
# TYPE what untyped
what{)" + labels + " 1\n");
}

TEST_CASE("ingest: values of attributes of every type", "[exporter][prometheus]") {
  Shown shown = bare();
  shown.take(
      metrics({}, {gauge("g", {{.attributes = {{"t", "a\"b\nc\\d"}, {"i", int64_t{-5}}, {"d", 0.5}, {"b", true}}}})}));
  CHECK(shown.samples() == "g{b=\"true\",d=\"0.5\",i=\"-5\",t=\"a\\\"b\\nc\\\\d\"} 0\n");
}

TEST_CASE("ingest: the newest point counts, whenever it comes", "[exporter][prometheus]") {
  Shown shown = bare();
  CHECK(shown.take(metrics({}, {gauge("g", {{.value = 1, .time = 2000}})})).plain());
  CHECK(shown.take(metrics({}, {gauge("g", {{.value = 2, .time = 1000}})})).plain());
  CHECK(shown.samples() == "g 1\n");
  CHECK(shown.take(metrics({}, {gauge("g", {{.value = 3, .time = 2000}, {.value = 4, .time = 2001}})})).plain());
  CHECK(shown.samples() == "g 4\n");
}

TEST_CASE("ingest: the order of attributes does not make a series", "[exporter][prometheus]") {
  Shown shown = bare();
  shown.take(metrics({}, {gauge("g", {{.attributes = {{"a", "1"}, {"b", "2"}}, .value = 1}})}));
  shown.take(metrics({}, {gauge("g", {{.attributes = {{"b", "2"}, {"a", "1"}}, .value = 2}})}));
  CHECK(shown.samples() == "g{a=\"1\",b=\"2\"} 2\n");
  CHECK(shown.table().size() == 1);
}

TEST_CASE("ingest: the same attributes in other bytes are the same series", "[exporter][prometheus]") {
  Shown shown = bare();
  const auto with = [](bool value_first) {
    std::string bytes;
    Out(bytes).message(1, [&](Out& resource) {
      resource.message(2, [&](Out& scope) {
        scope.message(2, [&](Out& m) {
          m.text(1, "g");
          m.message(5, [&](Out& data) {
            data.message(1, [&](Out& point) {
              point.message(7, [&](Out& attribute) {
                if (!value_first) attribute.text(1, "a");
                attribute.message(2, [](Out& any) { any.text(1, "x"); });
                if (value_first) attribute.text(1, "a");
              });
              point.float64(4, value_first ? 2 : 1);
            });
          });
        });
      });
    });
    return bytes;
  };
  for (const bool value_first : {false, true, false, true}) {
    CHECK(shown.take(with(value_first)).plain());
    CHECK(shown.samples() == (value_first ? "g{a=\"x\"} 2\n" : "g{a=\"x\"} 1\n"));
  }
  CHECK(shown.table().size() == 1);
}

TEST_CASE("ingest: a point without a recorded value ends the series, and no other", "[exporter][prometheus]") {
  Shown shown = bare();
  const auto both = [](bool stale) {
    return metrics({},
                   {gauge("g", {{.attributes = {{"a", "1"}}, .value = 1, .stale = stale},
                                {.attributes = {{"a", "2"}}, .value = 2}}),
                    sum("s", {{.integer = 3, .stale = stale}}), histogram("h", {{.stale = stale, .count = 1}}),
                    exponential("e", {{.stale = stale, .count = 1}}), summary("u", {{.stale = stale, .count = 1}})});
  };
  shown.take(both(false));
  CHECK(shown.table().size() == 6);
  CHECK(shown.take(both(true)).plain());
  CHECK(shown.samples() == "g{a=\"2\"} 2\n");
  CHECK(shown.text().find("# TYPE s_total") == std::string::npos);
  CHECK(shown.take(both(true)).plain());
  shown.take(both(false));
  CHECK(shown.table().size() == 6);
}

TEST_CASE("ingest: deltas of a monotonic sum are added up", "[exporter][prometheus]") {
  Shown shown = bare();
  const auto send = [&shown](double value, uint64_t start, uint64_t time) {
    return shown.take(metrics({}, {sum("s", {{.value = value, .time = time, .start = start}}, delta())}));
  };
  CHECK(send(5, 1000, 2000).plain());
  CHECK(shown.samples() == "s_total 5\n");
  CHECK(send(2, 2000, 3000).plain());
  CHECK(send(1, 3000, 4000).plain());
  CHECK(shown.samples() == "s_total 8\n");
  CHECK(send(10, 4500, 5000).plain());  // a gap: it begins again
  CHECK(shown.samples() == "s_total 10\n");
  CHECK(refused(send(1, 1000, 2000)) == Refused{1, "metric \"s\": a point is older than what was added up already"});
  CHECK(shown.samples() == "s_total 10\n");
}

TEST_CASE("ingest: histograms", "[exporter][prometheus]") {
  Shown shown = bare();
  CHECK(shown
            .take(metrics({}, {histogram("h", {{.value = 20, .count = 6, .buckets = {3, 2, 1}, .bounds = {1, 5}}}),
                               histogram("none", {{.value = 2, .count = 6}}),
                               histogram("inf", {{.count = 4, .buckets = {3, 1, 0}, .bounds = {1, INFINITY}}})}))
            .plain());
  const std::string expected = R"(h_bucket{le="1"} 3
h_bucket{le="5"} 5
h_bucket{le="+Inf"} 6
h_sum 20
h_count 6
inf_bucket{le="1"} 3
inf_bucket{le="+Inf"} 4
inf_sum 0
inf_count 4
none_bucket{le="+Inf"} 6
none_sum 2
none_count 6
)";
  CHECK(shown.samples() == expected);
  // The next point replaces all of it, with the same bounds or with others.
  shown.take(
      metrics({}, {histogram("h", {{.value = 21, .time = 2000, .count = 7, .buckets = {3, 3, 1}, .bounds = {1, 5}}}),
                   histogram("none", {{.value = 3, .time = 2000, .count = 1, .buckets = {0, 1}, .bounds = {8}}}),
                   histogram("inf", {{.time = 2000, .count = 5, .buckets = {3, 2, 0}, .bounds = {1, INFINITY}}})}));
  CHECK(shown.samples() == R"(h_bucket{le="1"} 3
h_bucket{le="5"} 6
h_bucket{le="+Inf"} 7
h_sum 21
h_count 7
inf_bucket{le="1"} 3
inf_bucket{le="+Inf"} 5
inf_sum 0
inf_count 5
none_bucket{le="8"} 0
none_bucket{le="+Inf"} 1
none_sum 3
none_count 1
)");
}

TEST_CASE("ingest: deltas of a histogram", "[exporter][prometheus]") {
  Shown shown = bare();
  const auto send = [&shown](uint64_t start, uint64_t time, double bound = 5) {
    return shown.take(metrics(
        {}, {histogram("h",
                       {{.value = 1.5, .time = time, .start = start, .count = 3, .buckets = {1, 2}, .bounds = {bound}}},
                       delta())}));
  };
  const auto expected = [](int times, const char* bound = "5") {
    return "h_bucket{le=\"" + std::string(bound) + "\"} " + std::to_string(times) + "\nh_bucket{le=\"+Inf\"} " +
           std::to_string(3 * times) + "\nh_sum " + (times == 2 ? "3" : "1.5") + "\nh_count " +
           std::to_string(3 * times) + "\n";
  };
  CHECK(send(1000, 2000).plain());
  CHECK(shown.samples() == expected(1));
  CHECK(send(2000, 3000).plain());
  CHECK(shown.samples() == expected(2));
  CHECK(refused(send(2500, 3500)) ==
        Refused{1, "metric \"h\": a delta starts before the end of what was added up already"});
  CHECK(shown.samples() == expected(2));
  CHECK(send(4000, 5000).plain());  // a restart
  CHECK(shown.samples() == expected(1));
  CHECK(send(5000, 6000, 7).plain());  // other bounds: nothing to add to
  CHECK(shown.samples() == expected(1, "7"));
}

TEST_CASE("ingest: exponential histograms, deltas too", "[exporter][prometheus]") {
  Shown shown = bare();
  const Point point{.value = 2.5,
                    .time = 2000,
                    .start = 1000,
                    .count = 9,
                    .buckets = {1, 0, 0, 5},
                    .scale = 3,
                    .offset = -2,
                    .negative_offset = 1,
                    .negative = {2},
                    .zero_count = 1};
  const auto native = [&shown]() -> const formats::prometheus::NativeHistogram& {
    const formats::prometheus::NativeHistogram* found = nullptr;
    shown.table().walk([](const Family&) {},
                       [&](const Series& s) { found = &static_cast<const NativeDetail&>(*s.detail).histogram; });
    return *found;
  };
  const auto send = [&shown](Point p, bool is_delta) {
    return shown.take(metrics({}, {exponential("e", {std::move(p)}, is_delta ? delta() : About())}));
  };
  const bool is_delta = GENERATE(false, true);
  CHECK(send(point, is_delta).plain());
  CHECK(shown.samples() == "e_bucket{le=\"+Inf\"} 9\ne_sum 2.5\ne_count 9\n");
  CHECK(native().schema == 3);
  CHECK(native().zero_threshold == 1e-128);
  CHECK(native().positive.counts == std::vector<uint64_t>{1, 0, 0, 5});
  CHECK(native().negative.offset == 1);

  Point next = point;
  next.start = 2000, next.time = 3000, next.scale = 2, next.zero_threshold = 0.25;
  CHECK(send(next, is_delta).plain());
  CHECK(native().schema == 2);
  CHECK(native().count == (is_delta ? 18 : 9));
  CHECK(native().zero_threshold == 0.25);
  CHECK(native().positive.counts == (is_delta ? std::vector<uint64_t>{1, 1, 5, 5} : std::vector<uint64_t>{1, 0, 0, 5}));
  CHECK(native().positive.offset == -2);

  Point fine = point;
  fine.time = 4000, fine.start = 3500, fine.scale = 10, fine.offset = 1, fine.buckets = {1, 1, 1, 1, 1};
  CHECK(send(fine, is_delta).plain());
  CHECK(native().schema == 8);
  CHECK(native().positive.offset == 0);
  CHECK(native().positive.counts == std::vector<uint64_t>{3, 2});

  Point coarse = fine;
  coarse.scale = -5;
  CHECK(refused(send(coarse, is_delta)).first == 1);
  Point far = fine;
  far.offset = 2'000'000'000, far.start = 4000, far.time = 5000;
  CHECK(refused(send(far, is_delta)) ==
        Refused{1, "metric \"e\": buckets of an exponential histogram are beyond all numbers"});
  CHECK(native().positive.counts == std::vector<uint64_t>{3, 2});
}

TEST_CASE("ingest: summaries", "[exporter][prometheus]") {
  Shown shown = bare();
  shown.take(metrics({}, {summary("s", {{.value = 20, .count = 9, .bounds = {0.99, 7, 0.5, 2}}})}));
  CHECK(shown.samples() == "s{quantile=\"0.5\"} 2\ns{quantile=\"0.99\"} 7\ns_sum 20\ns_count 9\n");
}

TEST_CASE("ingest: exemplars, the last one of a counter and of a bucket", "[exporter][prometheus]") {
  Shown shown = bare();
  const std::string trace = "0123456789abcdef", span = "01234567";
  shown.take(metrics(
      {}, {sum("c", {{.integer = 2,
                      .exemplars = {{.value = 1},
                                    {.value = 0.5, .time = 1'500'000'000, .trace_id = trace, .span_id = span}}}}),
           gauge("g", {{.value = 2, .exemplars = {{.value = 1}}}}),
           histogram("h", {{.count = 3,
                            .buckets = {1, 1, 1},
                            .bounds = {1, 5},
                            .exemplars = {{.value = 9}, {.value = 0.1}, {.value = 1}, {.value = 5}}}})}));
  CHECK(shown.show(Format::open_metrics) == R"(# HELP c 
# TYPE c counter
c_total 2.0 # {span_id="3031323334353637",trace_id="30313233343536373839616263646566"} 0.5 1.5
# HELP g 
# TYPE g gauge
g 2.0
# HELP h 
# TYPE h histogram
h_bucket{le="1.0"} 1 # {} 1.0
h_bucket{le="5.0"} 2 # {} 5.0
h_bucket{le="+Inf"} 3 # {} 9.0
h_sum 0.0
h_count 3
# EOF
)");
  shown.take(metrics({}, {sum("c", {{.integer = 3, .time = 2000}})}));
  CHECK(shown.show(Format::open_metrics).find("c_total 3.0\n") != std::string::npos);
}

TEST_CASE("ingest: what cannot be shown is refused, the rest is taken", "[exporter][prometheus]") {
  const auto [metric_bytes, reason] = GENERATE(table<std::string, std::string>({
      {sum("s", {{.integer = 1}}, {.temporality = 0}), "it has no aggregation temporality"},
      {histogram("s", {{.count = 1}}, {.temporality = 0}), "it has no aggregation temporality"},
      {exponential("s", {{.count = 1}}, {.temporality = 0}), "it has no aggregation temporality"},
      {sum("s", {{.integer = 1}}, {.temporality = 1, .monotonic = false}),
       "changes of a sum that is not monotonic cannot be added up: send it cumulative"},
      {gauge("s", {{.empty = true}}), "a point has no value"},
      {histogram("s", {{.count = 1, .buckets = {1, 0}, .bounds = {1, 2}}}),
       "a histogram needs one bucket more than it has bounds"},
      {histogram("s", {{.count = 1, .bounds = {1, 2}}}), "the histogram has bounds, but no buckets"},
      {histogram("s", {{.count = 1, .buckets = {1, 0, 0}, .bounds = {2, 2}}}),
       "the bounds of the histogram do not ascend"},
      {histogram("s", {{.count = 1, .buckets = {1, 0}, .bounds = {kNan}}}),
       "the bounds of the histogram do not ascend"},
      {exponential("s", {{.count = 1, .buckets = {1}, .scale = -5}}),
       "the scale of an exponential histogram is below -4, the coarsest that Prometheus has"},
      {gauge("s", {{.attributes = {{"__name__", "x"}}}}),
       "attribute \"__name__\" cannot be a label: names that begin with __ are Prometheus' own"},
      {gauge("s", {{.attributes = {{"...", "x"}}}}),
       "attribute \"...\" cannot be a label: nothing is left of its name"},
      {histogram("s", {{.attributes = {{"le", "1"}}, .count = 1}}),
       "it has a label \"le\", which is Prometheus' own in metrics of its type"},
      {summary("s", {{.attributes = {{"quantile", "1"}}, .count = 1}}),
       "it has a label \"quantile\", which is Prometheus' own in metrics of its type"},
      {gauge("taken", {{.value = 5}}, {.original_type = "unknown"}),
       "another metric is shown as taken with another type"},
      {histogram("taken.wide", {{.count = 5}}),
       "as taken_wide it would share names of samples with the metric shown as taken_wide_sum"},
      {gauge("taken.wide.sum", {{.value = 5}}), "another series is shown as taken_wide_sum with the same labels"},
      {gauge("h.count", {{.value = 5}}), "as h_count it would share names of samples with the metric shown as h"},
  }));
  INFO(reason);
  Shown shown = bare();
  const auto others = [](double value) {
    return std::vector<std::string>{gauge("taken", {{.value = value}}), gauge("taken_wide_sum", {{.value = value}}),
                                    histogram("h", {{.count = 1}})};
  };
  REQUIRE(shown.take(metrics({}, others(1))).plain());
  auto all = others(2);
  all.insert(all.begin() + 1, metric_bytes);
  const Result result = shown.take(metrics({}, all));
  CHECK(result.status() == SLUICE_DONE);
  CHECK(result.rejected_items() == 1);
  CHECK(result.text().ends_with(": " + reason));
  REQUIRE(result.ranges().size() == 1);
  CHECK(result.ranges()[0].first == 1);
  CHECK(result.ranges()[0].count == 1);
  CHECK(result.ranges()[0].status == SLUICE_FAILED_PERMANENT);
  CHECK(shown.table().size() == 3);
  CHECK(shown.samples() == "h_bucket{le=\"+Inf\"} 1\nh_sum 0\nh_count 1\ntaken 2\ntaken_wide_sum 2\n");
}

TEST_CASE("ingest: a metric without a name that can be shown", "[exporter][prometheus]") {
  Shown shown = bare();
  CHECK(refused(shown.take(metrics({}, {gauge("%%", {{.value = 1}, {.value = 2}})}))) ==
        Refused{2, "metric \"%%\": nothing is left of its name that Prometheus could show"});
}

TEST_CASE("ingest: which items were rejected is told as ranges, up to a limit", "[exporter][prometheus]") {
  Shown shown = bare();
  const auto alternating = [](size_t pairs) {
    Points points;
    for (size_t i = 0; i < pairs; ++i) {
      points.push_back({.attributes = {{"n", static_cast<int64_t>(i)}}, .value = 1});
      points.push_back({.attributes = {{"...", "x"}}});
      points.push_back({.attributes = {{"...", "x"}}});
    }
    return metrics({}, {gauge("g", points)});
  };
  const Result few = shown.take(alternating(3));
  REQUIRE(few.ranges().size() == 3);
  CHECK(few.rejected_items() == 6);
  CHECK(few.ranges()[2].first == 7);
  CHECK(few.ranges()[2].count == 2);
  const Result many = shown.take(alternating(300));
  CHECK(many.ranges().empty());
  CHECK(many.rejected_items() == 600);
  CHECK((many.flags() & SLUICE_RESULT_UNATTRIBUTED) != 0);
}

TEST_CASE("ingest: of two descriptions the first is shown", "[exporter][prometheus]") {
  Shown shown = bare();
  shown.take(metrics({}, {gauge("g", {{.attributes = {{"a", "1"}}}}, {.description = "One."})}));
  shown.take(metrics({}, {gauge("g", {{.attributes = {{"a", "2"}}}}, {.description = "Two."})}));
  CHECK(shown.text().starts_with("# HELP g One.\n"));
  CHECK(shown.help_conflicts == std::vector<std::string>{"g"});
}

TEST_CASE("ingest: target_info follows its resource", "[exporter][prometheus]") {
  Shown shown = bare();
  const auto send = [&shown](const AttributeList& resource) {
    return shown.take(metrics(resource, {gauge("g", {{}})}));
  };
  const auto target = [&shown] {
    const std::string all = shown.samples();
    const size_t at = all.find("target_info");
    return at == std::string::npos ? "" : all.substr(at);
  };
  send({{"service.name", "demo"}, {"x", "1"}});
  CHECK(target().empty());  // it takes an instance
  send({{"service.name", ""}, {"service.instance.id", "i"}});
  CHECK(target().empty());
  send({{"service.namespace", "ns"}, {"service.name", "demo"}, {"service.instance.id", "i"}});
  CHECK(target() == "target_info{instance=\"i\",job=\"ns/demo\"} 1\n");
  send({{"service.namespace", "ns"},
        {"service.name", "demo"},
        {"service.instance.id", "i"},
        {"a.b", "1"},
        {"a_b", "2"}});
  CHECK(target() == "target_info{a_b=\"1;2\",instance=\"i\",job=\"ns/demo\"} 1\n");
  send({{"a_b", "2"},
        {"a.b", "1"},
        {"service.instance.id", "i"},
        {"service.name", "demo"},
        {"service.namespace", "ns"}});
  CHECK(target() == "target_info{a_b=\"1;2\",instance=\"i\",job=\"ns/demo\"} 1\n");
  send({{"service.name", "demo"}, {"service.instance.id", "j"}});
  CHECK(target() ==
        "target_info{instance=\"j\",job=\"demo\"} 1\n"
        "target_info{a_b=\"1;2\",instance=\"i\",job=\"ns/demo\"} 1\n");
}

TEST_CASE("ingest: times of points are shown where that was asked for", "[exporter][prometheus]") {
  PrometheusConfig config = Shown::bare();
  config.send_timestamps = true;
  Shown shown(config);
  shown.take(metrics(
      {{"service.name", "a"}, {"service.instance.id", "i"}},
      {gauge("g", {{.value = 1, .time = 1'700'000'000'123'456'789}}), gauge("none", {{.value = 2, .time = 0}})}));
  CHECK(shown.samples() ==
        "g{instance=\"i\",job=\"a\"} 1 1700000000123\nnone{instance=\"i\",job=\"a\"} 2\n"
        "target_info{instance=\"i\",job=\"a\"} 1\n");
}

}  // namespace
}  // namespace sluice::exporters::testing
