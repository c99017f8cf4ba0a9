// SPDX-License-Identifier: Apache-2.0
#include "plugins/wire/split.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "plugins/wire/check.h"

namespace sluice::wire {
namespace {

std::string text_field(uint32_t number, std::string_view value) {
  std::string out;
  Writer(out).text(number, value);
  return out;
}

/// Two resources with two scopes of two spans each, and what is around them.
std::string traces() {
  std::string out;
  int name = 0;
  for (const char* resource : {"r1", "r2"}) {
    Writer(out).message(1, [&](auto& resource_spans) {
      resource_spans.bytes(1, to_bytes(std::string("\x10\x05")));
      for (const char* scope : {"s1", "s2"}) {
        resource_spans.message(2, [&](auto& scope_spans) {
          scope_spans.message(1, [&](auto& s) { s.text(1, scope); });
          for (int i = 0; i < 2; ++i) {
            scope_spans.message(2, [&](auto& span) { span.text(5, "span" + std::to_string(name++)); });
          }
          scope_spans.text(3, "scope schema");
        });
      }
      resource_spans.text(3, resource);
    });
  }
  return out;
}

std::string slice(Signal signal, std::string_view message, uint64_t first, uint64_t count) {
  std::string out;
  append_slice(signal, to_bytes(message), first, count, out);
  return out;
}

TEST_CASE("split: the slice of everything is the message", "[wire]") {
  const std::string message = traces();
  REQUIRE(check(Signal::traces, to_bytes(message)).items == 8);
  CHECK(count_items(Signal::traces, to_bytes(message)) == 8);
  CHECK(slice(Signal::traces, message, 0, 8) == message);
  CHECK(slice(Signal::traces, message, 0, 100) == message);
  CHECK(slice(Signal::traces, message, 8, 1).empty());
}

TEST_CASE("split: one span keeps its resource, scope and their fields on both sides", "[wire]") {
  const std::string one = slice(Signal::traces, traces(), 5, 1);
  std::string expected;
  Writer(expected).message(1, [](auto& resource_spans) {
    resource_spans.bytes(1, to_bytes(std::string("\x10\x05")));
    resource_spans.message(2, [](auto& scope_spans) {
      scope_spans.message(1, [](auto& scope) { scope.text(1, "s1"); });
      scope_spans.message(2, [](auto& span) { span.text(5, "span5"); });
      scope_spans.text(3, "scope schema");
    });
    resource_spans.text(3, "r2");
  });
  CHECK(one == expected);
}

TEST_CASE("split: slices of every place and length have just their items, in order", "[wire]") {
  const std::string message = traces();
  for (uint64_t first = 0; first <= 8; ++first) {
    for (uint64_t count = 0; first + count <= 8; ++count) {
      const std::string part = slice(Signal::traces, message, first, count);
      const Checked checked = check(Signal::traces, to_bytes(part));
      REQUIRE(checked.ok);
      REQUIRE(checked.items == count);
      size_t at = 0;
      for (uint64_t i = 0; i < 8; ++i) {
        const size_t found = part.find(text_field(5, "span" + std::to_string(i)));
        const bool wanted = i >= first && i < first + count;
        REQUIRE((found != std::string::npos) == wanted);
        if (!wanted) continue;
        REQUIRE(found >= at);
        at = found;
      }
    }
  }
}

TEST_CASE("split: items_within gives the longest slice that fits", "[wire]") {
  const std::string message = traces();
  for (uint64_t first = 0; first < 8; ++first) {
    for (uint64_t limit = 0; limit <= message.size() + 1; ++limit) {
      uint64_t expected = 0;
      while (first + expected < 8 && slice(Signal::traces, message, first, expected + 1).size() <= limit) ++expected;
      REQUIRE(items_within(Signal::traces, to_bytes(message), first, limit) == expected);
    }
  }
}

TEST_CASE("split: padded lengths do not make a slice larger than its limit", "[wire]") {
  // Two resources of one span, the length of each written in five bytes.
  std::string message;
  for (const char* name : {"a", "b"}) {
    const std::string span = text_field(5, name);
    std::string scope;
    Writer(scope).bytes(2, to_bytes(span));
    std::string resource;
    Writer(resource).bytes(2, to_bytes(scope));
    message += "\x0a";
    message += static_cast<char>(0x80 | resource.size());
    message += std::string("\x80\x80\x80\0", 4);
    message += resource;
  }
  REQUIRE(check(Signal::traces, to_bytes(message)).items == 2);
  for (uint64_t limit = 0; limit <= message.size() + 1; ++limit) {
    const uint64_t items = items_within(Signal::traces, to_bytes(message), 0, limit);
    if (items > 0) CHECK(slice(Signal::traces, message, 0, items).size() <= limit);
    if (limit >= message.size()) CHECK(items == 2);
  }
}

TEST_CASE("split: a metric is cut between its points, its description repeated", "[wire]") {
  for (const uint32_t kind : {5, 7, 9, 10, 11}) {
    std::string message;
    Writer(message).message(1, [&](auto& resource) {
      resource.message(2, [&](auto& scope) {
        scope.message(2, [&](auto& metric) {
          metric.text(1, "hits");
          metric.message(kind, [](auto& data) {
            for (uint64_t time = 1; time <= 5; ++time) data.message(1, [&](auto& point) { point.fixed64(3, time); });
            data.varint(2, 2);
          });
          metric.message(12, [](auto& metadata) { metadata.text(1, "type"); });
        });
      });
    });
    const std::string part = slice(Signal::metrics, message, 3, 1);
    std::string expected;
    Writer(expected).message(1, [&](auto& resource) {
      resource.message(2, [&](auto& scope) {
        scope.message(2, [&](auto& metric) {
          metric.text(1, "hits");
          metric.message(kind, [](auto& data) {
            data.message(1, [](auto& point) { point.fixed64(3, 4); });
            data.varint(2, 2);
          });
          metric.message(12, [](auto& metadata) { metadata.text(1, "type"); });
        });
      });
    });
    CHECK(part == expected);
  }
}

TEST_CASE("split: a resource without items is in no slice", "[wire]") {
  std::string message;
  Writer(message).message(1, [](auto& resource) { resource.text(3, "empty"); });
  message += traces();
  const std::string part = slice(Signal::traces, message, 0, 8);
  CHECK(part == traces());
}

TEST_CASE("split: damaged bytes are cut without reading past them", "[wire]") {
  std::string message = traces();
  for (size_t size = 0; size < message.size(); ++size) {
    const std::vector<uint8_t> cut(message.begin(), message.begin() + static_cast<long>(size));
    std::vector<uint8_t> out;
    append_slice(Signal::traces, cut, 1, 3, out);
    CHECK(out.size() <= size);
    CHECK(items_within(Signal::traces, cut, 1, 1000) <= 8);
  }
}

}  // namespace
}  // namespace sluice::wire
