// SPDX-License-Identifier: Apache-2.0
// The exporter over real sockets.
#include "exporters/prometheus/component.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "exporters/prometheus/testing.h"
#include "plugins/net/compression.h"
#include "plugins/net/sockets_for_tests.h"
#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry exporter_prometheus_sluice_plugin_entry_v0;

namespace sluice::exporters::testing {
namespace {

using net::RawResponse;
using sluice::testing::FakeHost;
using sluice::testing::Subject;
using sluice::testing::Tree;

const sluice_entry& kEntry = exporter_prometheus_sluice_plugin_entry_v0;
const std::string kHits =
    "# HELP hits_total \n# TYPE hits_total counter\n"
    "hits_total{job=\"demo\",otel_scope_name=\"\",otel_scope_schema_url=\"\",otel_scope_version=\"\"} 7\n";

class Running {
 public:
  explicit Running(Tree settings = Tree::map({{"endpoint", "127.0.0.1:0"}}))
      : exporter_(host, kEntry, "prometheus", std::move(settings)) {
    if (exporter_.start() != SLUICE_DONE) throw std::runtime_error(host.last_error());
    port = static_cast<uint16_t>(std::stoi(host.logs().back().field("port")));
  }
  RawResponse get(const std::string& lines = "", const std::string& request = "GET /metrics") {
    return net::ask_once(port, request, lines);
  }
  auto take(const std::string& message) { return exporter_.consume(SLUICE_METRICS, message); }
  Subject& subject() { return exporter_; }

  FakeHost host{{.component_id = "prometheus", .inputs = {SLUICE_METRICS}}};
  uint16_t port = 0;

