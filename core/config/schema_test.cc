// SPDX-License-Identifier: Apache-2.0
#include "core/config/schema.h"

#include <catch2/catch.hpp>

#include "core/config/state.h"

namespace sluice::config {
namespace {

Setting parse(const std::string& properties) {
  std::string error;
  auto schema = parse_schema("{\"type\":\"object\",\"properties\":{" + properties + "}}", error);
  INFO(error);
  REQUIRE(schema);
  return std::move(*schema);
}
std::string broken(const std::string& text) {
  std::string error;
  CHECK_FALSE(parse_schema(text, error));
  return error;
}

TEST_CASE("schema: limits of whole numbers come from x-int, minimum and maximum", "[config][schema]") {
  const Setting s =
      parse(R"("a":{"type":"integer","x-int":"u8"},"b":{"type":"integer","x-int":"u32","maximum":10},)"
            R"("c":{"type":"integer","x-int":"i64"},"d":{"type":"integer","x-int":"u16","exclusiveMinimum":0})");
  CHECK(s.find("a")->setting.max == 255);
  CHECK(s.find("b")->setting.max == 10);
  CHECK(range_text(s.find("a")->setting) == "0 to 255");
  CHECK(range_text(s.find("c")->setting) == "");
  CHECK(s.find("d")->setting.min == 1);
}

TEST_CASE("schema: limits of durations and numbers", "[config][schema]") {
  const Setting s =
      parse(R"("a":{"type":"string","x-kind":"duration","exclusiveMinimum":"0s","maximum":"1h"},)"
            R"("b":{"type":"string","x-kind":"duration","exclusiveMinimum":"0s"},)"
            R"("c":{"type":"number","minimum":0,"maximum":1.5},"d":{"type":"number","exclusiveMinimum":0})");
  CHECK(s.find("a")->setting.max == 3'600'000'000'000);
  CHECK(range_text(s.find("b")->setting) == "above 0s");
  CHECK(range_text(s.find("c")->setting) == "0 to 1.5");
  CHECK(range_text(s.find("d")->setting) == "above 0");
}

TEST_CASE("schema: unknown keywords are ignored, broken ones are errors of the plugin", "[config][schema]") {
  CHECK(parse(R"("a":{"type":"string","x-new":{"deep":[1]}})").find("a")->setting.type == SettingType::text);
  CHECK(broken("[") == "the text ends early at offset 1");
  CHECK(broken("{\"type\":\"string\"}") == "the schema is no object");
  CHECK(broken(R"({"type":"object","properties":{"a":5}})") == "a: a setting is no object");
  CHECK(broken(R"({"type":"object","properties":{"a":{"type":"strange"}}})") == "a: unknown type \"strange\"");
  CHECK(broken(R"({"type":"object","properties":{"a":{"type":"array"}}})") == "a: no items");
  CHECK(broken(R"({"type":"object","properties":{"a":{"type":"string","x-kind":"duration","minimum":"5x"}}})") ==
        "a: minimum is no duration");
  CHECK(broken(R"({"type":"object","properties":{"a":{"type":"integer","minimum":1.5}}})") ==
        "a: minimum is no whole number");
  CHECK(broken(R"({"type":"object","properties":{},"x-rules":[{"need":["b"]}]})") ==
        ": a rule names the unknown key \"b\"");
  CHECK(broken(R"({"type":"object","properties":{"":{"x-delivery":true}}})") == ": x-delivery without a timeout");
}

TEST_CASE("schema: x-delivery puts the core's keys behind the component's", "[config][schema]") {
  std::string error;
  const auto s = component_schema(
      R"({"type":"object","properties":{"a":{"type":"boolean"},"":{"x-delivery":true,"queue":true,"retry":false,"timeout":"1500ms"}}})",
      error);
  REQUIRE(s);
  REQUIRE(s->properties.size() == 4);
  CHECK(s->properties[1].key == "sending_queue");
  CHECK(s->properties[1].setting.section == SectionKind::on);
  CHECK(s->properties[2].setting.section == SectionKind::off);
  CHECK(default_text(s->properties[3].setting) == "1s500ms");
}

TEST_CASE("schema: names, defaults and lists as people read them", "[config][schema]") {
  const Setting s =
      parse(R"("a":{"type":"array","items":{"type":"string"},"default":["x"]},)"
            R"("b":{"type":"string","default":"1.2"},"c":{"type":"string","enum":["x","y"],"default":"x"},)"
            R"("d":{"type":"object","x-section":"off","properties":{}},"e":{"type":"string","x-required":true},)"
            R"("f":{"type":"integer","x-int":"u32","default":0,"x-default-text":"number of CPUs","x-unit":"threads"})");
  CHECK(type_name(s.find("a")->setting) == "list of text");
  CHECK(default_text(s.find("a")->setting) == "[\"x\"]");
  CHECK(default_text(s.find("b")->setting) == "\"1.2\"");
  CHECK(range_text(s.find("c")->setting) == "x, y");
  CHECK(default_text(s.find("d")->setting) == "off");
  CHECK(default_text(s.find("e")->setting) == "required");
  CHECK(default_text(s.find("f")->setting) == "number of CPUs");
  CHECK(range_text(s.find("f")->setting) == "0 to 4294967295 threads");
  CHECK(quoted_list({}) == "");
  CHECK(quoted_list({"a"}) == "\"a\"");
  CHECK(quoted_list({"a", "b", "c"}, "or") == "\"a\", \"b\" or \"c\"");
}

}  // namespace
}  // namespace sluice::config
