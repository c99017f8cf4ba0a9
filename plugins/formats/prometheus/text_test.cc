// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/text.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace sluice::formats::prometheus {
namespace {

std::string number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}
std::string open_metrics(double value) {
  std::string out;
  append_open_metrics_number(out, value);
  return out;
}
std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  append_escaped(out, text, quotes);
  return out;
}
std::string name(std::string_view text) {
  std::string out;
  append_name(out, text);
  return out;
}

TEST_CASE("numbers: as Prometheus writes them", "[formats][prometheus]") {
  CHECK(number(0) == "0");
  CHECK(number(-0.0) == "0");
  CHECK(number(1) == "1");
  CHECK(number(-1) == "-1");
  CHECK(number(7500) == "7500");
  CHECK(number(999999) == "999999");
  CHECK(number(1e6) == "1e+06");
  CHECK(number(-1234567) == "-1.234567e+06");
  CHECK(number(1e21) == "1e+21");
  CHECK(number(1e300) == "1e+300");
  CHECK(number(0.185504081449605) == "0.185504081449605");
  CHECK(number(999999.5) == "999999.5");
  CHECK(number(0.0001) == "0.0001");
  CHECK(number(0.00001) == "1e-05");
  CHECK(number(std::nextafter(0.0001, 0)) == "9.999999999999999e-05");
  CHECK(number(5e-324) == "5e-324");
  CHECK(number(NAN) == "NaN");
  CHECK(number(INFINITY) == "+Inf");
  CHECK(number(-INFINITY) == "-Inf");
}

TEST_CASE("numbers: OpenMetrics shows that they are no integers", "[formats][prometheus]") {
  CHECK(open_metrics(0) == "0.0");
  CHECK(open_metrics(5) == "5.0");
  CHECK(open_metrics(-1) == "-1.0");
  CHECK(open_metrics(0.5) == "0.5");
  CHECK(open_metrics(1e6) == "1e+06");
  CHECK(open_metrics(1700000000.5) == "1.7000000005e+09");
  CHECK(open_metrics(NAN) == "NaN");
  CHECK(open_metrics(-INFINITY) == "-Inf");
}

TEST_CASE("texts: what must be escaped", "[formats][prometheus]") {
  CHECK(escaped("a\\b\nc\"d", true) == R"(a\\b\nc\"d)");
  CHECK(escaped("a\\b\nc\"d", false) == "a\\\\b\\nc\"d");
  CHECK(escaped("", true).empty());
  CHECK(escaped("\n", true) == "\\n");
  CHECK(name("plain:name_9") == "plain:name_9");
  CHECK(name("a.b") == R"("a.b")");
  CHECK(name("a\"b") == R"("a\"b")");
  CHECK(name("").size() == 2);
}

}  // namespace
}  // namespace sluice::formats::prometheus
