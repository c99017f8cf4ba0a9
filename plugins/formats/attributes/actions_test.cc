// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/actions.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "plugins/formats/attributes/for_tests.h"
#include "plugins/testing/config.h"
#include "plugins/testing/fake_host.h"
#include "plugins/wire/check.h"

namespace sluice::formats {
namespace {

using Texts = std::vector<std::string>;

std::string text(std::string_view value) {
  return wire::string_value(value);
}

class Edited {
 public:
  explicit Edited(const std::string& actions) : actions_(read(actions)), editor_(actions_) {}

  Texts operator()(const Pairs& before, const ContextRef& context = {}) {
    const sluice_context nobody{};
    editor_.begin_batch(context ? *context : nobody);
    const std::string message = logs_with({before});
    std::string out;
    const bool changed =
        wire::rewrite_attributes(wire::Signal::logs, wire::to_bytes(message), wire::Level::item, editor_, out);
    changed_ = changed;
    if (!changed) return attributes_of_logs(wire::to_bytes(message)).at(0);
    REQUIRE(wire::check(wire::Signal::logs, wire::to_bytes(out)).ok);
    return attributes_of_logs(wire::to_bytes(out)).at(0);
  }
  bool changed() const { return changed_; }
  const ActionEditor& editor() const { return editor_; }

 private:
  static std::vector<ActionConfig> read(const std::string& actions) {
    const auto read = testing::config<ActionList>("actions: " + actions);
    CHECK(read.said == Texts{});
    return read.settings.actions;
  }

