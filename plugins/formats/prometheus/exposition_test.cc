// SPDX-License-Identifier: Apache-2.0
// The two text formats.
#include "plugins/formats/prometheus/exposition.h"

#include <catch2/catch.hpp>

namespace sluice::formats::prometheus {
namespace {

template <class Write>
std::string written(Format format, Write&& write, const WriterOptions& options = {}) {
  std::string out;
  const auto writer = make_writer(format, out, options);
  write(*writer);
  writer->finish();
  return out;
}
template <class Write>
std::string text(Write&& write, const WriterOptions& options = {}) {
  return written(Format::text, write, options);
}
template <class Write>
std::string open_metrics(Write&& write, const WriterOptions& options = {}) {
  return written(Format::open_metrics, write, options);
}

const Exemplar kExemplar{R"(span_id="0102030405060708",trace_id="0102030405060708090a0b0c0d0e0f10")", 0.5,
                         1'700'000'000'500'000'000, 0};
const std::string kExemplarText =
    R"( # {span_id="0102030405060708",trace_id="0102030405060708090a0b0c0d0e0f10"} 0.5 1.7000000005e+09)";

TEST_CASE("exposition: numbers of each type", "[formats][prometheus]") {
  const auto write = [](ExpositionWriter& w) {
    w.family({"hits_total", "All \"hits\".\nAnd \\.", FamilyType::counter});
    w.number(R"(job="demo")", 7, {.created_unix_nano = 5}, &kExemplar);
    w.number("", 2e6, {.sample_unix_ms = 1700000000123}, nullptr);
    w.family({"misses", "", FamilyType::counter});
    w.number("", 1, {}, nullptr);
    w.family({"temp_celsius", "Heat.", FamilyType::gauge});
    w.number("", -1.5, {}, nullptr);
    w.family({"what", "", FamilyType::untyped});
    w.number("", 0, {}, nullptr);
  };
  CHECK(text(write) == R"(# HELP hits_total All "hits".\nAnd \\.
# TYPE hits_total counter
hits_total{job="demo"} 7
hits_total 2e+06 1700000000123
# HELP misses 
# TYPE misses counter
misses 1
# HELP temp_celsius Heat.
# TYPE temp_celsius gauge
temp_celsius -1.5
# HELP what 
# TYPE what untyped
what 0
)");
  CHECK(open_metrics(write) == R"(# HELP hits All \"hits\".\nAnd \\.
# TYPE hits counter
hits_total{job="demo"} 7.0)" + kExemplarText +
                                   R"(
hits_total 2e+06 1.700000000123e+09
# HELP misses 
# TYPE misses unknown
misses 1.0
# HELP temp_celsius Heat.
# TYPE temp_celsius gauge
temp_celsius -1.5
# HELP what 
# TYPE what unknown
what 0.0
# EOF
)");
}

TEST_CASE("exposition: histograms", "[formats][prometheus]") {
  const auto write = [](ExpositionWriter& w) {
    const BucketBounds bounds({0, 2.5, 1e6});
    const std::vector<uint64_t> cumulative = {3, 5, 2'000'000};
    std::vector<Exemplar> exemplars(2, kExemplar);
    exemplars[0].bucket = 1;
    exemplars[1].bucket = 3;
    w.family({"h", "", FamilyType::histogram});
    w.histogram(R"(a="b")", {2'000'001, 20, bounds, cumulative, exemplars}, {});
    w.histogram("", {6, 0.25, BucketBounds({}), {}, {}}, {.sample_unix_ms = 1});
  };
  CHECK(text(write) == R"(# HELP h 
# TYPE h histogram
h_bucket{a="b",le="0"} 3
h_bucket{a="b",le="2.5"} 5
h_bucket{a="b",le="1e+06"} 2e+06
h_bucket{a="b",le="+Inf"} 2.000001e+06
h_sum{a="b"} 20
h_count{a="b"} 2.000001e+06
h_bucket{le="+Inf"} 6 1
h_sum 0.25 1
h_count 6 1
)");
  CHECK(open_metrics(write) == R"(# HELP h 
# TYPE h histogram
h_bucket{a="b",le="0.0"} 3
h_bucket{a="b",le="2.5"} 5)" + kExemplarText +
                                   R"(
h_bucket{a="b",le="1e+06"} 2000000
h_bucket{a="b",le="+Inf"} 2000001)" +
                                   kExemplarText + R"(
h_sum{a="b"} 20.0
h_count{a="b"} 2000001
h_bucket{le="+Inf"} 6 0.001
h_sum 0.25 0.001
h_count 6 0.001
# EOF
)");
}

TEST_CASE("exposition: native histograms have one bucket in the texts", "[formats][prometheus]") {
  const auto write = [](ExpositionWriter& w) {
    w.family({"h", "", FamilyType::histogram});
    w.native_histogram(R"(a="b")", {.count = 4, .sum = 1.5, .schema = 3, .positive = {0, {4}}}, {});
  };
  CHECK(text(write) == R"(# HELP h 
# TYPE h histogram
h_bucket{a="b",le="+Inf"} 4
h_sum{a="b"} 1.5
h_count{a="b"} 4
)");
}

TEST_CASE("exposition: summaries", "[formats][prometheus]") {
  const auto write = [](ExpositionWriter& w) {
    const std::vector<SummaryView::Quantile> quantiles = {{0, 1}, {0.99, 2.5}, {1, 7}};
    w.family({"s", "", FamilyType::summary});
    w.summary(R"(a="b")", {9, 20, quantiles}, {});
    w.summary("", {1, 2, {}}, {});
  };
  CHECK(text(write) == R"(# HELP s 
# TYPE s summary
s{a="b",quantile="0"} 1
s{a="b",quantile="0.99"} 2.5
s{a="b",quantile="1"} 7
s_sum{a="b"} 20
s_count{a="b"} 9
s_sum 2
s_count 1
)");
  CHECK(open_metrics(write) == R"(# HELP s 
# TYPE s summary
s{a="b",quantile="0.0"} 1.0
s{a="b",quantile="0.99"} 2.5
s{a="b",quantile="1.0"} 7.0
s_sum{a="b"} 20.0
s_count{a="b"} 9
s_sum 2.0
s_count 1
# EOF
)");
}

TEST_CASE("exposition: names with any character", "[formats][prometheus]") {
  const auto write = [](ExpositionWriter& w) {
    w.family({"my.hits", "Hits.", FamilyType::gauge});
    w.number(R"("a.b"="1")", 7, {}, nullptr);
    w.number("", 8, {}, nullptr);
    w.family({"my.time", "Time.", FamilyType::histogram});
    w.histogram("", {6, 1, BucketBounds({5}), std::vector<uint64_t>{2}, {}}, {});
  };
  CHECK(text(write) == R"(# HELP "my.hits" Hits.
# TYPE "my.hits" gauge
{"my.hits","a.b"="1"} 7
{"my.hits"} 8
# HELP "my.time" Time.
# TYPE "my.time" histogram
{"my.time_bucket",le="5"} 2
{"my.time_bucket",le="+Inf"} 6
{"my.time_sum"} 1
{"my.time_count"} 6
)");
  CHECK(text(write, {.escaping = Escaping::underscores}) == R"(# HELP my_hits Hits.
# TYPE my_hits gauge
my_hits{a_b="1"} 7
my_hits 8
# HELP my_time Time.
# TYPE my_time histogram
my_time_bucket{le="5"} 2
my_time_bucket{le="+Inf"} 6
my_time_sum 1
my_time_count 6
)");
}

}  // namespace
}  // namespace sluice::formats::prometheus
