// SPDX-License-Identifier: Apache-2.0
// The `otlp` receiver over HTTP: real sockets in front, the fake host behind.
#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/net/compression.h"
#include "plugins/net/rpc_status.h"
#include "plugins/net/sockets_for_tests.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry receiver_otlp_sluice_plugin_entry_v0;

namespace sluice::otlp {
namespace {

using namespace std::chrono_literals;
using net::RawResponse;
using net::RawSocket;
using testing::FakeHost;
using testing::Reply;
using testing::Tree;

constexpr const char* kProto = "Content-Type: application/x-protobuf\r\n";
constexpr const char* kJson = "Content-Type: application/json\r\n";

constexpr const char* kAnyPort = "127.0.0.1:0";

Tree http_settings(Tree::Pairs http) {
  return Tree::map({{"protocols", Tree::map({{"http", Tree::map(http)}})}});
}

class Running {
 public:
  explicit Running(FakeHost& host, Tree settings = http_settings({{"endpoint", kAnyPort}}))
      : subject_(host, receiver_otlp_sluice_plugin_entry_v0, "otlp", std::move(settings)) {
    REQUIRE(subject_.start() == SLUICE_DONE);
    for (const auto& log : host.logs()) {
      if (log.text == "listening") port_ = static_cast<uint16_t>(std::stoi(log.field("port")));
    }
  }
  RawSocket connect() const { return RawSocket::to_port(port_); }
  testing::Subject& subject() { return subject_; }

