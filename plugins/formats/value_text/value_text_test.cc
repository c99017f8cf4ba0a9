// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/value_text/value_text.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "plugins/wire/writer.h"

namespace sluice::formats {
namespace {

template <class Fill>
std::string value(Fill fill) {
  std::string encoded;
  wire::Writer writer(encoded);
  fill(writer);
  std::string out;
  append_value(out, wire::AnyValue(wire::to_bytes(encoded)));
  return out;
}

TEST_CASE("value text: every type", "[formats][value_text]") {
  CHECK(value([](auto&) {}) == "");
  CHECK(value([](auto& w) { w.text(1, "a \"b\""); }) == "a \"b\"");
  CHECK(value([](auto& w) { w.varint(2, 1); }) == "true");
  CHECK(value([](auto& w) { w.signed_varint(3, -5); }) == "-5");
  CHECK(value([](auto& w) { w.float64(4, 1.0); }) == "1");
  CHECK(value([](auto& w) { w.float64(4, 1e21); }) == "1e+21");
  CHECK(value([](auto& w) { w.float64(4, 123456789e12); }) == "123456789000000000000");
  CHECK(value([](auto& w) { w.float64(4, -1e15); }) == "-1000000000000000");
  CHECK(value([](auto& w) { w.float64(4, 9007199254740993.0); }) == "9007199254740992");
  CHECK(value([](auto& w) { w.float64(4, 1000000000000000.5); }) == "1000000000000000.5");
  CHECK(value([](auto& w) { w.float64(4, 1e-7); }) == "1e-7");
  CHECK(value([](auto& w) { w.float64(4, 1.5e-10); }) == "1.5e-10");
  CHECK(value([](auto& w) { w.float64(4, NAN); }) == "NaN");
  CHECK(value([](auto& w) { w.float64(4, -INFINITY); }) == "-Infinity");
  CHECK(value([](auto& w) { w.text(7, "a"); }) == "YQ==");
  CHECK(value([](auto& w) { w.text(7, "ab"); }) == "YWI=");
  CHECK(value([](auto& w) { w.text(7, "abc\xff"); }) == "YWJj/w==");
}

TEST_CASE("value text: lists and maps are compact JSON with sorted keys", "[formats][value_text]") {
  const auto pair = [](auto& map, const char* key, auto fill) {
    map.message(1, [&](auto& entry) {
      entry.text(1, key);
      entry.message(2, fill);
    });
  };
  CHECK(value([](auto& w) { w.message(5, [](auto&) {}); }) == "[]");
  CHECK(value([](auto& w) { w.message(6, [](auto&) {}); }) == "{}");
  const std::string map = value([&](auto& w) {
    w.message(6, [&](auto& m) {
      pair(m, "b", [](auto& v) { v.text(1, "<&>\n\x01\xe2\x80\xa8"); });
      pair(m, "a", [](auto& v) {
        v.message(5, [](auto& list) {
          list.message(1, [](auto& item) { item.varint(3, 1); });
          list.message(1, [](auto&) {});
          list.message(1, [](auto& item) { item.text(7, "x"); });
        });
      });
    });
  });
  CHECK(map == R"({"a":[1,null,"eA=="],"b":"<&>\n\u0001\u2028"})");
}

TEST_CASE("value text: a character is escaped wherever it stands", "[formats][value_text]") {
  const std::pair<const char*, const char*> escapes[] = {{"\"", "\\\""}, {"<", "\\u003c"},      {"&", "\\u0026"},
                                                         {"\t", "\\t"},  {"\u2029", "\\u2029"}, {"\u20ac", "\u20ac"}};
  for (const auto& [character, escaped] : escapes) {
    for (size_t before = 0; before < 40; ++before) {
      for (const size_t after : {0, 1, 3, 8, 17}) {
        std::string text;
        const std::string front(before, 'a'), back(after, 'z');
        append_json_text(text, front + character + back, JsonText::for_html);
        CHECK(text == "\"" + front + escaped + back + "\"");
      }
    }
  }
  std::string text;
  TextBuffer buffer;
  append_json_text(text, "<a> & \xe2\x80", JsonText::plain);
  append_json_text(buffer, "<a> & \xe2\x80", JsonText::plain);
  CHECK(text == "\"<a> & \xe2\x80\"");
  CHECK(buffer.view() == text);
}

}  // namespace
}  // namespace sluice::formats
