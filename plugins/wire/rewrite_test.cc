// SPDX-License-Identifier: Apache-2.0
#include "plugins/wire/rewrite.h"

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "plugins/wire/check.h"

namespace sluice::wire {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

template <typename Out>
void add_attributes(Writer<Out>& out, uint32_t number, const Pairs& pairs) {
  for (const auto& pair : pairs) {
    out.message(number, [&](auto& attribute) {
      attribute.text(1, pair.first);
      attribute.bytes(2, to_bytes(string_value(pair.second)));
    });
  }
}

Pairs read(const Attributes& attributes) {
  Pairs pairs;
  for (const KeyValue& attribute : attributes) pairs.emplace_back(attribute.key, attribute.value.text());
  return pairs;
}

/// One resource and scope with spans of these attributes, with fields on both sides of the attributes.
std::string traces_with(const std::vector<Pairs>& spans) {
  std::string out;
  Writer(out).message(1, [&](auto& resource_spans) {
    resource_spans.message(1, [](auto& resource) { add_attributes(resource, 1, {{"service.name", "demo"}}); });
    resource_spans.message(2, [&](auto& scope_spans) {
      scope_spans.message(1, [](auto& scope) { scope.text(1, "lib"); });
      for (const Pairs& pairs : spans) {
        scope_spans.message(2, [&](auto& span) {
          span.text(5, "name");
          add_attributes(span, 9, pairs);
          span.varint(10, 1);
        });
      }
    });
  });
  return out;
}

Pairs edited(const Pairs& before, AttributeEdits& edits) {
  const std::string message = traces_with({before});
  std::string out;
  if (!rewrite_attributes(Signal::traces, to_bytes(message), Level::item, edits, out)) {
    CHECK(out.empty());
    return before;
  }
  REQUIRE(check(Signal::traces, to_bytes(out)).ok);
  for (const ResourceSpans& resource : traces(to_bytes(out))) {
    for (const ScopeSpans& scope : resource.scopes) {
      for (const Span& span : scope.items) {
        CHECK(span.name == "name");
        CHECK(span.dropped_attributes_count == 1);
        return read(span.attributes);
      }
    }
  }
  FAIL("the span is gone");
  return {};
}

TEST_CASE("rewrite: each kind of edit, where the key is there and where it is not", "[wire]") {
  const Pairs there = {{"a", "1"}, {"key", "old"}, {"z", "2"}};
  const Pairs missing = {{"a", "1"}, {"z", "2"}};
  const Pairs replaced = {{"a", "1"}, {"key", "new"}, {"z", "2"}};
  const Pairs added = {{"a", "1"}, {"z", "2"}, {"key", "new"}};
  SECTION("insert") {
    AttributeEdits edits;
    edits.insert("key", string_value("new"));
    CHECK(edited(there, edits) == there);
    CHECK(edited(missing, edits) == added);
    CHECK(edited({}, edits) == Pairs{{"key", "new"}});
  }
  SECTION("update") {
    AttributeEdits edits;
    edits.update("key", string_value("new"));
    CHECK(edited(there, edits) == replaced);
    CHECK(edited(missing, edits) == missing);
  }
  SECTION("upsert") {
    AttributeEdits edits;
    edits.upsert("key", string_value("new"));
    CHECK(edited(there, edits) == replaced);
    CHECK(edited(missing, edits) == added);
  }
  SECTION("erase") {
    AttributeEdits edits;
    edits.erase("key");
    CHECK(edited(there, edits) == missing);
    CHECK(edited(missing, edits) == missing);
    CHECK(edited({{"key", "only"}}, edits) == Pairs{});
  }
}

TEST_CASE("rewrite: several edits of one key act in their order", "[wire]") {
  // Against the plain meaning: each edit applied to a map after the one before it.
  for (int sequence = 0; sequence < 4 * 4 * 4; ++sequence) {
    for (const bool there : {false, true}) {
      AttributeEdits edits;
      std::map<std::string, std::string> expected;
      if (there) expected["key"] = "0";
      for (int step = 0, rest = sequence; step < 3; ++step, rest /= 4) {
        const std::string value = std::to_string(step + 1);
        switch (rest % 4) {
          case 0:
            edits.insert("key", string_value(value));
            expected.emplace("key", value);
            break;
          case 1:
            edits.update("key", string_value(value));
            if (expected.contains("key")) expected["key"] = value;
            break;
          case 2:
            edits.upsert("key", string_value(value));
            expected["key"] = value;
            break;
          default:
            edits.erase("key");
            expected.erase("key");
        }
      }
      const Pairs before = there ? Pairs{{"key", "0"}} : Pairs{};
      CHECK(edited(before, edits) == Pairs(expected.begin(), expected.end()));
    }
  }
}

TEST_CASE("rewrite: only what changes differs, byte for byte", "[wire]") {
  const std::string longer(200, 'x');  // lengths around it take another byte
  AttributeEdits edits;
  edits.update("key", string_value(longer));
  const Pairs plain = {{"other", "1"}};
  const Pairs old = {{"key", "old"}};
  const Pairs changed = {{"key", longer}};
  const std::string message = traces_with({plain, old, plain, plain, old, plain});
  std::string out = "before";
  REQUIRE(rewrite_attributes(Signal::traces, to_bytes(message), Level::item, edits, out));
  CHECK(out == "before" + traces_with({plain, changed, plain, plain, changed, plain}));

  edits.update("key", string_value("old"));
  std::string back;
  REQUIRE(rewrite_attributes(Signal::traces, to_bytes(out).subspan(6), Level::item, edits, back));
  CHECK(back == message);
}

TEST_CASE("rewrite: an edit that changes nothing writes nothing", "[wire]") {
  AttributeEdits edits;
  edits.upsert("key", string_value("same"));
  edits.erase("absent");
  const std::string message = traces_with({{{"key", "same"}}, {{"key", "same"}, {"more", ""}}});
  std::string out;
  CHECK_FALSE(rewrite_attributes(Signal::traces, to_bytes(message), Level::item, edits, out));
  CHECK(out.empty());
}

TEST_CASE("rewrite: attributes of resource and scope, made where they are missing", "[wire]") {
  std::string message = traces_with({{}, {}});
  Writer(message).message(1, [](auto& resource_spans) { resource_spans.message(2, [](auto&) {}); });
  for (const Level level : {Level::resource, Level::scope}) {
    AttributeEdits edits;
    edits.upsert("env", string_value("prod"));
    std::string out;
    REQUIRE(rewrite_attributes(Signal::traces, to_bytes(message), level, edits, out));
    REQUIRE(check(Signal::traces, to_bytes(out)).ok);
    CHECK(check(Signal::traces, to_bytes(out)).items == 2);
    int seen = 0;
    for (const ResourceSpans& resource : traces(to_bytes(out))) {
      CHECK(find(resource.resource.attributes, "env").has_value() == (level == Level::resource));
      for (const ScopeSpans& scope : resource.scopes) {
        CHECK(find(scope.scope.attributes, "env").has_value() == (level == Level::scope));
        ++seen;
      }
    }
    CHECK(seen == 2);

    // Nothing is made for edits that add nothing.
    AttributeEdits erase;
    erase.erase("env");
    std::string back;
    REQUIRE(rewrite_attributes(Signal::traces, to_bytes(out), level, erase, back));
    std::string again;
    CHECK_FALSE(rewrite_attributes(Signal::traces, to_bytes(back), level, erase, again));
  }
}

TEST_CASE("rewrite: data points of every kind of metric and log records", "[wire]") {
  AttributeEdits edits;
  edits.upsert("env", string_value("prod"));
  struct Kind {
    uint32_t data;        // number of the metric's field
    uint32_t attributes;  // number of the point's
  };
  for (const Kind kind : {Kind{5, 7}, Kind{7, 7}, Kind{9, 9}, Kind{10, 1}, Kind{11, 7}}) {
    const auto build = [&](const Pairs& pairs) {
      std::string message;
      Writer(message).message(1, [&](auto& resource) {
        resource.message(2, [&](auto& scope) {
          scope.message(2, [&](auto& metric) {
            metric.text(1, "name");
            metric.message(kind.data, [&](auto& data) {
              data.message(1, [&](auto& point) { add_attributes(point, kind.attributes, pairs); });
            });
          });
        });
      });
      return message;
    };
    std::string out;
    REQUIRE(rewrite_attributes(Signal::metrics, to_bytes(build({{"a", "1"}})), Level::item, edits, out));
    CHECK(out == build({{"a", "1"}, {"env", "prod"}}));
  }
  const auto build = [&](const Pairs& pairs) {
    std::string message;
    Writer(message).message(1, [&](auto& resource) {
      resource.message(2, [&](auto& scope) {
        scope.message(2, [&](auto& record) {
          add_attributes(record, 6, pairs);
          record.text(12, "event");
        });
      });
    });
    return message;
  };
  std::string out;
  REQUIRE(rewrite_attributes(Signal::logs, to_bytes(build({{"a", "1"}})), Level::item, edits, out));
  CHECK(out == build({{"a", "1"}, {"env", "prod"}}));
}

/// An editor of its own: it doubles each value.
struct Doubling {
  bool begin(Message, Bytes) {
    values.clear();
    return true;
  }
  void attribute(const EncodedAttribute& attribute, AttributeChanges& changes) {
    const std::string text(value_in(attribute.value_field).text());
    changes.replace(attribute.field, attribute.key_field,
                    to_bytes(values.emplace_back(value_field(string_value(text + text)))));
  }
  void end(AttributeChanges&) {}
  std::deque<std::string> values;
};

TEST_CASE("rewrite: an editor can compute from the old value", "[wire]") {
  Doubling editor;
  std::vector<uint8_t> out;
  REQUIRE(
      rewrite_attributes(Signal::traces, to_bytes(traces_with({{{"a", "x"}, {"b", "y"}}})), Level::item, editor, out));
  CHECK(to_text(out) == traces_with({{{"a", "xx"}, {"b", "yy"}}}));
}

/// It wants one key, and notes what it is asked and shown.
struct Noting {
  bool begin(Message, Bytes) { return true; }
  bool wants(std::string_view key) {
    asked.emplace_back(key);
    return key == "b";
  }
  void attribute(const EncodedAttribute& attribute, AttributeChanges& changes) {
    shown.emplace_back(attribute.key, value_in(attribute.value_field).text());
    changes.replace(attribute.field, attribute.key_field, to_bytes(new_value));
  }
  void end(AttributeChanges&) {}
  const std::string new_value = value_field(string_value("new"));
  std::vector<std::string> asked;
  Pairs shown;
};

TEST_CASE("rewrite: an editor is asked about every key and shown what it wants, however that is encoded", "[wire]") {
  using namespace std::string_literals;
  const std::string key = key_field("b"), value = value_field(string_value("x"));
  for (const std::string& body :
       {key + value, value + key, key_field("z") + key + value, key + value_field(string_value("y")) + value,
        key + value + "\x18\x01"s, key_field(std::string(200, 'z')) + key + value}) {
    std::string size, padded_size;
    append_varint(size, body.size());
    padded_size = size;
    padded_size.back() = static_cast<char>(padded_size.back() | '\x80');
    padded_size.push_back('\0');
    for (const std::string& field : {"\x4a"s + size + body, "\x4a"s + padded_size + body, "\xca\0"s + size + body}) {
      const auto message = [](const std::string& attribute) {
        std::string out;
        Writer(out).message(1, [&](auto& resource) {
          resource.message(2, [&](auto& scope) {
            scope.message(2, [&](auto& span) {
              add_attributes(span, 9, {{"", ""}, {"a", std::string(120, '1')}, {"c", std::string(121, '1')}});
              span.fields(to_bytes(attribute));
              add_attributes(span, 9, {{"long", std::string(300, 'v')}, {std::string(300, 'k'), "1"}});
            });
          });
        });
        return out;
      };
      const std::string before = message(field);
      REQUIRE(check(Signal::traces, to_bytes(before)).ok);
      Noting editor;
      std::string out;
      REQUIRE(rewrite_attributes(Signal::traces, to_bytes(before), Level::item, editor, out));
      CHECK(editor.asked == std::vector<std::string>{"", "a", "c", "b", "long", std::string(300, 'k')});
      CHECK(editor.shown == Pairs{{"b", "x"}});
      CHECK(out == message("\x4a\x0a"s + key + editor.new_value));
    }
  }
}

TEST_CASE("rewrite: values of every scalar type", "[wire]") {
  const auto decoded = [](const std::string& encoded) { return AnyValue(to_bytes(encoded)); };
  CHECK(decoded(bool_value(true)).boolean());
  CHECK(decoded(int_value(-7)).integer() == -7);
  CHECK(decoded(double_value(0.5)).float64() == 0.5);
  CHECK(decoded(string_value("text")).text() == "text");
}

}  // namespace
}  // namespace sluice::wire
