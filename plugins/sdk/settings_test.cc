// SPDX-License-Identifier: Apache-2.0
// Settings in both directions: what a declaration says to the core, and what it takes from it.
#include "plugins/sdk/settings.h"

#include <catch2/catch.hpp>

#include "plugins/testing/config.h"

namespace sluice {
namespace {

using namespace sluice::literals;
using testing::config;

struct Small {
  Duration timeout = 200ms;
  uint32_t size = 8;
  void settings(Settings& s) {
    s("timeout", timeout, "How \"long\".").min(0s);
    s("size", size, "How many.").max(100).unit("items");
    s.check(size != 13, "size", "must not be 13");
  }
};

enum class Colour { red, green };
struct Item {
  std::string name;
  Colour colour = Colour::green;
  void settings(Settings& s) {
    s("name", name, "Its name.").required();
    s("colour", colour, "Its colour.", {{"red", Colour::red}, {"green", Colour::green}}).any_case();
  }
};
struct Everything {
  bool flag = true;
  int8_t tiny = -5;
  uint64_t big = 1;
  double ratio = 0.5;
  std::string text = "x\"y";
  Duration wait = 90s;
  Bytes bytes = 2_MiB;
  Secret secret;
  ComponentRef reference;
  Value any;
  Headers headers;
  std::vector<std::string> names = {"a", "b"};
  std::vector<Item> items;
  std::vector<int32_t> numbers = {1, 2};
  Map<std::string> labels;
  Map<Item> more;
  Small nested;
  Section<Small> on{kOn}, off;
  std::optional<Small> maybe;
  void settings(Settings& s) {
    s("flag", flag, "A flag.");
    s("tiny", tiny, "A small number.");
    s("big", big, "A large number.");
    s("ratio", ratio, "A number.").min(0).max(1);
    s("text", text, "A text.").was("txt");
    s("wait", wait, "A time.").above(0s);
    s("bytes", bytes, "A size.");
    s("secret", secret, "A secret.");
    s("reference", reference, "Another one.").refers("extension", "sluice.x/0");
    s("any", any, "Anything.");
    s("headers", headers, "Headers.");
    s("names", names, "Names.").unique().min_items(1);
    s("items", items, "Items.");
    s("numbers", numbers, "Numbers.");
    s("labels", labels, "Labels.");
    s("more", more, "Items by name.");
    s("nested", nested, "A part.");
    s("on", on, "A part that is on.");
    s("off", off, "A part that is off.");
    s("maybe", maybe, "A part that may be there.");
    s.removed("gone", "write text");
    s.unsupported("later", "later is not supported yet");
    s.rules().at_most_one({"text", "names"}).together({"wait", "bytes"}, "both or none");
  }
};

struct Exporter {
  std::string endpoint = "a:1";
  void settings(Settings& s) {
    s("endpoint", endpoint, "Where to.").format("host:port").listens().example("b:2").default_text("here");
    s.when("endpoint", {"a:1"}).forbid({"endpoint"});
    s.delivery(true, false, 1500ms);
  }
};

TEST_CASE("settings: the schema that a declaration gives", "[sdk]") {
  CHECK(Settings::schema_of<Small>() ==
        R"({"type":"object","properties":{"timeout":{"description":"How \"long\".","type":"string",)"
        R"("x-kind":"duration","default":"200ms","minimum":"0s"},"size":{"description":"How many.","type":"integer",)"
        R"("default":8,"x-int":"u32","maximum":100,"x-unit":"items"}}})");
  CHECK(
      Settings::schema_of<Exporter>() ==
      R"({"type":"object","properties":{"endpoint":{"description":"Where to.","type":"string","default":"a:1",)"
      R"("format":"host:port","x-listens":true,"x-example":"b:2","x-default-text":"here"},"":{"x-delivery":true,)"
      R"("queue":true,"retry":false,"timeout":"1500ms"}},"x-rules":[{"when":{"endpoint":["a:1"]},"forbid":["endpoint"]}]})");
}

TEST_CASE("settings: nothing written gives every default", "[sdk]") {
  const auto all = config<Everything>("{}");
  CHECK(all.said == std::vector<std::string>{});
  const Everything& s = all.settings;
  CHECK((s.flag && s.tiny == -5 && s.big == 1 && s.ratio == 0.5));
  CHECK(s.text == "x\"y");
  CHECK(s.wait == 90s);
  CHECK(s.bytes.count == 2u << 20);
  CHECK(s.secret.empty());
  CHECK_FALSE(s.reference);
  CHECK(s.any.kind == SLUICE_NULL);
  CHECK(s.names == std::vector<std::string>{"a", "b"});
  CHECK(s.numbers == std::vector<int32_t>{1, 2});
  CHECK((s.on && !s.off && !s.maybe));
}

TEST_CASE("settings: everything written arrives", "[sdk]") {
  const auto all = config<Everything>(R"(
flag: false
tiny: -128
big: 9223372036854775807
ratio: 1
txt: new
wait: 1m
bytes: 3KiB
secret: s3cret
reference: x/1
any: {a: [1, two, 2.5, true, null]}
headers: {k: v}
items: [{name: one, colour: RED}]
numbers: []
labels: {l: m}
more: {first: {name: two}}
nested: {size: 3}
on: {enabled: false}
off: {size: 4}
maybe: {timeout: 1s}
)");
  CHECK(all.said == std::vector<std::string>{"\"txt\" has a new name; write \"text\" [config.renamed]"});
  const Everything& s = all.settings;
  CHECK((!s.flag && s.tiny == -128 && s.big == INT64_MAX && s.ratio == 1));
  CHECK(s.text == "new");
  CHECK(s.wait == 1min);
  CHECK(s.bytes.count == 3072);
  CHECK(s.secret.reveal() == "s3cret");
  CHECK(s.reference.id == "x/1");
  REQUIRE(s.any.children.size() == 1);
  const Value& list = s.any.children[0];
  CHECK(list.key == "a");
  REQUIRE(list.children.size() == 5);
  CHECK((list.children[0].integer == 1 && list.children[1].string == "two" && list.children[2].number == 2.5 &&
         list.children[3].kind == SLUICE_BOOL && list.children[4].kind == SLUICE_NULL));
  REQUIRE(s.headers.size() == 1);
  CHECK(s.headers[0].second.reveal() == "v");
  REQUIRE(s.items.size() == 1);
  CHECK(s.items[0].colour == Colour::red);
  CHECK(s.numbers.empty());
  CHECK(s.labels == Map<std::string>{{"l", "m"}});
  CHECK((s.more[0].first == "first" && s.more[0].second.name == "two"));
  CHECK(s.nested.size == 3);
  CHECK((!s.on && s.off && s.off->size == 4 && s.off->timeout == 200ms));
  CHECK((s.maybe && s.maybe->timeout == 1s));
}

TEST_CASE("settings: mistakes, those of the schema and those of check()", "[sdk]") {
  CHECK(config<Small>("size: 13").said == std::vector<std::string>{"size: must not be 13 [config.check]"});
  CHECK(config<Small>("{size: 101, timeout: 5}").said ==
        std::vector<std::string>{"size: 101 is out of range; accepted: 0 to 100 items [config.range]",
                                 "timeout: expected a duration such as 500ms, 10s, 1h30m, found the number 5; write 5s "
                                 "for seconds, or 5ms [config.type]"});
  CHECK(config<Everything>("{gone: 1, later: 1}").said ==
        std::vector<std::string>{"gone: this key is gone; write text [config.removed]",
                                 "later: later is not supported yet [config.unsupported]"});
  CHECK(config<Everything>("wait: 1s").said == std::vector<std::string>{"wait: both or none [config.rule]"});
  CHECK(config<Small>("a: [").said.size() == 1);
  CHECK(config<Small>("size: 101").tree.value == nullptr);
}

enum class Version { one, two };
struct Versioned {
  Version version = Version::one;
  void settings(Settings& s) { s("version", version, "Which.", {{"1.2", Version::one}, {"1.3", Version::two}}); }
};

TEST_CASE("settings: a choice that looks like a number needs quotes", "[sdk]") {
  CHECK(config<Versioned>("version: '1.3'").settings.version == Version::two);
  CHECK(config<Versioned>("version: 1.3").said ==
        std::vector<std::string>{"version: expected one of \"1.2\" or \"1.3\", found the number 1.3; put it in quotes "
                                 "[config.type]"});
  CHECK(config<Versioned>("version: 2").said ==
        std::vector<std::string>{"version: expected one of \"1.2\" or \"1.3\", found the number 2 [config.type]"});
}

TEST_CASE("settings: the core's delivery keys do not arrive", "[sdk]") {
  const auto exporter = config<Exporter>("{timeout: 1s, sending_queue: {enabled: false}}");
  CHECK(exporter.said.empty());
  REQUIRE(exporter.tree.value);
  CHECK(exporter.tree.value->child_count == 1);
}

struct Branching {
  bool more = false;
  int32_t extra = 0;
  void settings(Settings& s) {
    s("more", more, "Whether.");
    if (more) s("extra", extra, "What.");
  }
};
struct Undocumented {
  uint32_t size = 5;
  std::string form = "x";
  Duration wait{};
  void settings(Settings& s) {
    s("size", size, "").min(6);
    s("form", form, "A form.").pattern("[0-9]");
    s("wait", wait, "A time.").above(0s);
  }
};

TEST_CASE("settings: mistakes of a declaration", "[sdk]") {
  CHECK(testing::declaration_mistakes<Small>().empty());
  CHECK(testing::declaration_mistakes<Everything>().empty());
  CHECK(testing::declaration_mistakes<Exporter>().empty());
  CHECK(testing::declaration_mistakes<Branching>() ==
        std::vector<std::string>{"settings() depends on the values of members"});
  CHECK(testing::declaration_mistakes<Undocumented>() ==
        std::vector<std::string>{"size: there is no description", "size: the default is out of range: 6 to 4294967295",
                                 "form: the default does not match [0-9]",
                                 "wait: the default is out of range: above 0s"});
}

}  // namespace
}  // namespace sluice
