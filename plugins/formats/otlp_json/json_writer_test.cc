// SPDX-License-Identifier: Apache-2.0
//
// The known samples of OTLP in both encodings, and what JSON has of its own.
#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "plugins/formats/otlp_json/json_text.h"
#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/wire/writer.h"

namespace sluice::formats {
namespace {

using wire::Message;
using wire::Signal;
using wire::Writer;

std::string unhex(std::string_view hex) {
  std::string out;
  REQUIRE(append_from_hex(out, hex));
  return out;
}

std::string json_of(Message type, std::string_view bytes) {
  std::string out;
  REQUIRE(message_to_json(type, wire::to_bytes(bytes), out));
  return out;
}

TEST_CASE("otlp json: a span in both encodings", "[otlp_json]") {
  const std::string proto = unhex(
      "0a740a180a160a0c736572766963652e6e616d6512060a0464656d6f12580a050a036c6962124f0a100102030405060708090a0b0c0d0e0f"
      "10120811121314151617182a05474554202f30023900002a36fe9c97174180b21045fe9c97174a120a0b687474702e737461747573120318"
      "c8017a021801");
  const std::string json =
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"demo"}}]},)"
      R"("scopeSpans":[{"scope":{"name":"lib"},"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10",)"
      R"("spanId":"1112131415161718","name":"GET /","kind":2,"startTimeUnixNano":"1700000000000000000",)"
      R"("endTimeUnixNano":"1700000000250000000","attributes":[{"key":"http.status","value":{"intValue":"200"}}],)"
      R"("status":{"code":1}}]}]}]})";
  std::string out;
  REQUIRE(otlp_to_json(Signal::traces, wire::to_bytes(proto), out));
  CHECK(out == json);
  std::string back;
  std::string error;
  REQUIRE(json_to_otlp(Signal::traces, json, back, error));
  CHECK(back == proto);
}

TEST_CASE("otlp json: a sum and a log record from their bytes", "[otlp_json]") {
  std::string out;
  REQUIRE(otlp_to_json(Signal::metrics,
                       wire::to_bytes(unhex("0a3e0a180a160a0c736572766963652e6e616d6512060a0464656d6f122212200a04686974"
                                            "733a180a121900002a36fe9c971731070000000000000010021801")),
                       out));
  CHECK(out ==
        R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"demo"}}]},)"
        R"("scopeMetrics":[{"metrics":[{"name":"hits","sum":{"dataPoints":[{"timeUnixNano":"1700000000000000000",)"
        R"("asInt":"7"}],"aggregationTemporality":2,"isMonotonic":true}}]}]}]})");
  out.clear();
  REQUIRE(otlp_to_json(Signal::logs,
                       wire::to_bytes(unhex("0a380a180a160a0c736572766963652e6e616d6512060a0464656d6f121c121a0900002a36"
                                            "fe9c971710091a04494e464f2a070a0568656c6c6f")),
                       out));
  CHECK(out == R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"demo"}}]},)"
               R"("scopeLogs":[{"logRecords":[{"timeUnixNano":"1700000000000000000","severityNumber":9,)"
               R"("severityText":"INFO","body":{"stringValue":"hello"}}]}]}]})");
}

TEST_CASE("otlp json: a Status with RetryInfo from its bytes", "[otlp_json]") {
  CHECK(json_of(Message::rpc_status,
                unhex("080e1204627573791a300a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e5265747279"
                      "496e666f12040a020802")) ==
        R"({"code":14,"message":"busy","details":[)"
        R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"}]})");
}

TEST_CASE("otlp json: zero values are left out, but not members of a oneof and empty messages", "[otlp_json]") {
  CHECK(json_of(Message::traces_data, "") == "{}");
  CHECK(json_of(Message::any_value, std::string("\x0a\x00", 2)) == R"({"stringValue":""})");
  CHECK(json_of(Message::any_value, std::string("\x18\x00", 2)) == R"({"intValue":"0"})");
  CHECK(json_of(Message::span, std::string("\x2a\x00\x30\x00\x7a\x00", 6)) == R"({"status":{}})");
  std::string point;
  Writer(point).float64(5, 0);
  CHECK(json_of(Message::histogram_data_point, point) == R"({"sum":0})");
  CHECK(json_of(Message::summary_data_point, point) == "{}");
}

TEST_CASE("otlp json: of the members of a oneof the last one counts", "[otlp_json]") {
  CHECK(json_of(Message::any_value, "\x0a\x01x\x10\x01") == R"({"boolValue":true})");
}

TEST_CASE("otlp json: runs of a repeated field become one array, packed or not", "[otlp_json]") {
  std::string point;
  Writer writer(point);
  writer.float64(7, 0.5);
  writer.fixed64(4, 3);
  writer.bytes(7, wire::to_bytes(std::string(8, '\0')));
  writer.float64(7, std::numeric_limits<double>::quiet_NaN());
  writer.float64(7, -std::numeric_limits<double>::infinity());
  writer.float64(7, std::numeric_limits<double>::infinity());
  writer.float64(7, 1e300);
  CHECK(json_of(Message::histogram_data_point, point) ==
        R"({"count":"3","explicitBounds":[0.5,0,"NaN","-Infinity","Infinity",1e+300]})");
  std::string buckets;
  Writer buckets_writer(buckets);
  buckets_writer.zigzag(1, -2);
  buckets_writer.bytes(2, wire::to_bytes("\x01\x80\x01"));
  CHECK(json_of(Message::exponential_histogram_buckets, buckets) == R"({"offset":-2,"bucketCounts":["1","128"]})");
}

TEST_CASE("otlp json: damaged bytes are refused and leave nothing behind", "[otlp_json]") {
  std::string out = "kept";
  CHECK_FALSE(otlp_to_json(Signal::traces, wire::to_bytes("\x0a\x05"), out));
  CHECK_FALSE(otlp_to_json(Signal::traces, wire::to_bytes("\x0a\x02\x0a\x05"), out));
  std::string deep = "\x18\x01";
  for (int i = 0; i < 200; ++i) {
    std::string array;
    Writer(array).bytes(1, wire::to_bytes(deep));
    deep.clear();
    Writer(deep).bytes(5, wire::to_bytes(array));
  }
  CHECK_FALSE(message_to_json(Message::any_value, wire::to_bytes(deep), out));
  CHECK(out == "kept");
}

}  // namespace
}  // namespace sluice::formats
