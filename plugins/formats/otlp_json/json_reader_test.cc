// SPDX-License-Identifier: Apache-2.0
//
// What is accepted and what is refused, and with which words; tests/proto compares with protobuf's parser.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "plugins/formats/otlp_json/json_names.h"
#include "plugins/formats/otlp_json/json_numbers.h"
#include "plugins/formats/otlp_json/json_text.h"
#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/wire/check.h"
#include "plugins/wire/metric_views.h"
#include "plugins/wire/views.h"

namespace sluice::formats {
namespace {

using wire::Signal;

std::string read(Signal signal, std::string_view json) {
  std::string out;
  std::string error;
  INFO(json);
  const bool ok = json_to_otlp(signal, json, out, error);
  CHECK(error == "");
  REQUIRE(ok);
  REQUIRE(wire::check(signal, wire::to_bytes(out)).ok);
  return out;
}

std::string error_of(Signal signal, std::string_view json) {
  std::string out = "kept";
  std::string error;
  CHECK_FALSE(json_to_otlp(signal, json, out, error));
  CHECK(out == "kept");
  return error;
}

std::string span_json(std::string_view fields) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)" + std::string(fields) + "}]}]}]}";
}

/// The one span of `fields`, valid until the next call.
wire::Span span_of(std::string_view fields) {
  static std::string message;
  message = read(Signal::traces, span_json(fields));
  for (const wire::ResourceSpans& resource : wire::traces(wire::to_bytes(message))) {
    for (const wire::ScopeSpans& scope : resource.scopes) {
      for (const wire::Span& span : scope.items) return span;
    }
  }
  FAIL("no span");
  return wire::Span({});
}

std::string point_json(std::string_view fields) {
  return R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{)" + std::string(fields) +
         "}]}}]}]}]}";
}

wire::NumberDataPoint point_of(std::string_view fields) {
  static std::string message;
  message = read(Signal::metrics, point_json(fields));
  for (const wire::ResourceMetrics& resource : wire::metrics(wire::to_bytes(message))) {
    for (const wire::ScopeMetrics& scope : resource.scopes) {
      for (const wire::Metric& metric : scope.items) {
        for (const wire::NumberDataPoint& point : metric.number_points()) return point;
      }
    }
  }
  FAIL("no point");
  return wire::NumberDataPoint({});
}

TEST_CASE("otlp json: camelCase and snake_case, names may be escaped", "[otlp_json]") {
  CHECK(span_of(R"("startTimeUnixNano":"5")").start_time_unix_nano == 5);
  CHECK(span_of(R"("start_time_unix_nano":"5")").start_time_unix_nano == 5);
  CHECK(span_of(R"("\u006eame":"x")").name == "x");
}

TEST_CASE("otlp json: every field of the schema is found by both of its names, and by nothing else", "[otlp_json]") {
  for (size_t i = 0; i < wire::kMessageCount; ++i) {
    const auto message = static_cast<wire::Message>(i);
    const auto field_of = [&](std::string_view name) {
      const JsonKey* key = find_json_key(message, name);
      return key == nullptr ? nullptr : &wire::schema(message).fields[key->field];
    };
    for (const wire::Field& field : wire::schema(message).fields) {
      const std::string camel(json_name(message, field));
      CHECK(field_of(camel) == &field);
      CHECK(field_of(field.name) == &field);
      CHECK(field_of(camel + std::string(1, '\0')) == nullptr);
      for (size_t at = 0; at < camel.size(); ++at) {
        std::string wrong = camel;
        wrong[at] ^= 1;
        const wire::Field* other = field_of(wrong);
        CHECK((other == nullptr || json_name(message, *other) == wrong));
      }
    }
    for (const size_t size : {0, 1, 30, 300}) CHECK(field_of(std::string(size, 'k')) == nullptr);
  }
}

