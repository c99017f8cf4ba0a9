// SPDX-License-Identifier: Apache-2.0
// Which series requests and calls end in.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "plugins/net/http_client_metrics.h"
#include "plugins/net/http_server_metrics.h"
#include "plugins/net/rpc_metrics.h"
#include "plugins/testing/fake_host.h"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;

// What was recorded, by name and labels: "rpc.server.call.duration code=OK".
struct Recorded {
  std::vector<std::string> series;
  std::map<std::string, std::vector<double>> values;
};
Recorded* recorded = nullptr;  // of the test that runs: the C interface carries no state

uint32_t define(const sluice_host*, const sluice_metric* metric) {
  std::string series = metric->name;
  for (uint32_t i = 0; i < metric->label_count; ++i) {
    series += ' ' + std::string(view(metric->labels[i].key)) + '=' + std::string(view(metric->labels[i].value));
  }
  recorded->series.push_back(series);
  return static_cast<uint32_t>(recorded->series.size());
}
void add(const sluice_host*, uint32_t, int64_t) {}
void record(const sluice_host*, uint32_t id, double value) {
  recorded->values[recorded->series.at(id - 1)].push_back(value);
}

class RequestMetricsTest {
 protected:
  RequestMetricsTest() {
    recorded = &recorded_;
    host_.offer_interface(SLUICE_METRICS_ID, &kMetrics);
  }

  static constexpr sluice_metrics kMetrics = {sizeof(sluice_metrics), 0, &define, &add, &record};
  Recorded recorded_;
  testing::FakeHost host_;
};

TEST_CASE_METHOD(RequestMetricsTest, "http server metrics: by route and status, of requests that are served",
                 "[http]") {
  HttpServerSettings settings;
  settings.endpoint = "localhost:4318";
  HttpServerMetrics metrics(settings, "POST", {"/v1/traces", "/v1/logs"});
  HttpRequest request;
  request.method = "POST";
  request.path = "/v1/logs";
  metrics.record({request, 200, 1s, 1, 1});
  CHECK(recorded_.values.empty());  // not defined yet

  metrics.define(host_);
  metrics.record({request, 503, 1500ms, 600, 21});
  const std::string labels =
      " http.request.method=POST http.response.status_code=503 http.route=/v1/logs network.protocol.name=http "
      "network.protocol.version=1.1 server.address=localhost server.port=4318 url.scheme=http";
  CHECK(recorded_.values ==
        std::map<std::string, std::vector<double>>{{"http.server.request.duration" + labels, {1.5}},
                                                   {"http.server.request.body.size" + labels, {600}},
                                                   {"http.server.response.body.size" + labels, {21}}});
  recorded_.values.clear();
  metrics.record({request, 299, 1s, 1, 1});
  request.path = "/v1/else";
  metrics.record({request, 200, 1s, 1, 1});
  request.path = "/v1/logs";
  request.method = "BREW";
  metrics.record({request, 200, 1s, 1, 1});
  CHECK(recorded_.values.empty());
}

TEST_CASE_METHOD(RequestMetricsTest, "http server metrics: address of a unix socket, scheme of TLS", "[http]") {
  HttpServerSettings settings;
  settings.endpoint = "/run/otlp:1.sock";
  settings.transport = Transport::unix_socket;
  settings.tls.emplace();
  HttpServerMetrics metrics(settings, "POST", {"/v1/traces"});
  metrics.define(host_);
  REQUIRE_FALSE(recorded_.series.empty());
  CHECK(recorded_.series[0].ends_with(" server.address=/run/otlp:1.sock server.port= url.scheme=https"));
}

TEST_CASE_METHOD(RequestMetricsTest, "rpc metrics: by method and code", "[grpc]") {
  constexpr const char* kMethods[] = {"/demo.Service/One", "/demo.Service/Two"};
  RpcMetrics metrics;
  metrics.record(0, 0, 1s);
  metrics.define(host_, RpcSide::server, kMethods);
  metrics.record(1, 14, 250ms);
  metrics.record(0, 0, 5ms);
  metrics.record(0, 17, 1s);  // no code of gRPC
  metrics.record(2, 0, 1s);
  CHECK(recorded_.values ==
        std::map<std::string, std::vector<double>>{{"rpc.server.call.duration rpc.method=demo.Service/Two "
                                                    "rpc.response.status_code=UNAVAILABLE rpc.system.name=grpc",
                                                    {0.25}},
                                                   {"rpc.server.call.duration rpc.method=demo.Service/One "
                                                    "rpc.response.status_code=OK rpc.system.name=grpc",
                                                    {0.005}}});
}

TEST_CASE_METHOD(RequestMetricsTest, "rpc metrics: a client has a name of its own", "[grpc]") {
  constexpr const char* kMethods[] = {"/demo.Service/One"};
  RpcMetrics metrics;
  metrics.define(host_, RpcSide::client, kMethods);
  REQUIRE_FALSE(recorded_.series.empty());
  CHECK(recorded_.series[0] ==
        "rpc.client.call.duration rpc.method=demo.Service/One rpc.response.status_code=OK rpc.system.name=grpc");
}

TEST_CASE_METHOD(RequestMetricsTest, "http client metrics: by server, and by status or error", "[http]") {
  const std::vector<std::string> urls = {"https://user@tempo.example.com/otlp/v1/traces?x=a:b",
                                         "http://[::1]:4318/v1/logs"};
  HttpClientMetrics metrics;
  metrics.record(0, {.status = 200}, 1s, 1);
  metrics.define(host_, urls);
  metrics.record(0, {.status = 503}, 500ms, 100);
  metrics.record(1, {.status = 0, .timed_out = true}, 5s, 200);
  metrics.record(1, {.status = 0}, 1s, 300);
  metrics.record(1, {.status = 418}, 2s, 400);
  metrics.record(2, {.status = 200}, 1s, 1);
  const std::string tempo =
      " http.response.status_code=503 http.request.method=POST network.protocol.name=http "
      "server.address=tempo.example.com server.port=443 url.scheme=https";
  const std::string local =
      " http.request.method=POST network.protocol.name=http server.address=[::1] server.port=4318 url.scheme=http";
  CHECK(recorded_.values == std::map<std::string, std::vector<double>>{
                                {"http.client.request.duration" + tempo, {0.5}},
                                {"http.client.request.body.size" + tempo, {100}},
                                {"http.client.request.duration error.type=timeout" + local, {5}},
                                {"http.client.request.body.size error.type=timeout" + local, {200}},
                                {"http.client.request.duration error.type=_OTHER" + local, {1, 2}},
                                {"http.client.request.body.size error.type=_OTHER" + local, {300, 400}}});
}

}  // namespace
}  // namespace sluice::net
