// SPDX-License-Identifier: Apache-2.0
#include "plugins/wire/check.h"

#include <catch2/catch.hpp>
#include <string>

#include "plugins/wire/writer.h"

namespace sluice::wire {
namespace {

/// A message with one span that has `fields` encoded in it.
std::string span_with(std::string_view fields) {
  std::string out;
  Writer writer(out);
  writer.message(1, [&](auto& resource_spans) {
    resource_spans.message(2, [&](auto& scope_spans) { scope_spans.bytes(2, to_bytes(fields)); });
  });
  return out;
}

Checked check_span(std::string_view fields) {
  return check(Signal::traces, to_bytes(span_with(fields)));
}

std::string attribute(std::string_view key, std::string_view value) {
  std::string out;
  Writer(out).message(9, [&](auto& attribute) {
    attribute.text(1, key);
    attribute.bytes(2, to_bytes(value));
  });
  return out;
}

std::string nested_values(int depth) {
  std::string value = "\x10\x01";
  for (int i = 1; i < depth; ++i) {
    std::string array;
    Writer(array).bytes(1, to_bytes(value));
    value.clear();
    Writer(value).bytes(5, to_bytes(array));
  }
  return attribute("key", value);
}

TEST_CASE("check: an empty message is well-formed and has no items", "[wire]") {
  for (const Signal signal : {Signal::traces, Signal::metrics, Signal::logs}) {
    const Checked checked = check(signal, {});
    CHECK(checked.ok);
    CHECK(checked.items == 0);
    CHECK(checked.describe().empty());
  }
}

TEST_CASE("check: counts data points of every kind of metric", "[wire]") {
  std::string message;
  Writer writer(message);
  writer.message(1, [](auto& resource_metrics) {
    resource_metrics.message(2, [](auto& scope_metrics) {
      for (const uint32_t kind : {5, 7, 9, 10, 11}) {
        scope_metrics.message(2, [&](auto& metric) {
          metric.text(1, "name");
          metric.message(kind, [](auto& data) {
            data.bytes(1, {});
            data.message(1, [](auto& point) { point.fixed64(3, 1); });
          });
        });
      }
    });
  });
  const Checked checked = check(Signal::metrics, to_bytes(message));
  CHECK(checked.ok);
  CHECK(checked.items == 10);
}

TEST_CASE("check: attributes of each shape pass", "[wire]") {
  CHECK(check_span(attribute("key", "\x0a\x05value")).ok);
  CHECK(check_span(attribute("schlüssel", "\x0a\x06größe")).ok == false);  // the length ends inside of a character
  CHECK(check_span(attribute("schlüssel", "\x0a\x07größe")).ok);
  CHECK(check_span(attribute("key", "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")).ok);
  CHECK(check_span(attribute("key", std::string("\x21\0\0\0\0\0\0\0\0", 9))).ok);
  CHECK(check_span(attribute("key", "\x3a\x02\xff\xfe")).ok);
  CHECK(check_span(attribute("key", "")).ok);
  CHECK(check_span(attribute("key", std::string("\x0a\x80\x02", 3) + std::string(256, 'x'))).ok);
}

TEST_CASE("check: the straight path answers as the walk does, whatever byte is damaged", "[wire]") {
  const std::string row = attribute("http.request.method", "\x0a\x03GET") + attribute("port", "\x18\x50");
  for (const std::string& value :
       {std::string("\x0a\x05value"), std::string("\x0a\x00", 2), std::string("\x10\x01"), std::string("\x18\xc8\x01"),
        "\x18" + std::string(8, '\xff') + "\x7f", "\x18" + std::string(9, '\xff') + "\x01",
        std::string("\x21\0\0\0\0\0\0\xf8\x3f", 9), "\x0a\x6e" + std::string(110, 'x')}) {
    const std::string last = attribute("key", value);
    REQUIRE(check_span(row + last).ok);
    for (size_t at = 1; at < last.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string damaged = last;
        damaged[at] = static_cast<char>(byte);
        const Checked straight = check_span(row + damaged);
        // The same tag in two bytes is one that only the walk takes.
        const Checked walked = check_span(row + std::string("\xca\x00", 2) + damaged.substr(1));
        INFO("byte " << at << " is " << byte << ": " << straight.describe() << ", " << walked.describe());
        REQUIRE(straight.ok == walked.ok);
        REQUIRE(straight.error == walked.error);
        REQUIRE(straight.where == walked.where);
        REQUIRE(straight.field == walked.field);
      }
    }
  }
}

TEST_CASE("check: says what is wrong, in which field and where", "[wire]") {
  struct Case {
    std::string fields;
    std::string error;
  };
  const Case cases[] = {
      {"\x2a\x02\xc3\x28", "invalid UTF-8 in Span.name at byte 6"},
      {"\x2a\x09short", "length runs past the end in Span.name at byte 6"},
      {"\x28\x01", "wrong wire type in Span.name at byte 6"},
      {"\x39\x01\x02", "cut short in Span.start_time_unix_nano at byte 6"},
      {"\x85\x01\x01", "cut short in Span.flags at byte 6"},
      {"\x50\x80", "damaged number in Span.dropped_attributes_count at byte 6"},
      {"\x50\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "damaged number in Span.dropped_attributes_count at byte 6"},
      {std::string(1, '\0'), "damaged field number in Span at byte 6"},
      {"\x80", "damaged field number in Span at byte 6"},
      {"\xf3\x06", "wrong wire type in Span at byte 6"},
      {"\xf4\x06", "wrong wire type in Span at byte 6"},
      {"\xf7\x06", "wrong wire type in Span at byte 6"},
      {attribute("key", "\x0a\x02\xff\xff"), "invalid UTF-8 in AnyValue.string_value at byte 15"},
      {attribute("k\xff", "\x10\x01"), "invalid UTF-8 in KeyValue.key at byte 8"},
      {attribute("key", "\x18\x80"), "damaged number in AnyValue.int_value at byte 15"},
      {attribute("a", "\x10\x01") + attribute("key", "\x18\x80"), "damaged number in AnyValue.int_value at byte 24"},
  };
  for (const Case& c : cases) {
    const Checked checked = check_span(c.fields);
    CHECK_FALSE(checked.ok);
    CHECK(checked.describe() == c.error);
  }
}

TEST_CASE("check: unknown fields are passed over", "[wire]") {
  CHECK(check_span("\xa0\x06\x01").ok);
  CHECK(check_span(std::string("\xa5\x06\0\0\0\0", 6)).ok);
  CHECK(check_span(std::string("\xa1\x06\0\0\0\0\0\0\0\0", 10)).ok);
  CHECK(check_span("\xa2\x06\x02\xff\xff").ok);
  CHECK(check_span("\xf8\xff\xff\xff\x0f\x01").ok);
  // A number among those of the known ones.
  const auto check_resource = [](std::string_view fields) {
    std::string message;
    Writer(message).bytes(1, to_bytes(fields));
    return check(Signal::logs, to_bytes(message));
  };
  CHECK(check_resource("\x58\x80\x01").ok);
  CHECK(check_resource("\x58").describe() == "damaged number in ResourceLogs at byte 2");
  CHECK(check_resource("\x5c").describe() == "wrong wire type in ResourceLogs at byte 2");
}

TEST_CASE("check: values nest to the limit and no deeper", "[wire]") {
  CHECK(check_span(nested_values(kMaxValueDepth)).ok);
  const Checked checked = check_span(nested_values(kMaxValueDepth + 1));
  CHECK_FALSE(checked.ok);
  CHECK(std::string(checked.error) == "values are nested too deeply");
}

TEST_CASE("check: repeated numbers come packed or one by one", "[wire]") {
  const auto check_point = [](std::string_view fields) {
    std::string message;
    Writer(message).message(1, [&](auto& resource) {
      resource.message(2, [&](auto& scope) {
        scope.message(2, [&](auto& metric) {
          metric.message(9, [&](auto& histogram) { histogram.bytes(1, to_bytes(fields)); });
        });
      });
    });
    return check(Signal::metrics, to_bytes(message)).ok;
  };
  CHECK(check_point(std::string("\x32\x10") + std::string(16, '\1')));
  CHECK(check_point(std::string("\x31") + std::string(8, '\1')));
  CHECK_FALSE(check_point(std::string("\x32\x0f") + std::string(15, '\1')));
  CHECK_FALSE(check_point("\x30\x01"));

  const auto check_counts = [](std::string_view counts) {
    std::string message;
    Writer(message).message(1, [&](auto& resource) {
      resource.message(2, [&](auto& scope) {
        scope.message(2, [&](auto& metric) {
          metric.message(10, [&](auto& histogram) {
            histogram.message(1, [&](auto& point) {
              point.message(8, [&](auto& positive) { positive.bytes(2, to_bytes(counts)); });
            });
          });
        });
      });
    });
    return check(Signal::metrics, to_bytes(message)).ok;
  };
  CHECK(check_counts(""));
  CHECK(check_counts(std::string(40, '\7')));
  CHECK(check_counts(std::string(40, '\7') + "\xc8\x01" + std::string(40, '\7')));
  CHECK_FALSE(check_counts(std::string(40, '\7') + "\xc8"));
  CHECK_FALSE(check_counts(std::string(11, '\x80') + "\7"));
}

TEST_CASE("check: what parsers merge or replace may be there once", "[wire]") {
  const auto twice = [](uint32_t first, uint32_t second) {
    std::string metric;
    Writer writer(metric);
    writer.bytes(first, {});
    writer.bytes(second, {});
    std::string message;
    Writer(message).message(
        1, [&](auto& resource) { resource.message(2, [&](auto& scope) { scope.bytes(2, to_bytes(metric)); }); });
    return check(Signal::metrics, to_bytes(message)).ok;
  };
  CHECK_FALSE(twice(5, 7));
  CHECK_FALSE(twice(5, 5));
  CHECK(twice(12, 12));

  std::string message;
  Writer(message).message(1, [](auto& resource_spans) {
    resource_spans.bytes(1, {});
    resource_spans.bytes(1, {});
  });
  CHECK(check(Signal::traces, to_bytes(message)).describe() ==
        "a field that may be there only once is repeated in ResourceSpans.resource at byte 4");
}

}  // namespace
}  // namespace sluice::wire