TEST_CASE("otlp json: the order of keys and their spelling may change from one message to the next", "[otlp_json]") {
  const auto event = [](std::string_view fields) { return "{" + std::string(fields) + "}"; };
  const std::string one = R"("timeUnixNano":"7")";
  const std::string name = R"("name":"n")";
  const std::string count = R"("droppedAttributesCount":3)";
  std::string events;
  for (const std::string& fields :
       {one + "," + name + "," + count, one + "," + name + "," + count, count + "," + name + "," + one,
        R"("time_unix_nano":"7",)" + name + R"(,"dropped_attributes_count":3)", one + "," + count + "," + name,
        R"("unknown":1,)" + one + R"(,"nam":1,)" + name + R"(,"droppedAttributesCounts":1,)" + count,
        std::string(R"( "timeUnixNano" : "7" , "n\u0061me" : "n", "droppedAttributesCount": 3 )")}) {
    events.append(events.empty() ? "" : ",").append(event(fields));
  }
  size_t found = 0;
  for (const wire::SpanEvent& read : span_of("\"events\":[" + events + "]").events) {
    CHECK(read.time_unix_nano == 7);
    CHECK(read.name == "n");
    ++found;
  }
  CHECK(found == 7);
  for (const std::string& twice : {one + "," + name + "," + one, one + "," + name + R"(,"time_unix_nano":"7")"}) {
    const std::string fields = R"("events":[)" + event(one + "," + name) + "," + event(twice) + "]";
    CHECK(error_of(Signal::traces, span_json(fields))
              .starts_with("resourceSpans[0].scopeSpans[0].spans[0].events[1].timeUnixNano: the key is there twice"));
  }
}

TEST_CASE("otlp json: names with escapes that are none are refused, of known and unknown fields", "[otlp_json]") {
  const auto error = [](std::string_view fields) { return error_of(Signal::traces, span_json(fields)); };
  const std::string where = "resourceSpans[0].scopeSpans[0].spans[0]: ";
  CHECK(error(R"("name":"x","\x":1)").starts_with(where + "the string has an escape that is none, at byte"));
  CHECK(error(R"("unknown":{"\ud83d":1})").starts_with(where + "the string has an escape that is none, at byte"));
  CHECK(span_of(R"("unknown":{"\ud83d\ude00":1},"name":"n")").name == "n");
}

TEST_CASE("otlp json: 64-bit numbers as strings and as numbers", "[otlp_json]") {
  CHECK(span_of(R"("startTimeUnixNano":"18446744073709551615")").start_time_unix_nano == UINT64_MAX);
  CHECK(span_of(R"("startTimeUnixNano":18446744073709551615)").start_time_unix_nano == UINT64_MAX);
  CHECK(span_of(R"("startTimeUnixNano":1700000000000000001)").start_time_unix_nano == 1700000000000000001);
  CHECK(span_of(R"("startTimeUnixNano":1.7e18)").start_time_unix_nano == 1700000000000000000);
  CHECK(point_of(R"("asInt":"-9223372036854775808")").value.integer() == INT64_MIN);
  CHECK(point_of(R"("asInt":-9223372036854775808)").value.integer() == INT64_MIN);
  CHECK(point_of(R"("asInt":0)").value.type == wire::NumberValue::Type::integer);
}

TEST_CASE("otlp json: whole numbers in texts are those of from_chars()", "[otlp_json]") {
  const std::string digits = "1234567890123456789";
  for (size_t size = 1; size <= digits.size(); ++size) {
    uint64_t number = 0;
    CHECK(parse_whole_integer(std::string_view(digits).substr(0, size), number));
    CHECK(std::to_string(number) == digits.substr(0, size));
    for (size_t at = 0; at < size; ++at) {
      for (const char wrong : {'/', ':', '\0', ' ', 'a', '-', '\xb1', '\xff'}) {
        std::string text = digits.substr(0, size);
        text[at] = wrong;
        int64_t expected = 0;
        int64_t found = 0;
        CHECK(parse_whole_integer(text, found) == parse_whole(text, expected));
        CHECK(found == expected);
      }
    }
  }
}

TEST_CASE("otlp json: numbers of every field stay in range", "[otlp_json]") {
  const auto error = [](std::string_view fields) { return error_of(Signal::traces, span_json(fields)); };
  const std::string where = "resourceSpans[0].scopeSpans[0].spans[0].";
  CHECK(
      error(R"("droppedLinksCount":4294967296)").starts_with(where + "droppedLinksCount: the number is out of range"));
  CHECK(error(R"("droppedLinksCount":-1)").starts_with(where + "droppedLinksCount: the number is out of range"));
  CHECK(error(R"("flags":1.5)").starts_with(where + "flags: expected an integer, found a fraction"));
  CHECK(error(R"("startTimeUnixNano":"1.5")").starts_with(where + "startTimeUnixNano: \"1.5\" is not an integer"));
  CHECK(error(R"("startTimeUnixNano":"")").starts_with(where + "startTimeUnixNano: \"\" is not an integer"));
  CHECK(error(R"("startTimeUnixNano":"-1")").starts_with(where + "startTimeUnixNano: \"-1\" is not an integer"));
  CHECK(error(R"("startTimeUnixNano":1e20)").starts_with(where + "startTimeUnixNano: the number is out of range"));
  CHECK(
      error(R"("startTimeUnixNano":true)").starts_with(where + "startTimeUnixNano: expected an integer, found a bool"));
  CHECK(error(R"("kind":2147483648)").starts_with(where + "kind: the number is out of range"));
}

