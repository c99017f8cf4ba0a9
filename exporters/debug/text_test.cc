// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/text.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "exporters/debug/output.h"
#include "exporters/debug/sampler.h"

namespace sluice::exporters {
namespace {

template <class F, class... Args>
std::string text(F f, Args... args) {
  std::string out;
  f(out, args...);
  return out;
}

TEST_CASE("debug text: shortest numbers as Go prints them", "[exporter][debug]") {
  const auto shortest = [](double v) { return text(append_shortest, v); };
  CHECK(shortest(0) == "0");
  CHECK(shortest(-1.5) == "-1.5");
  CHECK(shortest(999999) == "999999");
  CHECK(shortest(1e6) == "1e+06");
  CHECK(shortest(123456789) == "1.23456789e+08");
  CHECK(shortest(0.0001) == "0.0001");
  CHECK(shortest(0.00001) == "1e-05");
  CHECK(shortest(1e100) == "1e+100");
  CHECK(shortest(NAN) == "NaN");
  CHECK(shortest(INFINITY) == "+Inf");
  CHECK(shortest(-INFINITY) == "-Inf");
}

TEST_CASE("debug text: fixed numbers have six digits behind the point", "[exporter][debug]") {
  const auto fixed = [](double v) { return text(append_fixed, v); };
  CHECK(fixed(1.23) == "1.230000");
  CHECK(fixed(-0.0000004) == "-0.000000");
  CHECK(fixed(std::numeric_limits<double>::max()).size() == 309 + 7);
  CHECK(fixed(INFINITY) == "+Inf");
}

TEST_CASE("debug text: times", "[exporter][debug]") {
  const auto time = [](uint64_t v) { return text(append_time, v); };
  CHECK(time(0) == "1970-01-01 00:00:00 +0000 UTC");
  CHECK(time(1'700'000'000'250'000'000) == "2023-11-14 22:13:20.25 +0000 UTC");
  CHECK(time(1'700'000'000'000'000'001) == "2023-11-14 22:13:20.000000001 +0000 UTC");
  CHECK(time(UINT64_MAX) == "1969-12-31 23:59:59.999999999 +0000 UTC");
}

TEST_CASE("debug text: ids are hex, zeros are nothing", "[exporter][debug]") {
  const auto id = [](std::string_view v) { return text(append_id, wire::to_bytes(v)); };
  CHECK(id("\x01\xab\xff") == "01abff");
  CHECK(id(std::string_view("\0\0", 2)) == "");
  CHECK(id("") == "");
}

TEST_CASE("debug text: console line", "[exporter][debug]") {
  CHECK(console_line("Traces", {{"resource spans", 1}, {"spans", 2}}) ==
        "Traces\t{\"resource spans\": 1, \"spans\": 2}\n");
  CHECK(console_line("text", {}) == "text\n");
}

TEST_CASE("debug sampler: the first of a second, then every n-th, each message for itself", "[exporter][debug]") {
  Sampler sampler(2, 3);
  constexpr uint64_t kNow = 5'000'000'000;
  std::string printed;
  for (int i = 0; i < 8; ++i) printed += sampler.print("a", kNow) ? '1' : '0';
  CHECK(printed == "11001001");
  CHECK(sampler.print("b", kNow));
  CHECK(sampler.print("a", kNow + 1'000'000'000));
}

TEST_CASE("debug sampler: nothing after the first where thereafter is 0", "[exporter][debug]") {
  Sampler sampler(1, 0);
  CHECK(sampler.print("a", 1));
  for (int i = 0; i < 5; ++i) CHECK_FALSE(sampler.print("a", 1));
}

}  // namespace
}  // namespace sluice::exporters
