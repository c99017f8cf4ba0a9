// SPDX-License-Identifier: Apache-2.0
//
// Hidden cases: run `exporter_prometheus_test "[!benchmark]"` of a release build. A hundred thousand series of a
// counter with five attributes each, and ten thousand of a histogram with fifteen bounds; times are for all of them.
#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "exporters/prometheus/testing.h"

namespace sluice::exporters::testing {
namespace {

using formats::prometheus::Format;

constexpr int64_t kSeries = 100'000, kHistograms = 10'000;
const AttributeList kResource = {{"service.name", "checkout"}, {"service.instance.id", "0"}, {"host.name", "node-7"}};

AttributeList attributes(int64_t i) {
  return {{"http.request.method", i % 2 ? "GET" : "POST"},
          {"http.route", "/api/v1/products/" + std::to_string(i)},
          {"http.response.status_code", int64_t{200}},
          {"server.address", "checkout.internal.example.com"},
          {"url.scheme", "https"}};
}

std::string counters(int64_t value, uint64_t time) {
  Points points;
  for (int64_t i = 0; i < kSeries; ++i) points.push_back({.attributes = attributes(i), .integer = value, .time = time});
  return metrics(kResource, {sum("http.server.requests", points, {.description = "Requests."})}, {.name = "lib"});
}

std::string histograms(uint64_t time) {
  Points points;
  for (int64_t i = 0; i < kHistograms; ++i) {
    points.push_back({.attributes = attributes(i),
                      .value = 12.5,
                      .time = time,
                      .count = 32,
                      .buckets = std::vector<uint64_t>(16, 2),
                      .bounds = {0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000}});
  }
  return metrics(kResource, {histogram("http.server.duration", points, {.unit = "ms"})}, {.name = "lib"});
}

auto lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

size_t used_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST_CASE("benchmark: ingest", "[!benchmark][prometheus]") {
  const uint64_t time = 1000;
  const std::string message = counters(1, time), more = histograms(time);
  const size_t before = used_bytes();
  Shown shown;
  REQUIRE(shown.take(message).plain());
  WARN("bytes of memory for each series: " << (used_bytes() - before) / kSeries);
  shown.take(more);
  BENCHMARK("100,000 points of known series of a counter") {
    return shown.take(message).plain();
  };
  BENCHMARK("10,000 points of known series of a histogram") {
    return shown.take(more).plain();
  };
  REQUIRE(shown.table().size() == kSeries + kHistograms + 1);
  BENCHMARK("100,000 points of new series") {
    Shown fresh;
    return fresh.take(message).plain();
  };
  const std::string last = counters(42, time + 1);
  REQUIRE(shown.take(last).plain());
  CHECK(shown.samples().find("\"} 42\n") != std::string::npos);
}

TEST_CASE("benchmark: scrape", "[!benchmark][prometheus]") {
  Shown shown;
  shown.take(counters(7, 1000));
  const auto format = GENERATE(Format::text, Format::open_metrics, Format::protobuf);
  const std::string name = format == Format::text           ? "text"
                           : format == Format::open_metrics ? "OpenMetrics"
                                                            : "protobuf";
  if (format == Format::text) CHECK(lines(shown.show(format)) == kSeries + 5);
  BENCHMARK("100,000 series as " + name) {
    return shown.show(format).size();
  };
}

TEST_CASE("benchmark: scrape of histograms", "[!benchmark][prometheus]") {
  Shown shown;
  shown.take(histograms(1000));
  CHECK(lines(shown.text()) == kHistograms * 18 + 5);
  BENCHMARK("10,000 histograms of 18 lines as text") {
    return shown.text().size();
  };
}

}  // namespace
}  // namespace sluice::exporters::testing