TEST_CASE("otlp json: enums by number and name", "[otlp_json]") {
  CHECK(span_of(R"("kind":2)").kind == 2);
  CHECK(span_of(R"("kind":"SPAN_KIND_CLIENT")").kind == 3);
  CHECK(span_of(R"("kind":77)").kind == 77);
  CHECK(span_of(R"("status":{"code":"STATUS_CODE_ERROR"})").status.code == 2);
  CHECK(error_of(Signal::traces, span_json(R"("kind":"SERVER")"))
            .starts_with("resourceSpans[0].scopeSpans[0].spans[0].kind: \"SERVER\" is not a value of this field, at"));
}

TEST_CASE("otlp json: doubles as numbers, strings and names", "[otlp_json]") {
  CHECK(point_of(R"("asDouble":2.5)").value.float64() == 2.5);
  CHECK(point_of(R"("asDouble":"2.5e3")").value.float64() == 2500);
  for (const std::string number :
       {"0.1", "-0.3", "37.5", "123456789012345", "0.00000000000001", "123456789.012345", "1234567890123456",
        "9007199254740993", "0.9007199254740993", "2.2250738585072014e-308"}) {
    CHECK(point_of("\"asDouble\":" + number).value.float64() == std::stod(number));
  }
  CHECK(point_of(R"("asDouble":-1.5E-3)").value.float64() == -0.0015);
  CHECK(std::signbit(point_of(R"("asDouble":-0.0)").value.float64()));
  CHECK(point_of(R"("asDouble":1e-400)").value.float64() == 0);
  CHECK(point_of(R"("asDouble":0.123456789012345678901234567890)").value.float64() == 0.123456789012345678901234567890);
  CHECK(std::isnan(point_of(R"("asDouble":"NaN")").value.float64()));
  CHECK(point_of(R"("asDouble":"Infinity")").value.float64() == std::numeric_limits<double>::infinity());
  CHECK(point_of(R"("asDouble":"-Infinity")").value.float64() == -std::numeric_limits<double>::infinity());
  for (const char* wrong : {R"("inf")", R"("nan")", R"("0x1p3")", R"("")", R"("1e999")", "1e999", "-1e999", "1e",
                            "1.e5", "-", "01", "1x", "1e00000000000000000001", "NaN", "[]"}) {
    CHECK(error_of(Signal::metrics, point_json("\"asDouble\":" + std::string(wrong))) != "");
  }
}

TEST_CASE("otlp json: ids are hex of their length or empty, bytes are base64", "[otlp_json]") {
  const wire::Span span =
      span_of(R"("traceId":"0102030405060708090A0b0c0d0e0f10","spanId":"1112131415161718","parentSpanId":"")");
  CHECK(span.trace_id.size() == 16);
  CHECK(span.trace_id[9] == 10);
  CHECK(span.span_id[0] == 0x11);
  CHECK(span.parent_span_id.empty());
  const std::string where = "resourceSpans[0].scopeSpans[0].spans[0].";
  CHECK(error_of(Signal::traces, span_json(R"("traceId":"0102")"))
            .starts_with(where + "traceId: expected 32 hex digits"));
  CHECK(error_of(Signal::traces, span_json(R"("spanId":"zz")")).starts_with(where + "spanId: expected hex digits"));
  CHECK(wire::find(span_of(R"("attributes":[{"key":"k","value":{"bytesValue":"AP8="}}])").attributes, "k")
            ->bytes()
            .size() == 2);
}

