// SPDX-License-Identifier: Apache-2.0
#include "core/config/scalar.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace sluice::config {
namespace {

int64_t integer(std::string_view text) {
  const Scalar scalar = resolve_scalar(text);
  REQUIRE(scalar.kind == NodeKind::integer);
  return scalar.integer;
}
double real(std::string_view text) {
  const Scalar scalar = resolve_scalar(text);
  REQUIRE(scalar.kind == NodeKind::real);
  return scalar.number;
}

TEST_CASE("scalar: whole numbers in every base", "[config]") {
  CHECK(integer("0") == 0);
  CHECK(integer("0123") == 83);
  CHECK(integer("0o17") == 15);
  CHECK(integer("0x1F") == 31);
  CHECK(integer("-0x10") == -16);
  CHECK(integer("0b101") == 5);
  CHECK(integer("+12") == 12);
  CHECK(integer("1_000_000") == 1'000'000);
  CHECK(integer("9223372036854775807") == INT64_MAX);
  CHECK(integer("-9223372036854775808") == INT64_MIN);
  CHECK(resolve_scalar("9223372036854775808").kind == NodeKind::real);
}

TEST_CASE("scalar: numbers with a point or an exponent", "[config]") {
  CHECK(real("1.5") == 1.5);
  CHECK(real(".5") == 0.5);
  CHECK(real("2.") == 2);
  CHECK(real("1e3") == 1000);
  CHECK(real("-1.5E-1") == -0.15);
  CHECK(real("08") == 8);  // no octal, so Go takes it for a float
  CHECK(std::isinf(real(".inf")));
  CHECK(real("-.INF") < 0);
  CHECK(std::isnan(real(".NaN")));
  CHECK(std::isinf(real("1e999")));
  CHECK(real("1e-999") == 0);
}

TEST_CASE("scalar: true, false, null, and what is only text", "[config]") {
  for (const char* text : {"true", "True", "TRUE"}) CHECK(resolve_scalar(text).integer == 1);
  for (const char* text : {"false", "False", "FALSE"}) CHECK(resolve_scalar(text).kind == NodeKind::boolean);
  for (const char* text : {"", "~", "null", "Null", "NULL"}) CHECK(resolve_scalar(text).kind == NodeKind::null);
  for (const char* text : {"yes", "no", "on", "off",   "y",   "tRue", "nULL", "2024-01-01", "1:30", "0x", "0b2", "1e",
                           ".",   "-",  "+",  "1.2.3", "0xg", "--1",  "e5",   ".e5",        "1 2",  "_1", "inf", "nan"})
    CHECK(resolve_scalar(text).kind == NodeKind::string);
}

TEST_CASE("scalar: durations in Go's form", "[config]") {
  CHECK(parse_duration("500ms") == 500'000'000);
  CHECK(parse_duration("1h30m") == 5'400'000'000'000);
  CHECK(parse_duration("1.5s") == 1'500'000'000);
  CHECK(parse_duration(".5s") == 500'000'000);
  CHECK(parse_duration("-2s") == -2'000'000'000);
  CHECK(parse_duration("+1ns") == 1);
  CHECK(parse_duration("1\xC2\xB5s") == 1000);
  CHECK(parse_duration("1\xCE\xBCs") == 1000);
  CHECK(parse_duration("0") == 0);
  CHECK(parse_duration("2562047h47m16.854775807s") == INT64_MAX);
  for (const char* text : {"", "5", "5x", "s", "1h30", "1d", ".s", "1..5s", "2562048h", "1 s", "-", "1s ", "5e3s"})
    CHECK_FALSE(parse_duration(text));
}

TEST_CASE("scalar: durations are written with the largest units", "[config]") {
  CHECK(format_duration(0) == "0s");
  CHECK(format_duration(5'400'000'000'000) == "1h30m");
  CHECK(format_duration(1'500'000'000) == "1s500ms");
  CHECK(format_duration(-200'000'000) == "-200ms");
  for (int64_t n : {int64_t{1}, int64_t{999'999'999}, INT64_MAX, int64_t{86'400'000'000'001}})
    CHECK(parse_duration(format_duration(n)) == n);
}

TEST_CASE("scalar: sizes with and without a unit", "[config]") {
  CHECK(parse_bytes("512") == 512u);
  CHECK(parse_bytes("20MiB") == 20u << 20);
  CHECK(parse_bytes("64 kB") == 64'000u);
  CHECK(parse_bytes("1gib") == 1u << 30);
  CHECK(parse_bytes("7B") == 7u);
  for (const char* text : {"", "MiB", "-1", "1.5MiB", "1XiB", "1  MB", "8388608TiB", "99999999999999999999"})
    CHECK_FALSE(parse_bytes(text));
}

TEST_CASE("scalar: numbers are written so that they read back", "[config]") {
  CHECK(format_number(0.1) == "0.1");
  CHECK(format_number(1000) == "1000");
  CHECK(format_number(std::numeric_limits<double>::infinity()) == ".inf");
  CHECK(format_number(-std::numeric_limits<double>::infinity()) == "-.inf");
  CHECK(format_number(std::nan("")) == ".nan");
}

}  // namespace
}  // namespace sluice::config
