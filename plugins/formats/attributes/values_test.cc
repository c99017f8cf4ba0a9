// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/values.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "plugins/wire/writer.h"

namespace sluice::formats {
namespace {

TEST_CASE("values: integers are read as upstream reads them", "[formats][attributes]") {
  CHECK(parse_int("0") == 0);
  CHECK(parse_int("+12") == 12);
  CHECK(parse_int("-9223372036854775808") == std::numeric_limits<int64_t>::min());
  for (const char* bad : {"", "+", "-", "+-1", "--1", " 1", "1 ", "1.0", "0x10", "1_000", "9223372036854775808"}) {
    INFO(bad);
    CHECK(parse_int(bad) == std::nullopt);
  }
}

TEST_CASE("values: doubles are read as upstream reads them", "[formats][attributes]") {
  CHECK(parse_double("1") == 1.0);
  CHECK(parse_double("-1.5e3") == -1500.0);
  CHECK(parse_double("+.5") == 0.5);
  CHECK(parse_double("0x1.8p1") == 3.0);
  CHECK(parse_double("1e-400") == 0.0);
  CHECK(parse_double("-inf") == -std::numeric_limits<double>::infinity());
  CHECK(parse_double("Infinity") == std::numeric_limits<double>::infinity());
  REQUIRE(parse_double("NaN"));
  CHECK(std::isnan(*parse_double("NaN")));
  for (const char* bad : {"", "-", "+-1", "1e400", "1 ", "x", "0x10", "nan(1)", "1,5"}) {
    INFO(bad);
    CHECK(parse_double(bad) == std::nullopt);
  }
}

TEST_CASE("values: doubles become integers towards zero, where they fit", "[formats][attributes]") {
  CHECK(to_int(2.9) == 2);
  CHECK(to_int(-2.9) == -2);
  CHECK(to_int(-9223372036854775808.0) == std::numeric_limits<int64_t>::min());
  CHECK(to_int(9223372036854775808.0) == std::nullopt);
  CHECK(to_int(NAN) == std::nullopt);
}

TEST_CASE("values: bytes that are no UTF-8 are replaced one by one", "[formats][attributes]") {
  CHECK(to_utf8("é€") == "é€");
  CHECK(to_utf8("a\xff\xfe z") == "a\xef\xbf\xbd\xef\xbf\xbd z");
  CHECK(to_utf8("\xe2\x82") == "\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(to_utf8("") == "");
}

template <class Fill>
std::string encoded(Fill fill) {
  std::string out;
  wire::Writer writer(out);
  fill(writer);
  return out;
}

bool equal(const std::string& a, const std::string& b) {
  return equal_values(wire::AnyValue(wire::to_bytes(a)), wire::AnyValue(wire::to_bytes(b)));
}

TEST_CASE("values: equal are values of one type, maps in any order", "[formats][attributes]") {
  const auto text = [](const char* t) { return encoded([&](auto& w) { w.text(1, t); }); };
  const auto map = [](const char* first, const char* second) {
    return encoded([&](auto& w) {
      w.message(6, [&](auto& m) {
        for (const char* key : {first, second}) {
          m.message(1, [&](auto& pair) {
            pair.text(1, key);
            pair.message(2, [&](auto& any) { any.text(1, key); });
          });
        }
      });
    });
  };
  const auto list = [](int64_t first, int64_t count) {
    return encoded([&](auto& w) {
      w.message(5, [&](auto& l) {
        for (int64_t i = 0; i < count; ++i) l.message(1, [&](auto& any) { any.signed_varint(3, first + i); });
      });
    });
  };
  CHECK(equal(text("a"), text("a")));
  CHECK_FALSE(equal(text("a"), text("b")));
  CHECK_FALSE(equal(text("1"), list(1, 1)));
  CHECK(equal("", ""));
  CHECK(equal(map("a", "b"), map("b", "a")));
  CHECK_FALSE(equal(map("a", "b"), map("a", "c")));
  CHECK(equal(list(1, 2), list(1, 2)));
  CHECK_FALSE(equal(list(1, 2), list(1, 3)));
  CHECK_FALSE(equal(list(1, 2), list(2, 2)));
}

}  // namespace
}  // namespace sluice::formats