TEST_CASE("otlp json: values of each type, null is absent", "[otlp_json]") {
  const wire::Span span = span_of(R"("name":null,"events":null,"attributes":[
      {"key":"s","value":{"stringValue":"a\"\u00e4\ud83d"}}, {"key":"b","value":{"boolValue":false}},
      {"key":"i","value":{"intValue":"-7"}}, {"key":"d","value":{"doubleValue":0}},
      {"key":"a","value":{"arrayValue":{"values":[{"intValue":1},{},{"stringValue":"x"}]}}},
      {"key":"m","value":{"kvlistValue":{"values":[{"key":"inner","value":{"boolValue":true}}]}}},
      {"key":"e","value":{}}, {"key":"n","value":null}, {"key":"es","value":{"stringValue":""}}])");
  CHECK(span.name.empty());
  using Type = wire::AnyValue::Type;
  const auto get = [&](std::string_view key) { return wire::find(span.attributes, key).value(); };
  CHECK(get("s").text() == "a\"ä\xef\xbf\xbd");
  CHECK(get("b").type == Type::boolean);
  CHECK(get("i").integer() == -7);
  CHECK(get("d").type == Type::float64);
  CHECK(get("a").array().count() == 3);
  CHECK(get("m").map().count() == 1);
  CHECK(get("e").type == Type::empty);
  CHECK(get("n").type == Type::empty);
  CHECK(get("es").type == Type::string);
}

TEST_CASE("otlp json: attributes mean the same in their usual spelling and in any other", "[otlp_json]") {
  const auto message = [](std::string_view attribute) {
    return read(Signal::traces, span_json("\"attributes\":[" + std::string(attribute) + "]"));
  };
  const std::string text = message(R"({"key":"k","unknown":1,"value":{"stringValue":"v"}})");
  for (const char* spelling :
       {R"({"key":"k","value":{"stringValue":"v"}})", R"( { "key" : "k" , "value" : { "stringValue" : "v" } } )",
        R"({"key":"k","value":{"string_value":"v"}})", R"({"key":"\u006b","value":{"stringValue":"v"}})",
        R"({"key":"k","value":{"stringValue":"\u0076"}})", R"({"key":"k","value":{"stringValue":"v","intValue":null}})",
        R"({"key":"k","value":{"stringValue":"v"},"unknown":"\\"})"}) {
    INFO(spelling);
    CHECK(message(spelling) == text);
  }
  const std::string number = message(R"({"key":"k","unknown":1,"value":{"intValue":"-12"}})");
  for (const char* spelling :
       {R"({"key":"k","value":{"intValue":"-12"}})", R"({"key":"k","value":{"intValue":-12}})",
        R"({"key":"k","value":{"intValue":"-\u00312"}})", R"({"key":"k","value":{"intValue":-1.2e1}})"}) {
    INFO(spelling);
    CHECK(message(spelling) == number);
  }
  CHECK(message(R"({"key":"","value":{"stringValue":""}})") == message(R"({"value":{"stringValue":""}})"));
  CHECK(message(R"({"key":"k","value":{"intValue":"0"}})") ==
        message(R"({"key":"k","unknown":1,"value":{"intValue":0}})"));
}

TEST_CASE("otlp json: attributes that are nearly in their usual spelling are refused with words", "[otlp_json]") {
  const auto error = [](std::string_view attributes) {
    return error_of(Signal::traces, span_json("\"attributes\":[" + std::string(attributes) + "]"));
  };
  const std::string where = "resourceSpans[0].scopeSpans[0].spans[0].attributes";
  CHECK(error(R"({"key":"k","value":{"intValue":"1x"}})").starts_with(where + "[0].value.intValue: \"1x\" is not an"));
  CHECK(error(R"({"key":"k","value":{"intValue":"\u0031"2}})").starts_with(where + "[0].value: malformed JSON"));
  CHECK(error(R"({"key":"k","value":{"stringValue":5}})").starts_with(where + "[0].value.stringValue: expected a str"));
  CHECK(error(R"({"key":"k","value":{"stringValue":"\x"}})").starts_with(where + "[0].value.stringValue: the string"));
  CHECK(error(R"({"key":"k","value":{"stringValue":"v"},"key":"k"})").starts_with(where + "[0].key: the key is there"));
  CHECK(error(R"({"key":"k","value":{"stringValue":"v"} )").find("malformed JSON") != std::string::npos);
  // The place of the value that was begun last: the second "v".
  CHECK(error(R"({"key":"k","value":{"stringValue":"v"}},{"key":"k","value":{"stringValue":"v"}}{})") ==
        where + "[2]: malformed JSON, after byte 132");
}