 private:
  Subject exporter_;
};

TEST_CASE("prometheus exporter: what was sent is shown", "[exporter][prometheus]") {
  Running exporter;
  CHECK(exporter.get().body.empty());
  const auto call = exporter.take(sluice::testing::sample_metrics());
  CHECK(call->answer() == SLUICE_DONE);
  CHECK_FALSE(call->completed);
  const RawResponse response = exporter.get();
  CHECK(response.status == 200);
  CHECK(response.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  CHECK(response.body == kHits);
  CHECK(exporter.get("", "GET /metrics?x=y").body == kHits);
  CHECK(exporter.host.metric("sluice_exporter_prometheus_series")->records.back() == 1);
  CHECK(exporter.host.metric("sluice_exporter_prometheus_scrapes")->sum == 3);
  exporter.subject().destroy();
  CHECK(exporter.host.violations().empty());
}

TEST_CASE("prometheus exporter: HEAD, other paths, other methods", "[exporter][prometheus]") {
  Running exporter;
  exporter.take(sluice::testing::sample_metrics());
  const RawResponse head = exporter.get("", "HEAD /metrics");
  CHECK(head.status == 200);
  CHECK(head.field("Content-Length") == std::to_string(kHits.size()));
  CHECK(exporter.get("", "GET /").status == 404);
  CHECK(exporter.get("", "GET /metrics/x").status == 404);
  const RawResponse post = exporter.get("Content-Length: 0\r\n", "POST /metrics");
  CHECK(post.status == 405);
  CHECK(post.field("Allow") == "GET, HEAD");
}

TEST_CASE("prometheus exporter: the format that the scraper asks for", "[exporter][prometheus]") {
  const bool enabled = GENERATE(false, true);
  Running exporter(Tree::map({{"endpoint", "127.0.0.1:0"}, {"enable_open_metrics", enabled}}));
  exporter.take(sluice::testing::sample_metrics());
  const RawResponse open_metrics = exporter.get("Accept: application/openmetrics-text;version=1.0.0\r\n");
  CHECK(open_metrics.body.ends_with("# EOF\n") == enabled);
  CHECK(open_metrics.field("Content-Type")
            .starts_with(enabled ? "application/openmetrics-text; version=1.0.0" : "text/plain; version=0.0.4"));
  const RawResponse protobuf = exporter.get(
      "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n");
  CHECK(protobuf.field("Content-Type").starts_with("application/vnd.google.protobuf"));
  CHECK(protobuf.body[0] == static_cast<char>(protobuf.body.size() - 1));
  CHECK(protobuf.body.substr(1, 12) == "\x0a\x0ahits_total");
}

TEST_CASE("prometheus exporter: answers are compressed where it pays", "[exporter][prometheus]") {
  Running exporter;
  exporter.take(sluice::testing::sample_metrics());
  CHECK(exporter.get("Accept-Encoding: gzip\r\n").field("Content-Encoding").empty());
  Points points;
  for (int64_t i = 0; i < 200; ++i) points.push_back({.attributes = {{"number", i}}, .value = 1});
  exporter.take(metrics({}, {gauge("g", points)}));
  const std::string plain = exporter.get().body;
  for (const auto& [name, codec] : {std::pair("gzip", net::Codec::gzip), {"zstd", net::Codec::zstd}}) {
    INFO(name);
    const RawResponse response = exporter.get(std::string("Accept-Encoding: ") + name + "\r\n");
    CHECK(response.field("Content-Encoding") == name);
    CHECK(response.field("Vary") == "Accept, Accept-Encoding");
    CHECK(response.body.size() < plain.size() / 4);
    net::ByteBuffer text;
    REQUIRE(net::decompress(codec, response.body, {.max_bytes = 1 << 20}, text) == net::CodecStatus::ok);
    CHECK(text.view() == plain);
  }
}

TEST_CASE("prometheus exporter: series expire, scraped or not", "[exporter][prometheus]") {
  Running exporter(Tree::map({{"endpoint", "127.0.0.1:0"}, {"metric_expiration", std::chrono::seconds(60)}}));
  exporter.take(sluice::testing::sample_metrics());
  exporter.host.advance(std::chrono::seconds(59));
  CHECK(exporter.get().body == kHits);
  exporter.take(metrics({}, {gauge("other", {{.value = 1}})}));
  exporter.host.advance(std::chrono::seconds(2));
  CHECK(exporter.get().body.starts_with("# HELP other"));
  CHECK(exporter.host.metric("sluice_exporter_prometheus_series")->records.back() == 1);
  exporter.host.advance(std::chrono::seconds(120));  // nobody scrapes
  CHECK(exporter.host.metric("sluice_exporter_prometheus_series")->records.back() == 0);
  CHECK(exporter.get().body.empty());
}

TEST_CASE("prometheus exporter: what cannot be shown is answered, and logged once in a while",
          "[exporter][prometheus]") {
  Running exporter;
  const size_t before = exporter.host.logs().size();
  for (int i = 0; i < 3; ++i) {
    const auto call = exporter.take(metrics({}, {gauge("good", {{.value = 1}}), gauge("%%", {{.value = 1}})}));
    REQUIRE(call->completed);
    CHECK(call->completed->status() == SLUICE_DONE);
    CHECK(call->completed->rejected_items() == 1);
    CHECK(call->completed->text() == "metric \"%%\": nothing is left of its name that Prometheus could show");
  }
  auto logs = exporter.host.logs();
  REQUIRE(logs.size() == before + 1);
  CHECK(logs.back().text == "data points cannot be shown");
  CHECK(logs.back().field("metric") == "%%");
  CHECK(logs.back().field("rejected items") == "1");
  exporter.host.advance(std::chrono::seconds(11));
  exporter.take(metrics({}, {gauge("%%", {{.value = 1}})}));
  logs = exporter.host.logs();
  REQUIRE(logs.size() == before + 2);
  CHECK(logs.back().field("more such batches since the last") == "2");
}

TEST_CASE("prometheus exporter: of two descriptions one is shown, and that is said", "[exporter][prometheus]") {
  Running exporter;
  exporter.take(metrics({}, {gauge("g", {{.attributes = {{"a", "1"}}}}, {.description = "One."})}));
  exporter.take(metrics({}, {gauge("g", {{.attributes = {{"a", "2"}}}}, {.description = "Two."})}));
  CHECK(exporter.host.logs().back().level == SLUICE_INFO);
  CHECK(exporter.host.logs().back().field("existing") == "One.");
  CHECK(exporter.host.logs().back().field("dropped") == "Two.");
}

TEST_CASE("prometheus exporter: scraped while it is fed by several threads", "[exporter][prometheus]") {
  Running exporter;
  constexpr int64_t kThreads = 3, kRounds = 40, kSeries = 600;
  std::atomic<int64_t> running{kThreads};
  std::vector<std::thread> threads;
  for (int64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&exporter, &running, thread] {
      for (int64_t round = 0; round < kRounds; ++round) {
        Points points;
        for (int64_t i = 0; i < kSeries; ++i)
          points.push_back({.attributes = {{"i", i}, {"t", thread}},
                            .time = 1000 + static_cast<uint64_t>(round),
                            .stale = round % 10 == 9 && round + 1 < kRounds});
        exporter.take(metrics({{"service.name", "s"}, {"service.instance.id", thread}}, {gauge("g", points)}));
      }
      --running;
    });
  }
  while (running > 0) {
    const std::string body = exporter.get().body;
    CHECK((body.empty() || body.starts_with("# HELP g") || body.starts_with("# HELP target_info")));
  }
  for (std::thread& thread : threads) thread.join();
  const std::string body = exporter.get().body;
  CHECK(std::count(body.begin(), body.end(), '\n') == 2 + kThreads * kSeries + 2 + kThreads);
}

TEST_CASE("prometheus exporter: headers for every answer, pages of other origins", "[exporter][prometheus]") {
  Running exporter(Tree::map({{"endpoint", "127.0.0.1:0"},
                              {"response_headers", Tree::map({{"X-Own", Tree::secret("yes")}})},
                              {"cors", Tree::map({{"allowed_origins", Tree::list({"https://a.example"})}})}}));
  const RawResponse response = exporter.get("Origin: https://a.example\r\n");
  CHECK(response.field("X-Own") == "yes");
  CHECK(response.field("Access-Control-Allow-Origin") == "https://a.example");
}

TEST_CASE("prometheus exporter: port in use, start fails with the reason", "[exporter][prometheus]") {
  Running first;
  FakeHost host;
  const std::string endpoint = "127.0.0.1:" + std::to_string(first.port);
  Subject second(host, kEntry, "prometheus", Tree::map({{"endpoint", endpoint}}));
  CHECK(second.start() != SLUICE_DONE);
  CHECK(host.last_error() == "listen on " + endpoint + ": address already in use");
}

TEST_CASE("prometheus exporter: keeps the rules of the border", "[exporter][prometheus]") {
  sluice::testing::ConformanceOptions options;
  options.settings = Tree::map({{"endpoint", "127.0.0.1:0"}});
  CHECK(sluice::testing::conformance_problems(kEntry, "prometheus", options) == std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::exporters::testing
