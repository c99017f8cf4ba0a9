// SPDX-License-Identifier: Apache-2.0
#include "core/config/json.h"

#include <catch2/catch.hpp>

namespace sluice::config {
namespace {

std::string again(std::string_view text) {
  std::string error, out;
  const auto json = parse_json(text, error);
  if (!json) return error;
  append_json(out, *json);
  return out;
}

TEST_CASE("json: every kind of value survives reading and writing", "[config]") {
  const char* const text = R"({"a":[1,-2,1.5,true,false,null,"x\ny\"\\"],"b":{},"c":[]})";
  CHECK(again(text) == text);
  CHECK(again(" [ 1 , 2 ] ") == "[1,2]");
  CHECK(again(R"("\u0041\u00e4\u20ac\ud83d\ude00\/\t")") == "\"A\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80/\\u0009\"");
}

TEST_CASE("json: find gives the member, or nothing", "[config]") {
  std::string error;
  const auto json = parse_json(R"({"a":1,"b":"x"})", error);
  REQUIRE(json);
  CHECK(json->find("a")->integer == 1);
  CHECK(json->find("b")->string == "x");
  CHECK_FALSE(json->find("c"));
}

TEST_CASE("json: mistakes say where they are", "[config]") {
  CHECK(again("") == "the text ends early at offset 0");
  CHECK(again("[1,]") == "not a value at offset 3");
  CHECK(again("{\"a\" 1}") == "\":\" is missing at offset 5");
  CHECK(again("{a:1}") == "a key is missing at offset 1");
  CHECK(again("[1 2]") == "\"]\" is missing at offset 3");
  CHECK(again("\"x") == "a text is not closed at offset 2");
  CHECK(again("\"\\x\"") == "an unknown escape at offset 2");
  CHECK(again("\"\\ud83dx\"") == "an unknown escape at offset 6");
  CHECK(again("1 2") == "text behind the value at offset 2");
  CHECK(again("nul") == "not a value at offset 0");
  CHECK(again("\"a\nb\"") == "a control character in a text at offset 2");
  CHECK(again(std::string(300, '[')) == "too deep at offset 201");
}

}  // namespace
}  // namespace sluice::config