TEST_CASE("otlp json: unknown fields are passed over, but have to be JSON", "[otlp_json]") {
  CHECK(span_of(R"("unknown":{"a":[1,2.5,"x",true,null,{}]},"name":"n","x":-1e5)").name == "n");
  for (const char* wrong : {"tru", "nul", "nulll", "01", "+1", "1.", ".5", "\"\\x\"", "[1 2]", "[1,]", "[,1]",
                            "{\"a\" 1}", "{\"a\":1,}", "{a:1}", "{\"a\"}", "'x'", ""}) {
    INFO(wrong);
    CHECK(error_of(Signal::traces, span_json("\"unknown\":" + std::string(wrong))) != "");
  }
}

TEST_CASE("otlp json: malformed text is refused, with words", "[otlp_json]") {
  const auto error = [](std::string_view json) { return error_of(Signal::traces, json); };
  CHECK(error("") == "there is nothing");
  CHECK(error("   ") == "there is nothing");
  CHECK(error("[]").starts_with("expected an object"));
  CHECK(error("7").starts_with("expected an object"));
  CHECK(error("{\"a\":\"\xff\"}") == "the text is not UTF-8");
  CHECK(error("{\"a\":\"x") == "a string has no end");
  CHECK(error("{\"a\":\"\n\"}") == "a string has a control character in it");
  CHECK(error("{} {}") == "unexpected text after the value, at byte 3");
  CHECK(error("{}}") == "unexpected text after the value, at byte 2");
  CHECK(error("{},") == "an array or object has no end");
  CHECK(error("{") == "an array or object has no end");
  CHECK(error("{\"resourceSpans\":[") == "an array or object has no end");
  CHECK(error("{\"resourceSpans\":[{}") == "resourceSpans[1]: malformed JSON, after byte 18");
  CHECK(error("{\"resourceSpans\":[{} {}]}") == "resourceSpans[1]: malformed JSON, after byte 18");
  CHECK(error("{\"resourceSpans\":{}}").starts_with("resourceSpans: expected an array, found an object"));
  CHECK(error("{\"resourceSpans\":[7]}").starts_with("resourceSpans[0]: expected an object, found a number"));
  CHECK(error(R"({"resourceSpans":[{"resource":{},"resource":{}}]})")
            .starts_with("resourceSpans[0].resource: the key is there twice"));
  CHECK(error(span_json(R"("name":5)")) ==
        "resourceSpans[0].scopeSpans[0].spans[0].name: expected a string, found a number, at byte 51");
}

TEST_CASE("otlp json: lengths of one byte and of more, shrinking and growing", "[otlp_json]") {
  std::string attributes;
  for (const size_t size : {1, 200, 1, 20'000, 100, 5'000, 0, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129}) {
    if (!attributes.empty()) attributes.append(",");
    attributes.append(R"({"key":"k","value":{"stringValue":")").append(size, 'x').append("\"}}");
  }
  const wire::Span span = span_of("\"attributes\":[" + attributes + "]");
  size_t total = 0;
  for (const wire::KeyValue& attribute : span.attributes) total += attribute.value.text().size();
  CHECK(total == 26'547);
}

TEST_CASE("otlp json: texts of each length are whole", "[otlp_json]") {
  std::string text;
  for (int size = 1; size < 70; ++size) {
    text.push_back(static_cast<char>('0' + size));
    std::string quoted;
    append_json_string(quoted, text);
    CHECK(span_of("\"name\":" + quoted).name == text);
  }
}

