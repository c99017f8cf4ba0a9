// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/loki/line.h"

#include <catch2/catch.hpp>

#include "plugins/formats/loki/push.h"
#include "plugins/formats/loki/testing.h"

namespace sluice::formats::loki {
namespace {

using namespace testing;

// The lines that records become which say their format in their resource.
std::string line(std::string_view format, std::string_view record, std::string_view more_of_resource = "") {
  std::string resource = attribute("loki.format", format);
  if (!more_of_resource.empty()) resource += "," + std::string(more_of_resource);
  PushBuilder builder({.level = false}, 1);
  const std::string message = logs(resource, record);
  builder.add(wire::to_bytes(message));
  auto pushes = builder.take_pushes();
  if (pushes.size() != 1) return "no line";
  const std::string entry = entries_of(pushes[0].take_message()).at(0);
  return entry.substr(entry.find("} 0.1 ") + 6);
}

std::string body(std::string_view text) {
  return R"({"body":{"stringValue":")" + std::string(text) + R"("}})";
}

constexpr const char* kFull = R"({
  "body": {"stringValue": "<b> & \"c\""}, "severityNumber": 13, "severityText": "Warning", "flags": 1,
  "traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "1112131415161718",
  "attributes": [{"key": "z", "value": {"intValue": "7"}}, {"key": "a", "value": {"boolValue": true}},
                 {"key": "m", "value": {"kvlistValue": {"values": [{"key": "y", "value": {"doubleValue": 0.5}},
                                                                  {"key": "x", "value": {"stringValue": "<"}}]}}},
                 {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "p q"}, {"intValue": "1"}]}}},
                 {"key": "nothing", "value": {}}]})";

}  // namespace

TEST_CASE("loki line: json has what there is, keys sorted, as the collector writes it", "[loki]") {
  CHECK(line("json", kFull, attribute("service.name", "demo")) ==
        "{\"body\":\"\\u003cb\\u003e \\u0026 \\\"c\\\"\",\"traceid\":\"0102030405060708090a0b0c0d0e0f10\","
        "\"spanid\":\"1112131415161718\",\"severity\":\"Warning\",\"flags\":1,"
        "\"attributes\":{\"a\":true,\"list\":[\"p q\",1],\"m\":{\"x\":\"\\u003c\",\"y\":0.5},\"nothing\":null,\"z\":7},"
        "\"resources\":{\"service.name\":\"demo\"}}");
  CHECK(line("json", body("hello")) == R"({"body":"hello"})");
  CHECK(line("json", "{}") == "{}");
  CHECK(line("json", body("")) == R"({"body":""})");
  CHECK(line("json", R"({"body":{"kvlistValue":{"values":[{"key":"b","value":{"intValue":"1"}},
                                                         {"key":"a","value":{"bytesValue":"AAE="}}]}}})") ==
        R"({"body":{"a":"AAE=","b":1}})");
  CHECK(line("json", R"({"traceId":"00000000000000000000000000000000","severityText":"x"})") == R"({"severity":"x"})");
}

TEST_CASE("loki line: json of a scope", "[loki]") {
  const std::string message = logs_of(R"({"resourceLogs":[{"scopeLogs":[
    {"scope":{"name":"lib","version":"1","attributes":[{"key":"k","value":{"stringValue":"<v>"}}]},
     "logRecords":[{"timeUnixNano":"1"},{"timeUnixNano":"2","attributes":[{"key":"loki.format","value":{"stringValue":"logfmt"}}]}]},
    {"scope":{"version":"2"},"logRecords":[{"timeUnixNano":"3"}]}]}]})");
  PushBuilder builder({}, 1);
  builder.add(wire::to_bytes(message));
  CHECK(
      entries_of(builder.take_pushes().at(0).take_message()) ==
      std::vector<std::string>{
          R"({exporter="OTLP"} 0.1 {"instrumentation_scope":{"name":"lib","version":"1","attributes":{"k":"\u003cv\u003e"}}})",
          R"({exporter="OTLP"} 0.2 instrumentation_scope_name=lib instrumentation_scope_version=1 instrumentation_scope_attribute_k=<v>)",
          R"({exporter="OTLP"} 0.3 {})"});
}

TEST_CASE("loki line: raw is the body alone", "[loki]") {
  CHECK(line("raw", kFull) == R"(<b> & "c")");
  CHECK(line("raw", R"({"body":{"intValue":"42"}})") == "42");
  CHECK(line("raw", R"({"body":{"kvlistValue":{"values":[{"key":"a","value":{"stringValue":"<"}}]}}})") ==
        R"({"a":"<"})");
  CHECK(line("raw", "{}") == "");
}

TEST_CASE("loki line: logfmt flattens what there is", "[loki]") {
  CHECK(line("logfmt", kFull, attribute("service.name", "my shop")) ==
        "msg=\"<b> & \\\"c\\\"\" traceID=0102030405060708090a0b0c0d0e0f10 spanID=1112131415161718 severity=Warning "
        "flags=1 attribute_a=true attribute_list_0=\"p q\" attribute_list_1=1 attribute_m_y=0.5 attribute_m_x=< "
        "attribute_z=7 resource_service.name=\"my shop\"");
  CHECK(line("logfmt", "{}") == "");
  CHECK(line("logfmt", R"({"body":{"intValue":"42"}})") == "msg=42");
  CHECK(line("logfmt", R"({"body":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"2"}]}}})") ==
        "body_0=a body_1=2");
  CHECK(line("logfmt",
             R"({"body":{"stringValue":"x=1"},"attributes":[{"key":"a=b c\"","value":{"stringValue":"null"}}]})") ==
        "x=1 attribute_abc=\"null\"");
}

TEST_CASE("loki line: a body in logfmt stays its pairs, a sentence is a message", "[loki]") {
  CHECK(line("logfmt", body(R"(level=info  msg=\"hello world\" n=1 flag)")) ==
        "level=info msg=\"hello world\" n=1 flag=");
  CHECK(line("logfmt", body(R"(a=\"plain\" b=)")) == "a=plain b=");
  CHECK(line("logfmt", body("hello world")) == "msg=\"hello world\"");
  CHECK(line("logfmt", body("hello")) == "msg=hello");
  CHECK(line("logfmt", body("")) == "msg=");
  CHECK(line("logfmt", body("=1")) == "msg=\"=1\"");
  CHECK(line("logfmt", body("a==1")) == "msg=\"a==1\"");
  CHECK(line("logfmt", body(R"(a=\"open)")) == R"(msg="a=\"open")");
  CHECK(line("logfmt", body(R"(a=\"bad \\q\")")) == R"(msg="a=\"bad \\q\"")");
  CHECK(line("logfmt", body(R"(a\"b=1)")) == R"(msg="a\"b=1")");
  CHECK(line("logfmt", body(R"(a=1\nb=2)")) == R"(msg="a=1\nb=2")");
}

TEST_CASE("loki line: fields of the record take the place of the body's pairs of the same key", "[loki]") {
  CHECK(line("logfmt", R"({"body":{"stringValue":"severity=low a=1 severity=no"},"severityText":"HIGH","flags":2})") ==
        "severity=HIGH a=1 flags=2");
  CHECK(line("logfmt", R"({"body":{"kvlistValue":{"values":[{"key":"spanID","value":{"stringValue":"x"}},
                                                           {"key":"b","value":{"kvlistValue":{"values":[
                                                             {"key":"c","value":{"boolValue":false}}]}}}]}},
                          "spanId":"1112131415161718"})") == "spanID=1112131415161718 b_c=false");
}

}  // namespace sluice::formats::loki
