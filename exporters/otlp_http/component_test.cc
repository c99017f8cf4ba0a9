// SPDX-License-Identifier: Apache-2.0
// The `otlp_http` exporter: the fake host in front, real sockets behind.
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/net/compression.h"
#include "plugins/net/rpc_status.h"
#include "plugins/net/sockets_for_tests.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry exporter_otlp_http_sluice_plugin_entry_v0;

namespace sluice::exporters {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace std::chrono_literals;
using net::eventually;
using net::RawResponse;
using net::RawServer;
using net::RawSocket;
using testing::FakeHost;
using testing::Tree;

// Gives every request the same answer and keeps what it got.
class Backend {
 public:
  explicit Backend(std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      : server_([this, response](RawSocket& client, int) {
          for (RawResponse request = client.message(); !request.head.empty(); request = client.message()) {
            {
              std::lock_guard lock(mutex_);
              requests_.push_back(std::move(request));
            }
            client.send(response);
          }
        }) {}
  std::string url() const { return server_.url(); }
  std::vector<RawResponse> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::vector<RawResponse> requests_;
  RawServer server_;
};

std::string http(int status, const std::string& body, const std::string& lines = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + lines + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

class Running {
 public:
  explicit Running(Tree settings)
      : subject_(host, exporter_otlp_http_sluice_plugin_entry_v0, "otlp_http", std::move(settings)) {
    REQUIRE(subject_.created());
    REQUIRE(subject_.start() == SLUICE_DONE);
  }
  Result send(sluice_signal signal, std::string_view message, std::chrono::nanoseconds timeout = 20s) {
    return send(host.batch(signal, message), timeout);
  }
  Result send(const BatchRef& batch, std::chrono::nanoseconds timeout = 20s) {
    const auto call = subject_.consume(batch, {}, host.now_mono_ns() + static_cast<uint64_t>(timeout.count()));
    REQUIRE(eventually([&] { return call->answer().has_value(); }));
    return call->completed ? *call->completed : Result(call->returned);
  }
  FakeHost host;

 private:
  testing::Subject subject_;
};

std::string unpacked(const std::string& codec, const std::string& body) {
  net::ByteBuffer plain;
  REQUIRE(net::decompress(*net::codec_of(codec), body, {1 << 20, nullptr}, plain) == net::CodecStatus::ok);
  return std::string(plain.view());
}

}  // namespace

TEST_CASE("otlp_http: each signal goes to its path, as protobuf in gzip", "[otlp_http]") {
  Backend backend;
  Running exporter(Tree::map({{"endpoint", backend.url() + "/base/"}, {"compression", "gzip"}}));
  CHECK(exporter.send(SLUICE_TRACES, testing::sample_traces()).ok());
  CHECK(exporter.send(SLUICE_METRICS, testing::sample_metrics()).ok());
  CHECK(exporter.send(SLUICE_LOGS, testing::sample_logs()).ok());
  const auto requests = backend.requests();
  REQUIRE(requests.size() == 3);
  const std::string bodies[] = {testing::sample_traces(), testing::sample_metrics(), testing::sample_logs()};
  const char* const paths[] = {"traces", "metrics", "logs"};
  for (size_t i = 0; i < 3; ++i) {
    CHECK_THAT(requests[i].head, StartsWith(std::string("POST /base/v1/") + paths[i] + " HTTP/1.1\r\n"));
    CHECK(requests[i].field("Content-Type") == "application/x-protobuf");
    CHECK(requests[i].field("Content-Encoding") == "gzip");
    CHECK_THAT(requests[i].field("User-Agent"), StartsWith("Sluice/"));
    CHECK(unpacked("gzip", requests[i].body) == bodies[i]);
  }
  CHECK(exporter.host.violations().empty());
}

TEST_CASE("otlp_http: every compression of the settings", "[otlp_http]") {
  Backend backend;
  size_t sent = 0;
  for (const char* name : {"zstd", "snappy", "x-snappy-framed", "zlib", "deflate", "lz4", "none"}) {
    CAPTURE(name);
    Running exporter(Tree::map({{"endpoint", backend.url()}, {"compression", name}}));
    CHECK(exporter.send(SLUICE_LOGS, testing::sample_logs()).ok());
    const RawResponse request = backend.requests().at(sent++);
    const std::string encoding = request.field("Content-Encoding");
    CHECK(encoding == (std::string(name) == "none" ? "" : name));
    CHECK((encoding.empty() ? request.body : unpacked(encoding, request.body)) == testing::sample_logs());
  }
}

TEST_CASE("otlp_http: several segments are one message, in JSON too", "[otlp_http]") {
  Backend backend;
  const std::string one = testing::message(SLUICE_LOGS, 2, "a"), two = testing::message(SLUICE_LOGS, 3, "b");
  SECTION("proto") {
    Running exporter(Tree::map({{"endpoint", backend.url()}, {"compression", "none"}}));
    CHECK(exporter.send(exporter.host.batch(SLUICE_LOGS, std::vector{one, two})).ok());
    CHECK(backend.requests().at(0).body == one + two);
  }
  SECTION("json") {
    Running exporter(Tree::map({{"endpoint", backend.url()}, {"compression", "none"}, {"encoding", "json"}}));
    CHECK(exporter.send(exporter.host.batch(SLUICE_LOGS, std::vector{one, two})).ok());
    const RawResponse request = backend.requests().at(0);
    CHECK(request.field("Content-Type") == "application/json");
    std::string back, error;
    REQUIRE(formats::json_to_otlp(wire::Signal::logs, request.body, back, error));
    CHECK(back == one + two);
  }
}

TEST_CASE("otlp_http: headers of the settings, own address for a signal", "[otlp_http]") {
  Backend backend, other;
  Running exporter(Tree::map({{"endpoint", backend.url()},
                              {"logs_endpoint", other.url() + "/otlp/push?x=1"},
                              {"headers", Tree::map({{"X-Scope-OrgID", Tree::secret("tenant")},
                                                     {"Host", Tree::secret("loki.example.com")},
                                                     {"X-Empty", Tree::secret("")}})}}));
  CHECK(exporter.send(SLUICE_LOGS, testing::sample_logs()).ok());
  CHECK(exporter.send(SLUICE_TRACES, testing::sample_traces()).ok());
  const RawResponse request = other.requests().at(0);
  CHECK_THAT(request.head, StartsWith("POST /otlp/push?x=1 HTTP/1.1\r\n") && Contains("\r\nX-Empty:"));
  CHECK(request.field("X-Scope-OrgID") == "tenant");
  CHECK(request.field("Host") == "loki.example.com");
  CHECK(backend.requests().size() == 1);
}

TEST_CASE("otlp_http: failures of the server, with their hints", "[otlp_http]") {
  struct Case {
    std::string response;
    sluice_status status;
    std::chrono::nanoseconds retry_after;
  };
  const Case cases[] = {
      {http(400, "bad"), SLUICE_FAILED_PERMANENT, 0s},
      {http(413, ""), SLUICE_TOO_LARGE, 0s},
      {http(429, "", "Retry-After: 17\r\n"), SLUICE_FAILED_RETRYABLE, 17s},
      {http(500, ""), SLUICE_FAILED_PERMANENT, 0s},
      {http(503, "", "Retry-After: rubbish\r\n"), SLUICE_FAILED_RETRYABLE, 0s},
  };
  for (const Case& c : cases) {
    CAPTURE(c.response);
    Backend backend(c.response);
    Running exporter(Tree::map({{"endpoint", backend.url()}}));
    const Result result = exporter.send(SLUICE_TRACES, testing::sample_traces());
    CHECK(result.status() == c.status);
    CHECK(result.retry_after() == c.retry_after);
    CHECK_THAT(result.text(), StartsWith("error exporting items, request to " + backend.url()));
  }
}

TEST_CASE("otlp_http: partial success is done, with a warning", "[otlp_http]") {
  Backend backend(http(200, net::encode_partial_success({1, "too old"}), "Content-Type: application/x-protobuf\r\n"));
  Running exporter(Tree::map({{"endpoint", backend.url()}}));
  const Result result = exporter.send(SLUICE_TRACES, testing::sample_traces());
  CHECK(result.ok());
  CHECK(result.rejected_items() == 1);
  bool warned = false;
  for (const auto& log : exporter.host.logs()) {
    warned = warned || (log.text == "Partial success response" && log.field("message") == "too old" &&
                        log.field("dropped_spans") == "1");
  }
  CHECK(warned);
}

TEST_CASE("otlp_http: refused connections, resets, silence", "[otlp_http]") {
  SECTION("refused") {
    uint16_t port;
    {
      port = RawServer([](auto&, int) {}).port();
    }
    Running exporter(Tree::map({{"endpoint", "http://127.0.0.1:" + std::to_string(port)}}));
    const Result result = exporter.send(SLUICE_TRACES, testing::sample_traces());
    CHECK(result.status() == SLUICE_FAILED_RETRYABLE);
    CHECK(result.code() == Code::unavailable);
    CHECK(result.flags() == 0);
    CHECK_THAT(result.text(), StartsWith("failed to make an HTTP request: "));
  }
  SECTION("reset") {
    RawServer server([](RawSocket& client, int) {
      client.message();
      client.reset();
    });
    Running exporter(Tree::map({{"endpoint", server.url()}}));
    const Result result = exporter.send(SLUICE_TRACES, testing::sample_traces());
    CHECK(result.status() == SLUICE_FAILED_RETRYABLE);
    CHECK(result.flags() == SLUICE_RESULT_UNKNOWN);
  }
  SECTION("silence") {
    RawServer server([](RawSocket& client, int) { client.drain(); });
    Running exporter(Tree::map({{"endpoint", server.url()}}));
    const Result result = exporter.send(SLUICE_TRACES, testing::sample_traces(), 50ms);
    CHECK(result.status() == SLUICE_FAILED_RETRYABLE);
    CHECK(result.code() == Code::deadline_exceeded);
    CHECK(result.flags() == SLUICE_RESULT_UNKNOWN);
  }
  SECTION("no time left") {
    Running exporter(Tree::map({{"endpoint", "http://127.0.0.1:1"}}));
    const Result result = exporter.send(SLUICE_TRACES, testing::sample_traces(), -1s);
    CHECK(result.status() == SLUICE_FAILED_RETRYABLE);
    CHECK(result.flags() == 0);
  }
}

TEST_CASE("otlp_http: settings that cannot work are said", "[otlp_http]") {
  FakeHost host;
  SECTION("no address at all") {
    testing::Subject subject(host, exporter_otlp_http_sluice_plugin_entry_v0, "otlp_http");
    CHECK_FALSE(subject.created());
    REQUIRE(host.problems().size() == 1);
    CHECK(host.problems()[0].text == "at least one endpoint must be specified");
  }
  SECTION("none for a signal that comes") {
    testing::Subject subject(host, exporter_otlp_http_sluice_plugin_entry_v0, "otlp_http",
                             Tree::map({{"traces_endpoint", "http://127.0.0.1:1/"}}));
    CHECK(subject.init() != SLUICE_DONE);
    CHECK(host.last_error() == "either endpoint or metrics_endpoint must be specified");
  }
  SECTION("a CA that is not there") {
    testing::Subject subject(
        host, exporter_otlp_http_sluice_plugin_entry_v0, "otlp_http",
        Tree::map({{"endpoint", "https://127.0.0.1:1/"}, {"tls", Tree::map({{"ca_file", "/nonexistent"}})}}));
    CHECK(subject.init() != SLUICE_DONE);
    CHECK(host.last_error() == "failed to load TLS config: cannot read /nonexistent: No such file or directory");
  }
  SECTION("a header that is none") {
    testing::Subject subject(
        host, exporter_otlp_http_sluice_plugin_entry_v0, "otlp_http",
        Tree::map({{"endpoint", "http://127.0.0.1:1/"}, {"headers", Tree::map({{"A", Tree::secret("b\r\nC: d")}})}}));
    CHECK_FALSE(subject.created());
    CHECK(host.problems().at(0).text == "the value of header \"A\" has control characters");
  }
}

}  // namespace sluice::exporters
