// SPDX-License-Identifier: Apache-2.0
// The `loki` exporter: the fake host in front, real sockets behind.
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/formats/loki/testing.h"
#include "plugins/net/compression.h"
#include "plugins/net/sockets_for_tests.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry exporter_loki_sluice_plugin_entry_v0;

namespace sluice::exporters {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using formats::loki::testing::attribute;
using formats::loki::testing::entries_of;
using formats::loki::testing::logs;
using namespace std::chrono_literals;
using net::eventually;
using net::RawResponse;
using net::RawServer;
using net::RawSocket;
using testing::FakeHost;
using testing::Tree;
using Lines = std::vector<std::string>;

std::string http(int status, const std::string& body = "", const std::string& lines = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + lines + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

// Answers each request by its tenant, and keeps what it got.
class Backend {
 public:
  using Respond = std::function<std::string(const RawResponse&)>;
  explicit Backend(Respond respond = [](const RawResponse&) { return http(204); })
      : server_([this, respond](RawSocket& client, int) {
          for (RawResponse request = client.message(); !request.head.empty(); request = client.message()) {
            const std::string response = respond(request);
            {
              std::lock_guard lock(mutex_);
              requests_.push_back(std::move(request));
            }
            client.send(response);
          }
        }) {}
  explicit Backend(const std::string& response) : Backend([response](const RawResponse&) { return response; }) {}
  std::string url() const { return server_.url() + "/loki/api/v1/push"; }
  std::vector<RawResponse> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::vector<RawResponse> requests_;
  RawServer server_;
};

class Running {
 public:
  explicit Running(Tree settings) : subject_(host, exporter_loki_sluice_plugin_entry_v0, "loki", std::move(settings)) {
    REQUIRE(subject_.created());
    REQUIRE(subject_.start() == SLUICE_DONE);
  }
  Result send(const std::string& message, std::chrono::nanoseconds timeout = 20s) {
    return send(host.batch(SLUICE_LOGS, message), {}, timeout);
  }
  Result send(const BatchRef& batch, const ContextRef& context, std::chrono::nanoseconds timeout = 20s) {
    const auto call = subject_.consume(batch, context, host.now_mono_ns() + static_cast<uint64_t>(timeout.count()));
    REQUIRE(eventually([&] { return call->answer().has_value(); }));
    return call->completed ? *call->completed : Result(call->returned);
  }
  FakeHost host;

 private:
  testing::Subject subject_;
};

std::string unsnapped(std::string_view body) {
  net::ByteBuffer plain;
  REQUIRE(net::decompress(net::Codec::snappy, body, {1 << 20, nullptr}, plain) == net::CodecStatus::ok);
  return std::string(plain.view());
}

std::string of_tenant(const char* tenant) {
  return R"({"timeUnixNano":"1","body":{"stringValue":")" + std::string(tenant) + R"("},"attributes":[)" +
         attribute("loki.tenant", "team") + "," + attribute("team", tenant) + "]}";
}

}  // namespace

TEST_CASE("loki: a batch is one push of snappy protobuf", "[loki]") {
  Backend backend;
  Running exporter(Tree::map({{"endpoint", backend.url()}}));
  CHECK(exporter.send(testing::sample_logs()).plain());
  const auto requests = backend.requests();
  REQUIRE(requests.size() == 1);
  CHECK_THAT(requests[0].head, StartsWith("POST /loki/api/v1/push HTTP/1.1\r\n"));
  CHECK(requests[0].field("Content-Type") == "application/x-protobuf");
  CHECK(requests[0].field("Content-Encoding").empty());
  CHECK(requests[0].field("X-Scope-OrgID").empty());
  CHECK_THAT(requests[0].field("User-Agent"), StartsWith("Sluice/"));
  CHECK(entries_of(unsnapped(requests[0].body)) ==
        Lines{R"({exporter="OTLP", job="demo", level="INFO"} 1700000000.0 )"
              R"({"body":"hello","severity":"INFO","resources":{"service.name":"demo"}})"});
  CHECK(exporter.host.violations().empty());
}

TEST_CASE("loki: headers, default labels and gzip of the settings", "[loki]") {
  Backend backend;
  Running exporter(Tree::map({{"endpoint", backend.url()},
                              {"compression", "gzip"},
                              {"headers", Tree::map({{"X-Scope-OrgID", Tree::secret("acme")}})},
                              {"default_labels_enabled", Tree::map({{"exporter", false}, {"level", false}})}}));
  CHECK(exporter.send(testing::sample_logs()).ok());
  const RawResponse request = backend.requests().at(0);
  CHECK(request.field("X-Scope-OrgID") == "acme");
  CHECK(request.field("Content-Encoding") == "gzip");
  net::ByteBuffer plain;
  REQUIRE(net::decompress(net::Codec::gzip, request.body, {1 << 20, nullptr}, plain) == net::CodecStatus::ok);
  CHECK_THAT(entries_of(unsnapped(plain.view())).at(0), StartsWith(R"({job="demo"} )"));
}

TEST_CASE("loki: a record without a time has the time of its arrival, however often it is sent", "[loki]") {
  Backend backend;
  Running exporter(Tree::map({{"endpoint", backend.url()}}));
  sluice_context from{};
  from.struct_size = sizeof from;
  from.received_unix_ns = 1'600'000'000'000'000'009;
  const sluice_host* border = exporter.host.get();
  const ContextRef context = ContextRef::take(border, border->context_new(border, &from));
  const BatchRef batch = exporter.host.batch(SLUICE_LOGS, logs("", R"({"body":{"stringValue":"a"}})"));
  for (int i = 0; i < 2; ++i) CHECK(exporter.send(batch, context).ok());
  REQUIRE(backend.requests().size() == 2);
  CHECK(backend.requests()[0].body == backend.requests()[1].body);
  CHECK(entries_of(unsnapped(backend.requests()[0].body)) == Lines{R"({exporter="OTLP"} 1600000000.9 {"body":"a"})"});
}

TEST_CASE("loki: each tenant gets its own request, and its own fate", "[loki]") {
  Backend backend([](const RawResponse& request) {
    return request.field("X-Scope-OrgID") == "blue" ? http(429, "ingestion rate limit exceeded", "Retry-After: 3\r\n")
                                                    : http(204);
  });
  // One connection: the backend serves them one after the other.
  Running exporter(Tree::map({{"endpoint", backend.url()}, {"max_conns_per_host", 1}}));
  const Result result = exporter.send(logs("", of_tenant("red") + "," + of_tenant("blue") + "," + of_tenant("red")));
  REQUIRE(backend.requests().size() == 2);
  CHECK(result.ok());
  CHECK(result.retry_after() == 3s);
  REQUIRE(result.ranges().size() == 1);
  CHECK(result.ranges()[0].first == 1);
  CHECK(result.ranges()[0].count == 1);
  CHECK(result.ranges()[0].status == SLUICE_FAILED_RETRYABLE);
  CHECK(exporter.send(logs("", of_tenant("red") + "," + of_tenant("green"))).plain());
}

TEST_CASE("loki: what Loki refuses is said once, with its words", "[loki]") {
  Backend backend(http(400, "entry for stream '{job=\"demo\"}' has timestamp too old: 2020, oldest acceptable ..."));
  Running exporter(Tree::map({{"endpoint", backend.url()}}));
  const Result result = exporter.send(testing::sample_logs());
  CHECK(result.ok());
  CHECK(result.rejected_items() == 1);
  exporter.send(testing::sample_logs());
  size_t warned = 0;
  for (const auto& log : exporter.host.logs()) {
    if (log.text != "not all log records were taken by Loki") continue;
    ++warned;
    CHECK_THAT(log.field("message"), Contains("timestamp too old"));
    CHECK(log.field("dropped_log_records") == "1");
  }
  CHECK(warned == 1);
}

TEST_CASE("loki: without any label nothing is sent, and that is counted", "[loki]") {
  Backend backend;
  const Tree off = Tree::map({{"exporter", false}, {"job", false}, {"instance", false}, {"level", false}});
  Running exporter(Tree::map({{"endpoint", backend.url()}, {"default_labels_enabled", off}}));
  const Result result = exporter.send(testing::sample_logs());
  CHECK(result.ok());
  CHECK(result.rejected_items() == 1);
  CHECK(result.text() == "1 log records without labels");
  CHECK(backend.requests().empty());
  const auto counted = exporter.host.metric("otelcol_lokiexporter_send_failed_due_to_missing_labels");
  REQUIRE(counted);
  CHECK(counted->sum == 1);
}

TEST_CASE("loki: order is kept by sending one request at a time", "[loki]") {
  const auto in_flight = [](Tree settings) {
    FakeHost host;
    testing::Subject subject(host, exporter_loki_sluice_plugin_entry_v0, "loki", std::move(settings));
    REQUIRE(subject.init() == SLUICE_DONE);
    return host.limits().value_or(sluice_limits{}).max_in_flight;
  };
  CHECK(in_flight(Tree::map({{"endpoint", "http://127.0.0.1:1/"}})) == 1);
  CHECK(in_flight(Tree::map({{"endpoint", "http://127.0.0.1:1/"}, {"keep_order", false}})) == 0);
}

TEST_CASE("loki: stopping with requests open answers all of them", "[loki]") {
  RawServer server([](RawSocket& client, int) { client.drain(); });
  FakeHost host;
  testing::Subject subject(host, exporter_loki_sluice_plugin_entry_v0, "loki",
                           Tree::map({{"endpoint", server.url()}, {"keep_order", false}}));
  REQUIRE(subject.start() == SLUICE_DONE);
  std::vector<std::shared_ptr<const testing::CallRecord>> calls;
  for (int i = 0; i < 3; ++i)
    calls.push_back(subject.consume(SLUICE_LOGS, logs("", of_tenant("a") + "," + of_tenant("b"))));
  subject.stop();
  for (const auto& call : calls) CHECK(call->answer().has_value());
}

TEST_CASE("loki: a call that comes too late is not sent", "[loki]") {
  Backend backend;
  Running exporter(Tree::map({{"endpoint", backend.url()}}));
  CHECK(exporter.send(testing::sample_logs(), 0s).code() == Code::deadline_exceeded);
  CHECK(backend.requests().empty());
}

}  // namespace sluice::exporters
