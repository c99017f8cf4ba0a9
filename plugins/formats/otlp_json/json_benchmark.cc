// SPDX-License-Identifier: Apache-2.0
//
// Hidden cases: run `formats_otlp_json_test "[!benchmark]"` of a release build. The message is a thousand spans of 1.1
// kB of JSON with 12 attributes, an event on every second one; times are for the thousand.
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "plugins/formats/otlp_json/json_text.h"
#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/wire/check.h"

namespace sluice::formats {
namespace {

using wire::Signal;

std::string attribute(std::string_view key, std::string_view type, std::string_view value) {
  std::string json = R"({"key":")";
  return json.append(key).append(R"(","value":{")").append(type).append(R"(":")").append(value).append(R"("}})");
}

class SpanMaker {
 public:
  std::string next() {
    const uint64_t start = 1'767'225'600'000'000'000 + random_() % 1'000'000'000;
    std::string json = R"({"traceId":")" + hex(16) + R"(","spanId":")" + hex(8) + R"(","parentSpanId":")" + hex(8);
    json += R"(","name":"GET /api/v1/orders/{id}","kind":2,"startTimeUnixNano":")" + std::to_string(start);
    json += R"(","endTimeUnixNano":")" + std::to_string(start + random_() % 100'000'000) + R"(","attributes":[)";
    json += attribute("http.request.method", "stringValue", "GET") + ",";
    json += attribute("url.path", "stringValue", "/api/v1/orders/" + hex(6)) + ",";
    json += attribute("url.scheme", "stringValue", "https") + ",";
    json += attribute("server.address", "stringValue", "orders.svc.cluster.local") + ",";
    json += attribute("client.address", "stringValue", hex(5)) + ",";
    json += attribute("user_agent.original", "stringValue", "client/1.0 " + hex(12)) + ",";
    json += attribute("http.route", "stringValue", "/api/v1/orders/{id}") + ",";
    json += attribute("enduser.id", "stringValue", hex(16)) + ",";
    json += attribute("http.response.status_code", "intValue", "200") + ",";
    json += attribute("http.response.body.size", "intValue", std::to_string(10'000 + random_() % 90'000)) + ",";
    json += attribute("thread.id", "intValue", std::to_string(random_() % 100)) + ",";
    json += attribute("network.protocol.version", "stringValue", "1.1") + "]";
    if (++made_ % 2 == 0) {
      json += R"(,"events":[{"timeUnixNano":")" + std::to_string(start + 1000) + R"(","name":"cache.miss",)";
      json += R"("attributes":[)" + attribute("cache.key", "stringValue", hex(8)) + "]}]";
    }
    return json + R"(,"status":{"code":1}})";
  }

 private:
  std::string hex(size_t bytes) {
    std::string raw;
    for (size_t i = 0; i < bytes; ++i) raw.push_back(static_cast<char>(random_()));
    std::string digits;
    append_hex(digits, wire::to_bytes(raw));
    return digits;
  }

  std::mt19937_64 random_{1};
  int made_ = 0;
};

TEST_CASE("otlp json: a thousand spans", "[!benchmark]") {
  std::string json = R"({"resourceSpans":[{"scopeSpans":[{"spans":[)";
  SpanMaker spans;
  for (int i = 0; i < 1000; ++i) json += (i == 0 ? "" : ",") + spans.next();
  json += "]}]}]}";
  WARN("bytes in a span: " << json.size() / 1000);
  std::string message;
  std::string error;
  REQUIRE(json_to_otlp(Signal::traces, json, message, error));
  REQUIRE(wire::check(Signal::traces, wire::to_bytes(message)).items == 1000);
  std::string written;
  REQUIRE(otlp_to_json(Signal::traces, wire::to_bytes(message), written));
  REQUIRE(written == json);

  BENCHMARK("read") {
    std::string out;
    return json_to_otlp(Signal::traces, json, out, error);
  };
  BENCHMARK("write") {
    written.clear();
    return otlp_to_json(Signal::traces, wire::to_bytes(message), written);
  };
}

}  // namespace
}  // namespace sluice::formats