 private:
  testing::Subject subject_;
  uint16_t port_ = 0;
};

std::string post(const std::string& path, const std::string& body, const std::string& lines = kProto) {
  return "POST " + path + " HTTP/1.1\r\nHost: h\r\n" + lines + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string sent_bytes(const FakeHost& host, size_t index) {
  std::string text;
  for (const sluice_segment& segment : host.sends().at(index).batch.segments()) {
    text.append(reinterpret_cast<const char*>(segment.data), segment.length_bytes);
  }
  return text;
}

net::RpcStatus status_in(const RawResponse& response) {
  const auto status = net::parse_rpc_status(response.body);
  REQUIRE(status);
  return *status;
}

}  // namespace

TEST_CASE("otlp/http: protobuf of each signal goes in unchanged, the answer is empty", "[otlp]") {
  FakeHost host;
  Running receiver(host);
  RawSocket client = receiver.connect();
  const std::pair<const char*, std::string> requests[] = {{"/v1/traces", testing::sample_traces()},
                                                          {"/v1/metrics", testing::sample_metrics()},
                                                          {"/v1/logs", testing::sample_logs()}};
  for (size_t i = 0; i < 3; ++i) {
    CAPTURE(requests[i].first);
    const RawResponse response = client.ask(post(requests[i].first, requests[i].second));
    CHECK(response.status == 200);
    CHECK(response.field("Content-Type") == "application/x-protobuf");
    CHECK(response.body.empty());
    REQUIRE(host.sends().size() == i + 1);
    CHECK(sent_bytes(host, i) == requests[i].second);
    CHECK(host.sends()[i].batch.signal() == static_cast<sluice_signal>(i));
    CHECK(view(host.sends()[i].context->peer_address).starts_with("127.0.0.1:"));
    CHECK(view(host.sends()[i].context->transport) == "http");
    CHECK(host.sends()[i].context->metadata_count == 0);
  }
}

TEST_CASE("otlp/http: JSON goes in as protobuf, the answer is JSON", "[otlp]") {
  FakeHost host;
  Running receiver(host);
  std::string json;
  REQUIRE(formats::otlp_to_json(wire::Signal::traces, wire::to_bytes(testing::sample_traces()), json));
  const RawResponse response =
      receiver.connect().ask(post("/v1/traces", json, "Content-Type: application/json; charset=utf-8\r\n"));
  CHECK(response.status == 200);
  CHECK(response.field("Content-Type") == "application/json");
  CHECK(response.body == R"({"partialSuccess":{}})");
  REQUIRE(host.sends().size() == 1);
  CHECK(sent_bytes(host, 0) == testing::sample_traces());
}

TEST_CASE("otlp/http: compressed bodies", "[otlp]") {
  FakeHost host;
  Running receiver(host);
  RawSocket client = receiver.connect();
  const std::string message = testing::message(SLUICE_LOGS, 1000);
  size_t sends = 0;
  for (const char* name : {"gzip", "zstd", "snappy", "deflate", "zlib", "lz4", "x-snappy-framed"}) {
    CAPTURE(name);
    net::ByteBuffer packed;
    REQUIRE(net::compress(*net::codec_of(name), 0, message, packed) == net::CodecStatus::ok);
    const std::string lines = std::string(kProto) + "Content-Encoding: " + name + "\r\n";
    CHECK(client.ask(post("/v1/logs", std::string(packed.view()), lines)).status == 200);
    REQUIRE(host.sends().size() == ++sends);
    CHECK(sent_bytes(host, sends - 1) == message);
    CHECK(host.sends()[sends - 1].batch.item_count() == 1000);
  }
}

TEST_CASE("otlp/http: empty requests are fine and go nowhere", "[otlp]") {
  FakeHost host;
  Running receiver(host);
  RawSocket client = receiver.connect();
  CHECK(client.ask(post("/v1/traces", "")).status == 200);
  CHECK(client.ask(post("/v1/traces", "{}", kJson)).status == 200);
  CHECK(client.ask(post("/v1/traces", R"({"resourceSpans":[]})", kJson)).body == R"({"partialSuccess":{}})");
  CHECK(host.sends().empty());
}

TEST_CASE("otlp/http: wrong path, method, media type", "[otlp]") {
  FakeHost::Options options;
  options.outputs = {SLUICE_TRACES};
  FakeHost host(options);
  Running receiver(host);
  RawSocket client = receiver.connect();
  CHECK(client.ask(post("/v1/other", "")).status == 404);
  CHECK(client.ask(post("/v1/logs", "")).status == 404);  // no pipeline takes them
  RawResponse response = client.ask("GET /v1/traces HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(response.status == 405);
  CHECK(response.body == "405 method not allowed, supported: [POST]");
  CHECK(response.field("Content-Type") == "text/plain");
  response = client.ask(post("/v1/traces", "x", "Content-Type: text/html\r\n"));
  CHECK(response.status == 415);
  CHECK(response.body == "415 unsupported media type, supported: [application/json, application/x-protobuf]");
  CHECK(client.ask(post("/v1/traces", "x", "")).status == 415);
}

TEST_CASE("otlp/http: a bad body is 400 with a Status in the request's encoding", "[otlp]") {
  FakeHost host;
  Running receiver(host);
  RawSocket client = receiver.connect();
  std::string cut = testing::sample_traces();
  cut.resize(cut.size() - 3);
  RawResponse response = client.ask(post("/v1/traces", cut));
  CHECK(response.status == 400);
  CHECK(response.field("Content-Type") == "application/x-protobuf");
  CHECK(status_in(response).code == 3);
  CHECK(status_in(response).message.starts_with("malformed request: not a valid OTLP TracesData message: "));

  response = client.ask(post("/v1/traces", R"({"resourceSpans":[)", kJson));
  CHECK(response.status == 400);
  CHECK(response.field("Content-Type") == "application/json");
  CHECK(response.body.starts_with(R"({"code":3,"message":")"));

  response = client.ask(post("/v1/traces", "no gzip", std::string(kProto) + "Content-Encoding: gzip\r\n"));
  CHECK(response.status == 400);
  CHECK(status_in(response).message == "compressed request body is damaged or cut off");
  response = client.ask(post("/v1/traces", "x", std::string(kJson) + "Content-Encoding: br\r\n"));
  CHECK(response.status == 400);
  CHECK(response.body == R"({"code":3,"message":"unsupported Content-Encoding: br"})");
  CHECK(host.sends().empty());
  CHECK(client.ask(post("/v1/traces", testing::sample_traces())).status == 200);
}

TEST_CASE("otlp/http: too large is 413, not to be sent again", "[otlp]") {
  FakeHost host;
  Running receiver(host, http_settings({{"endpoint", kAnyPort}, {"max_request_body_size", Tree::bytes(1000)}}));
  RawResponse response = receiver.connect().ask(post("/v1/logs", std::string(1001, 'x')));
  CHECK(response.status == 413);
  CHECK(status_in(response).code == 8);
  CHECK_FALSE(status_in(response).retry_after);
  net::ByteBuffer bomb;
  REQUIRE(net::compress(net::Codec::gzip, 0, std::string(100'000, '\0'), bomb) == net::CodecStatus::ok);
  const std::string lines = std::string(kProto) + "Content-Encoding: gzip\r\n";
  CHECK(receiver.connect().ask(post("/v1/logs", std::string(bomb.view()), lines)).status == 413);
}

TEST_CASE("otlp/http: over the budget is 503 with Retry-After, before the body", "[otlp]") {
  FakeHost::Options options;
  options.outputs = {SLUICE_TRACES};
  options.budget_bytes = 100;
  FakeHost host(options);
  Running receiver(host);
  RawSocket client = receiver.connect();
  client.send(std::string("POST /v1/traces HTTP/1.1\r\nHost: h\r\n") + kProto + "Content-Length: 10000\r\n\r\n");
  const RawResponse response = client.message();
  CHECK(response.status == 503);
  CHECK(std::stoi(response.field("Retry-After")) >= 1);
  CHECK(status_in(response).code == 14);
  CHECK(status_in(response).retry_after);
  CHECK(host.used_bytes() == 0);
}

TEST_CASE("otlp/http: what the pipeline says becomes a status", "[otlp]") {
  struct Case {
    Result result;
    int status;
    int32_t code;
    std::string retry_after;
  };
  const Case cases[] = {
      {Result::retryable(Code::unavailable, "queue full", 1500ms), 503, 14, "2"},
      {Result::retryable(Code::resource_exhausted, "quota", 7s), 429, 8, "7"},
      {Result::permanent(Code::invalid_argument, "bad"), 400, 3, ""},
      {Result::permanent(Code::unauthenticated, "who"), 401, 16, ""},
      {Result::permanent(Code::permission_denied, "no"), 403, 7, ""},
      {Result::permanent(Code::unimplemented, "what"), 404, 12, ""},
      {Result::permanent(Code::ok, "broken"), 500, 13, ""},
      {Result::too_large("too much"), 413, 8, ""},
  };
  for (const bool late : {false, true}) {
    for (const Case& c : cases) {
      CAPTURE(late, c.status, c.result.text());
      FakeHost host;
      host.on_send([&](const auto&) { return late ? Reply::pending() : Reply::answer(c.result); });
      Running receiver(host);
      RawSocket client = receiver.connect();
      client.send(post("/v1/traces", testing::sample_traces()));
      if (late) {
        REQUIRE(net::eventually([&] { return host.sends().size() == 1; }));
        host.answer(0, c.result);
      }
      const RawResponse response = client.message();
      CHECK(response.status == c.status);
      CHECK(status_in(response).code == c.code);
      CHECK(status_in(response).message == c.result.text());
      CHECK(response.field("Retry-After") == c.retry_after);
    }
  }
}

TEST_CASE("otlp/http: partial success in both encodings", "[otlp]") {
  FakeHost host;
  host.on_send([](const auto&) { return Reply{SLUICE_PENDING, {}, Result::partial(2, "2 are too old")}; });
  Running receiver(host);
  RawSocket client = receiver.connect();
  RawResponse response = client.ask(post("/v1/logs", testing::message(SLUICE_LOGS, 5)));
  CHECK(response.status == 200);
  const auto partial = net::parse_partial_success(response.body);
  REQUIRE(partial);
  CHECK(partial->rejected == 2);
  CHECK(partial->text == "2 are too old");
  std::string json;
  REQUIRE(formats::otlp_to_json(wire::Signal::logs, wire::to_bytes(testing::message(SLUICE_LOGS, 5)), json));
  response = client.ask(post("/v1/logs", json, kJson));
  CHECK(response.body == R"({"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"2 are too old"}})");
}

TEST_CASE("otlp/http: own paths, headers as metadata", "[otlp]") {
  FakeHost host;
  Running receiver(host,
                   http_settings({{"endpoint", kAnyPort}, {"traces_url_path", "in"}, {"include_metadata", true}}));
  RawSocket client = receiver.connect();
  CHECK(client.ask(post("/v1/traces", testing::sample_traces())).status == 404);
  CHECK(client.ask(post("/in", testing::sample_traces(), std::string(kProto) + "X-Tenant: one\r\nX-Tenant: two\r\n"))
            .status == 200);
  const auto sends = host.sends();
  REQUIRE(sends.size() == 1);
  const auto tenants = values(metadata(*sends[0].context), "x-tenant");
  REQUIRE(tenants.size() == 2);
  CHECK(tenants[1] == "two");
  CHECK(values(metadata(*sends[0].context), "host").size() == 1);
}

TEST_CASE("otlp/http: response_headers stand in every answer", "[otlp]") {
  FakeHost host;
  Running receiver(host, http_settings({{"endpoint", kAnyPort},
                                        {"response_headers", Tree::map({{"X-Served-By", Tree::secret("me")}})}}));
  RawSocket client = receiver.connect();
  CHECK(client.ask(post("/v1/traces", "")).field("X-Served-By") == "me");
  CHECK(client.ask(post("/nowhere", "")).field("X-Served-By") == "me");
}

TEST_CASE("otlp/http: stopping refuses what comes, answers what waits, and gives all memory back", "[otlp]") {
  FakeHost host;
  host.on_send([](const auto&) { return Reply::pending(); });
  Running receiver(host);
  RawSocket waiting = receiver.connect(), half = receiver.connect();
  waiting.send(post("/v1/traces", testing::sample_traces()));
  half.send(post("/v1/traces", testing::sample_traces()).substr(0, 150));
  REQUIRE(net::eventually([&] { return host.sends().size() == 1; }));
  receiver.subject().drain();
  half.send(post("/v1/traces", testing::sample_traces()).substr(150));
  const RawResponse refused = half.message();
  CHECK(refused.status == 503);
  CHECK(refused.field("Connection") == "close");
  host.answer(0, Result::done());
  CHECK(waiting.message().status == 200);
  half.close();
  waiting.close();
  host.clear_sends();
  receiver.subject().destroy();
  CHECK(host.used_bytes() == 0);
  CHECK(host.live_batches() == 0);
  CHECK(host.live_contexts() == 0);
  CHECK(host.violations().empty());
}

TEST_CASE("otlp/http: a port that is taken fails the start, with the address", "[otlp]") {
  net::RawServer other([](auto&, int) {});
  FakeHost host;
  const std::string endpoint = "127.0.0.1:" + std::to_string(other.port());
  testing::Subject second(host, receiver_otlp_sluice_plugin_entry_v0, "otlp", http_settings({{"endpoint", endpoint}}));
  CHECK(second.start() != SLUICE_DONE);
  CHECK(host.last_error() == "listen on " + endpoint + ": address already in use");
}

}  // namespace sluice::otlp