  const Actions actions_;
  ActionEditor editor_;
  bool changed_ = false;
};

Texts edited(const std::string& actions, const Pairs& before) {
  return Edited(actions)(before);
}

TEST_CASE("attribute actions: insert, update, upsert and delete, where the key is there and where not",
          "[formats][attributes]") {
  const Pairs there = {{"a", text("1")}, {"k", text("old")}, {"z", text("2")}};
  const Pairs missing = {{"a", text("1")}, {"z", text("2")}};
  const Texts kept = {"a=Str(1)", "k=Str(old)", "z=Str(2)"};
  const Texts replaced = {"a=Str(1)", "k=Str(new)", "z=Str(2)"};
  const Texts added = {"a=Str(1)", "z=Str(2)", "k=Str(new)"};
  const Texts absent = {"a=Str(1)", "z=Str(2)"};
  CHECK(edited("[{action: insert, key: k, value: new}]", there) == kept);
  CHECK(edited("[{action: insert, key: k, value: new}]", missing) == added);
  CHECK(edited("[{action: update, key: k, value: new}]", there) == replaced);
  CHECK(edited("[{action: update, key: k, value: new}]", missing) == absent);
  CHECK(edited("[{action: upsert, key: k, value: new}]", there) == replaced);
  CHECK(edited("[{action: upsert, key: k, value: new}]", missing) == added);
  CHECK(edited("[{action: delete, key: k}]", there) == absent);
  CHECK(edited("[{action: DELETE, key: k}]", missing) == absent);
  CHECK(edited("[{action: insert, key: k, value: new}]", {}) == Texts{"k=Str(new)"});
  CHECK(edited("[{action: delete, key: k}]", {{"k", text("x")}}) == Texts{});
}

TEST_CASE("attribute actions: values keep the type that YAML gave them", "[formats][attributes]") {
  CHECK(edited("[{action: insert, key: k, value: 123}]", {}) == Texts{"k=Int(123)"});
  CHECK(edited("[{action: insert, key: k, value: '123'}]", {}) == Texts{"k=Str(123)"});
  CHECK(edited("[{action: insert, key: k, value: 1.5}]", {}) == Texts{"k=Double(1.5)"});
  CHECK(edited("[{action: insert, key: k, value: false}]", {}) == Texts{"k=Bool(false)"});
  CHECK(edited("[{action: insert, key: k, value: 0}]", {}) == Texts{"k=Int(0)"});
  CHECK(edited("[{action: insert, key: k, value: ''}]", {}) == Texts{"k=Str()"});
  CHECK(edited("[{action: insert, key: k, value: [1, a, {b: true}]}]", {}) == Texts{R"(k=Slice([1,"a",{"b":true}]))"});
  CHECK(edited("[{action: insert, key: k, value: {x: 1, y: [2.5]}}]", {}) == Texts{R"(k=Map({"x":1,"y":[2.5]}))"});
}

TEST_CASE("attribute actions: each sees what those before it did", "[formats][attributes]") {
  CHECK(edited("[{action: insert, key: a, value: 1}, {action: insert, key: b, from_attribute: a}, "
               "{action: update, key: a, value: 2}, {action: delete, key: gone}, {action: upsert, key: c, "
               "from_attribute: a}]",
               {{"gone", text("x")}}) == Texts{"a=Int(2)", "b=Int(1)", "c=Int(2)"});
  // A key that is deleted and set again comes last, as a new one.
  CHECK(edited("[{action: delete, key: a}, {action: insert, key: a, value: new}]",
               {{"a", text("old")}, {"b", text("")}}) == Texts{"b=Str()", "a=Str(new)"});
  CHECK(edited("[{action: insert, key: a, value: 1}, {action: delete, key: a}]", {}) == Texts{});
}

TEST_CASE("attribute actions: from_attribute copies a value of any type, or takes the default",
          "[formats][attributes]") {
  const std::string insert = "[{action: insert, key: to, from_attribute: from}]";
  CHECK(edited(insert, {{"from", wire::int_value(-7)}}) == Texts{"from=Int(-7)", "to=Int(-7)"});
  CHECK(edited(insert, {{"from", ""}}) == Texts{"from=Empty()", "to=Empty()"});
  CHECK(edited(insert, {{"other", text("x")}}) == Texts{"other=Str(x)"});
  CHECK(edited("[{action: upsert, key: to, from_attribute: from, default_value: 5}]", {{"to", text("x")}}) ==
        Texts{"to=Int(5)"});
  CHECK(edited("[{action: insert, key: to, default_value: d}]", {}) == Texts{"to=Str(d)"});
  // The source may come behind the target.
  CHECK(edited("[{action: update, key: a, from_attribute: b}]", {{"a", text("1")}, {"b", text("2")}}) ==
        Texts{"a=Str(2)", "b=Str(2)"});
}

TEST_CASE("attribute actions: from_context", "[formats][attributes]") {
  testing::FakeHost host;
  ContextRef context = ContextBuilder()
                           .peer("192.0.2.7:4711")
                           .metadata("X-Tenant", "a")
                           .metadata("x-tenant", "b")
                           .metadata("broken", "caf\xe9")
                           .auth("subject", "me")
                           .build(host.get());
  const auto value = [&](const std::string& from) {
    return Edited("[{action: insert, key: k, from_context: " + from + "}]")({}, context);
  };
  CHECK(value("metadata.X-Tenant") == Texts{"k=Str(a;b)"});
  CHECK(value("x-tenant") == Texts{"k=Str(a;b)"});
  CHECK(value("auth.subject") == Texts{"k=Str(me)"});
  CHECK(value("client.address") == Texts{"k=Str(192.0.2.7)"});
  CHECK(value("metadata.none") == Texts{});
  CHECK(value("auth.none, default_value: nobody") == Texts{"k=Str(nobody)"});
  CHECK(value("metadata.broken") == Texts{"k=Str(caf\xef\xbf\xbd)"});

  // Each batch has its own sender.
  Edited edit("[{action: upsert, key: k, from_context: metadata.x-tenant}]");
  CHECK(edit({}, context) == Texts{"k=Str(a;b)"});
  CHECK(edit({}) == Texts{});
  context = ContextBuilder().peer("[2001:db8::1]:4711").build(host.get());
  CHECK(value("client.address") == Texts{"k=Str(2001:db8::1)"});
  context = ContextBuilder().peer("2001:db8::1").build(host.get());
  CHECK(value("client.address") == Texts{"k=Str(2001:db8::1)"});
}

TEST_CASE("attribute actions: hash", "[formats][attributes]") {
  const std::string hash = "[{action: hash, key: k}]";
  CHECK(edited(hash, {{"k", text("user@example.com")}}) ==
        Texts{"k=Str(b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514)"});
  CHECK(edited(hash, {{"k", wire::bool_value(true)}}) ==
        Texts{"k=Str(4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a)"});
  CHECK(edited(hash, {{"k", wire::int_value(42)}}) ==
        Texts{"k=Str(ed049108bc18f2c64369e8d0ea42850bdd1a7d1dd340cfde716315579702a76c)"});
  CHECK(edited(hash, {{"k", wire::double_value(1.5)}}) ==
        Texts{"k=Str(e163f8cb0f7067a7fc78ca859a77f849aea3214f38fb75b884e4a16be725c905)"});
  CHECK(edited(hash, {{"k", text("")}, {"l", text("x")}}) == Texts{"k=Str()", "l=Str(x)"});
  CHECK(edited(hash, {{"k", ""}}) == Texts{"k=Str()"});
  CHECK(edited(hash, {{"other", text("x")}}) == Texts{"other=Str(x)"});
}

TEST_CASE("attribute actions: patterns of keys", "[formats][attributes]") {
  const Pairs before = {{"http.a", text("1")}, {"x", text("2")}, {"http.b", text("3")}, {"db", text("4")}};
  CHECK(edited("[{action: delete, pattern: '^http[.]'}]", before) == Texts{"x=Str(2)", "db=Str(4)"});
  CHECK(edited("[{action: delete, key: x, pattern: b$}]", before) == Texts{"http.a=Str(1)"});
  // What an action before has added is matched, too, and what it has deleted is not.
  CHECK(edited("[{action: insert, key: http.new, value: 1}, {action: delete, pattern: http}]", {}) == Texts{});
  CHECK(edited("[{action: delete, pattern: http}, {action: insert, key: http.a, value: 1}]", before) ==
        Texts{"x=Str(2)", "db=Str(4)", "http.a=Int(1)"});
  const Texts hashed = edited("[{action: hash, pattern: ^d}]", before);
  CHECK(hashed[3] == "db=Str(4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a)");
  CHECK(hashed[0] == "http.a=Str(1)");

  // The same editor knows the keys it has seen.
  Edited edit("[{action: delete, pattern: secret}]");
  for (int round = 0; round < 2; ++round) {
    CHECK(edit({{"secret", text("1")}, {"open", text("2")}}) == Texts{"open=Str(2)"});
    CHECK(edit({{std::string(300, 'x') + "secret", text("1")}}) == Texts{});
  }
}

TEST_CASE("attribute actions: extract makes attributes of groups", "[formats][attributes]") {
  const std::string named =
      "[{action: extract, key: url, pattern: "
      "'^(?P<scheme>[a-z]+)://(?P<host>[^/:]+)(?::(?P<port>[0-9]+))?/(?<rest>.*)'}]";
  CHECK(edited(named, {{"url", text("https://example.com:8080/a/b")}, {"host", wire::int_value(1)}}) ==
        Texts{"url=Str(https://example.com:8080/a/b)", "host=Str(example.com)", "scheme=Str(https)", "port=Str(8080)",
              "rest=Str(a/b)"});
  CHECK(edited(named, {{"url", text("http://h/")}}) ==
        Texts{"url=Str(http://h/)", "scheme=Str(http)", "host=Str(h)", "port=Str()", "rest=Str()"});
  CHECK(edited(named, {{"url", text("no url")}}) == Texts{"url=Str(no url)"});
  CHECK(edited(named, {{"url", wire::int_value(5)}}) == Texts{"url=Int(5)"});
  CHECK(edited(named, {}) == Texts{});
}

TEST_CASE("attribute actions: convert", "[formats][attributes]") {
  const auto converted = [](const std::string& type, const std::string& value) {
    return edited("[{action: convert, key: k, converted_type: " + type + "}]", {{"k", value}}).at(0);
  };
  CHECK(converted("int", text("123")) == "k=Int(123)");
  CHECK(converted("int", text("+7")) == "k=Int(7)");
  CHECK(converted("int", text("-7")) == "k=Int(-7)");
  CHECK(converted("int", text("1.5")) == "k=Str(1.5)");
  CHECK(converted("int", text("9223372036854775808")) == "k=Str(9223372036854775808)");
  CHECK(converted("int", wire::double_value(-2.9)) == "k=Int(-2)");
  CHECK(converted("int", wire::double_value(1e300)) == "k=Double(1e+300)");
  CHECK(converted("int", wire::bool_value(true)) == "k=Int(1)");
  CHECK(converted("int", wire::int_value(5)) == "k=Int(5)");
  CHECK(converted("int", "") == "k=Empty()");
  CHECK(converted("double", text("1e3")) == "k=Double(1000)");
  CHECK(converted("double", text("x")) == "k=Str(x)");
  CHECK(converted("double", wire::int_value(3)) == "k=Double(3)");
  CHECK(converted("double", wire::bool_value(false)) == "k=Double(0)");
  CHECK(converted("string", wire::int_value(-3)) == "k=Str(-3)");
  CHECK(converted("string", wire::double_value(0.1)) == "k=Str(0.1)");
  CHECK(converted("string", wire::bool_value(false)) == "k=Str(false)");
  CHECK(converted("string", "") == "k=Str()");
  std::string list;
  wire::Writer(list).message(5, [](auto& values) { values.message(1, [](auto& item) { item.varint(3, 1); }); });
  CHECK(converted("string", list) == "k=Str([1])");
  CHECK(converted("int", list) == "k=Slice([1])");

  Edited edit("[{action: convert, key: k, converted_type: int}]");
  edit({{"k", text("x")}});
  CHECK(edit.editor().unconverted() == 1);
  CHECK(edit.editor().unconverted_key() == "k");
  edit({{"k", text("1")}});
  CHECK(edit.editor().unconverted() == 0);
}

TEST_CASE("attribute actions: of a key that is there twice, the first is read and all are changed",
          "[formats][attributes]") {
  const Pairs before = {{"k", text("1")}, {"x", text("y")}, {"k", text("2")}};
  CHECK(edited("[{action: upsert, key: to, from_attribute: k}]", before).back() == "to=Str(1)");
  CHECK(edited("[{action: update, key: k, value: 3}]", before) == Texts{"k=Int(3)", "x=Str(y)", "k=Int(3)"});
  CHECK(edited("[{action: delete, key: k}]", before) == Texts{"x=Str(y)"});
  CHECK(edited("[{action: delete, pattern: k}, {action: insert, key: k, value: 1}]", before) ==
        Texts{"x=Str(y)", "k=Int(1)"});
  CHECK(edited("[{action: convert, key: k, converted_type: int}]", before) ==
        Texts{"k=Int(1)", "x=Str(y)", "k=Int(2)"});
}

TEST_CASE("attribute actions: what changes nothing writes nothing", "[formats][attributes]") {
  Edited edit(
      "[{action: upsert, key: k, value: same}, {action: delete, key: none}, {action: insert, key: n, value: 1}, "
      "{action: delete, key: n}, {action: convert, key: k, converted_type: string}]");
  CHECK(edit({{"k", text("same")}}) == Texts{"k=Str(same)"});
  CHECK_FALSE(edit.changed());
  CHECK(edit({{"k", text("other")}}) == Texts{"k=Str(same)"});
  CHECK(edit.changed());
}

TEST_CASE("attribute actions: many and long values of one owner", "[formats][attributes]") {
  Edited edit("[{action: hash, pattern: '.*'}]");
  Pairs many;
  for (int i = 0; i < 300; ++i) many.emplace_back("k" + std::to_string(i), text(std::string(1000, 'x')));
  const Texts first = edit(many);
  REQUIRE(first.size() == 300);
  for (const std::string& one : first) CHECK(one.size() > 64);
  CHECK(edit(many) == first);
}

TEST_CASE("attribute actions: encodings that are allowed but unusual", "[formats][attributes]") {
  // The value before the key, a padded length, an unknown field in it: read as any other.
  const std::string value = text("old");
  std::string unusual;
  wire::Writer writer(unusual);
  writer.text(2, value);
  writer.varint(15, 1);
  unusual += std::string("\x0a\x81\x00", 3) + "k";
  std::string message;
  wire::Writer(message).message(1, [&](auto& resource) {
    resource.message(2, [&](auto& scope) { scope.message(2, [&](auto& record) { record.text(6, unusual); }); });
  });
  REQUIRE(wire::check(wire::Signal::logs, wire::to_bytes(message)).ok);
  const auto read =
      testing::config<ActionList>("actions: [{action: hash, key: k}, {action: insert, key: n, from_attribute: k}]");
  const Actions actions(read.settings.actions);
  ActionEditor editor(actions);
  std::string out;
  REQUIRE(wire::rewrite_attributes(wire::Signal::logs, wire::to_bytes(message), wire::Level::item, editor, out));
  REQUIRE(wire::check(wire::Signal::logs, wire::to_bytes(out)).ok);
  const Texts after = attributes_of_logs(wire::to_bytes(out)).at(0);
  REQUIRE(after.size() == 2);
  CHECK(after[0].substr(1) == after[1].substr(1));
  CHECK(after[0].size() == 71);
}

TEST_CASE("attribute actions: damaged messages are read within their bounds, sound ones stay sound",
          "[formats][attributes]") {
  const auto read = testing::config<ActionList>(
      "actions: [{action: hash, pattern: k}, {action: upsert, key: a, from_attribute: n}, {action: delete, key: x}]");
  const Actions actions(read.settings.actions);
  ActionEditor editor(actions);
  std::mt19937_64 random(5);
  const std::string sound = logs_with({{{"k", text("v")}, {"n", wire::int_value(300)}, {"x", ""}}, {{"a", text("b")}}});
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    // On the heap, with nothing behind it that could be read unnoticed.
    std::vector<uint8_t> message(sound.begin(), sound.end() - static_cast<int>(random() % 3 * (random() % 20)));
    for (uint64_t i = random() % 4; i > 0; --i) message[random() % message.size()] = static_cast<uint8_t>(random());
    message.shrink_to_fit();
    std::string out;
    const bool changed = wire::rewrite_attributes(wire::Signal::logs, message, wire::Level::item, editor, out);
    const auto before = wire::check(wire::Signal::logs, message);
    if (!before.ok || !changed) continue;
    ++accepted;
    const auto after = wire::check(wire::Signal::logs, wire::to_bytes(out));
    REQUIRE(after.ok);
    REQUIRE(after.items == before.items);
  }
  CHECK(accepted > 500);
}

}  // namespace
}  // namespace sluice::formats
