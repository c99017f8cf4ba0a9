// SPDX-License-Identifier: Apache-2.0
// testdata/otelcol_0_161.txt is what the OpenTelemetry Collector 0.161 showed, with `namespace: app`, of a FastAPI
// application that had served /hello, /error and /slow five times each. Here the same metrics are sent as that
// application's SDK does, with the numbers of the file, and every byte of it has to come out.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "exporters/prometheus/testing.h"

namespace sluice::exporters::testing {
namespace {

std::string reference() {
  std::ifstream file(SLUICE_TEST_DATA "/otelcol_0_161.txt");
  return {std::istreambuf_iterator<char>(file), {}};
}

// The numbers of the series of a family whose labels hold this text, as a point of a histogram.
Point numbers(const std::string& family, const std::string& label) {
  Point point;
  uint64_t before = 0;
  std::istringstream lines(reference());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(family + '_') || line.find(label) == std::string::npos) continue;
    const double value = std::stod(line.substr(line.rfind(' ')));
    if (line.starts_with(family + "_sum")) point.value = value;
    if (line.starts_with(family + "_count")) point.count = static_cast<uint64_t>(value);
    const size_t le = line.find("le=\"");
    if (le == std::string::npos) continue;
    if (line.find("+Inf") == std::string::npos) point.bounds.push_back(std::stod(line.substr(le + 4)));
    point.buckets.push_back(static_cast<uint64_t>(value) - before);
    before = static_cast<uint64_t>(value);
  }
  return point;
}

const AttributeList kServer = {
    {"http.scheme", "http"}, {"http.host", "127.0.0.1:8000"}, {"net.host.port", int64_t{8000}},
    {"http.flavor", "1.1"},  {"http.method", "GET"},          {"http.server_name", "127.0.0.1:8000"},
};
const AttributeList kResource = {
    {"telemetry.sdk.language", "python"}, {"telemetry.sdk.name", "opentelemetry"}, {"telemetry.sdk.version", "1.23.0"},
    {"service.name", "sample-app"},       {"deployment.environment", "local"},     {"service.version", "1.0.0"},
};

std::string server_histogram(const std::string& name, const std::string& shown, const About& about) {
  Points points;
  for (const auto& [target, status] :
       std::map<std::string, int64_t>{{"/slow", 200}, {"/hello", 200}, {"/error", 500}}) {
    Point point = numbers(shown, "http_target=\"" + target + "\"");
    point.attributes = kServer;
    point.attributes.emplace_back("http.status_code", status);
    point.attributes.emplace_back("http.target", target);
    points.push_back(std::move(point));
  }
  return histogram(name, points, about);
}

TEST_CASE("oracle: what the OpenTelemetry Collector 0.161 showed, to the byte", "[exporter][prometheus]") {
  PrometheusConfig config;
  config.name_space = "app";
  Shown shown(config);

  Point slow = numbers("app_http_request_duration_seconds", "route=\"/slow\"");
  Point hello = numbers("app_http_request_duration_seconds", "route=\"/hello\"");
  slow.attributes = {{"route", "/slow"}};
  hello.attributes = {{"route", "/hello"}};
  AttributeList idle = kServer;
  std::erase_if(idle, [](const auto& attribute) { return attribute.first == "net.host.port"; });

  const std::vector<std::string> instrumentation = {
      sum("http.server.active_requests", {{.attributes = idle, .integer = 0}},
          {.unit = "requests",
           .description = "measures the number of concurrent HTTP requests that are currently in-flight",
           .monotonic = false}),
      server_histogram("http.server.duration", "app_http_server_duration_milliseconds",
                       {.unit = "ms", .description = "measures the duration of the inbound HTTP request"}),
      server_histogram("http.server.response.size", "app_http_server_response_size_bytes",
                       {.unit = "By", .description = "measures the size of HTTP response messages (compressed)."}),
  };
  const std::vector<std::string> application = {
      sum("http_requests_total",
          {{.attributes = {{"method", "GET"}, {"route", "/hello"}, {"status", "200"}}, .integer = 5},
           {.attributes = {{"status", "500"}, {"route", "/error"}, {"method", "GET"}}, .integer = 5}},
          {.description = "Total number of HTTP requests"}),
      histogram("http_request_duration_seconds", {slow, hello},
                {.unit = "s", .description = "HTTP request duration in seconds"}),
      sum("http_active_requests", {{.integer = 0}},
          {.description = "Number of requests currently being processed", .monotonic = false}),
  };
  CHECK(shown
            .take(metrics(kResource, instrumentation,
                          {.name = "opentelemetry.instrumentation.fastapi", .version = "0.44b0"}))
            .plain());
  CHECK(shown.take(metrics(kResource, application, {.name = "app"})).plain());
  std::istringstream expected(reference()), found(shown.text());
  for (std::string line, other; std::getline(expected, line);) {
    std::getline(found, other);
    REQUIRE(other == line);
  }
  CHECK(shown.text() == reference());
}

}  // namespace
}  // namespace sluice::exporters::testing