TEST_CASE("otlp json: packed numbers take more room than their text", "[otlp_json]") {
  std::string counts = "1";
  for (int i = 0; i < 10'000; ++i) counts.append(",1");
  std::string out;
  std::string error;
  REQUIRE(json_to_message(wire::Message::histogram_data_point, R"({"bucketCounts":[)" + counts + "]}", out, error));
  CHECK(out.size() == 80'008 + 4);
  out.clear();
  REQUIRE(json_to_message(wire::Message::histogram_data_point, R"({"bucketCounts":[],"flags":1})", out, error));
  CHECK(out == "\x50\x01");
}

TEST_CASE("otlp json: white space between all tokens costs no room in the message", "[otlp_json]") {
  const std::string space(1000, ' ');
  std::string json;
  for (const char c : std::string_view(R"({"resourceLogs":[{"schemaUrl":"a"},{"schemaUrl":"b c"}]})")) {
    const bool in_string = c != '{' && c != '}' && c != '[' && c != ']' && c != ':' && c != ',';
    json.append(in_string ? "" : space).append(1, c).append(in_string ? "" : space);
  }
  const std::string message = read(Signal::logs, json);
  CHECK(message ==
        "\x0a\x03\x1a\x01"
        "a\x0a\x05\x1a\x03"
        "b c");
  CHECK(message.capacity() < json.size() / 4);
}

TEST_CASE("otlp json: nesting ends at the limit", "[otlp_json]") {
  const auto nested = [](int levels) {
    return "{\"unknown\":" + std::string(static_cast<size_t>(levels), '[') +
           std::string(static_cast<size_t>(levels), ']') + "}";
  };
  CHECK(read(Signal::logs, nested(kMaxJsonDepth - 1)).empty());
  CHECK(error_of(Signal::logs, nested(kMaxJsonDepth)).starts_with("nested too deeply"));
  CHECK(error_of(Signal::logs, nested(1'000'000)).starts_with("nested too deeply"));
  std::string value = "{}";
  for (int i = 0; i < 30; ++i) value = R"({"arrayValue":{"values":[)" + value + "]}}";
  const std::string log = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":)" + value + "}]}]}]}";
  CHECK(error_of(Signal::logs, log).find("nested too deeply") != std::string::npos);
  // An attribute at the limit and beyond it: in its usual spelling, and with its fields swapped.
  for (const std::string attribute :
       {R"({"key":"k","value":{"stringValue":"v"}})", R"({"value":{"stringValue":"v"},"key":"k"})"}) {
    for (int maps = 1; maps < 24; ++maps) {
      std::string fields = attribute;
      for (int i = 0; i < maps; ++i) fields = R"({"key":"m","value":{"kvlistValue":{"values":[)" + fields + "]}}}";
      std::string out;
      std::string error;
      const bool ok = json_to_message(wire::Message::resource, "{\"attributes\":[" + fields + "]}", out, error);
      INFO(maps << ' ' << error);
      CHECK(ok == (2 + 4 * maps + 2 <= kMaxJsonDepth));
    }
  }
}

TEST_CASE("otlp json: Status with details of known and unknown types, the type first or last", "[otlp_json]") {
  const auto to_proto = [](std::string_view json) {
    std::string out;
    std::string error;
    CHECK(json_to_message(wire::Message::rpc_status, json, out, error));
    CHECK(error == "");
    return out;
  };
  const auto to_json = [](std::string_view bytes) {
    std::string out;
    CHECK(message_to_json(wire::Message::rpc_status, wire::to_bytes(bytes), out));
    return out;
  };
  const std::string json =
      R"({"code":14,"message":"busy","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"},)"
      R"({"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"f","description":"d"}]},)"
      R"({"@type":"type.googleapis.com/other.Type","value":"AP8="}]})";
  CHECK(to_json(to_proto(json)) == json);
  CHECK(to_proto(R"({"details":[{"retryDelay":"2s","@type":"type.googleapis.com/google.rpc.RetryInfo"}]})") ==
        to_proto(R"({"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"}]})"));
  std::string out;
  std::string error;
  CHECK_FALSE(json_to_message(wire::Message::rpc_status, R"({"details":[{}]})", out, error));
  CHECK(error.starts_with("details[0]: \"@type\" is missing"));
  for (const char* wrong : {R"({1})", R"({"a" 1})", R"({"a":1 "b":2})", R"({"a":[})", R"({"a":{})", R"({"a":1)"}) {
    INFO(wrong);
    CHECK_FALSE(json_to_message(wire::Message::rpc_status, R"({"details":[)" + std::string(wrong) + "]}", out, error));
    CHECK(error.starts_with("details[0]: malformed JSON"));
  }
}

TEST_CASE("otlp json: Export responses", "[otlp_json]") {
  std::string out;
  std::string error;
  REQUIRE(json_to_message(wire::export_response(Signal::logs),
                          R"({"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}})", out, error));
  CHECK(out == "\x0a\x0b\x08\x03\x12\x07too old");
  std::string json;
  REQUIRE(message_to_json(wire::export_response(Signal::logs), wire::to_bytes(out), json));
  CHECK(json == R"({"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}})");
}

}  // namespace
}  // namespace sluice::formats
