// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/pattern.h"

#include <array>
#include <catch2/catch.hpp>

namespace sluice::formats {
namespace {

TEST_CASE("pattern: found anywhere in the text, unless anchored", "[formats][attributes]") {
  CHECK(Pattern("b+").matches("abbc"));
  CHECK_FALSE(Pattern("^b").matches("abbc"));
  CHECK(Pattern("").matches(""));
  CHECK(Pattern("^é$").matches("é"));
  CHECK_FALSE(Pattern("^.$").matches("ab"));
}

TEST_CASE("pattern: both of Go's forms of named groups", "[formats][attributes]") {
  using Names = std::vector<std::string>;
  CHECK(Pattern("(?P<a>x)(?<b>y)(z)").groups() == Names{"a", "b", ""});
  std::array<std::string_view, 3> found;
  REQUIRE(Pattern("(?P<a>x)|(?<b>y)|(z)").match_groups("..y", found));
  CHECK(found[0].empty());
  CHECK(found[1] == "y");
  CHECK_FALSE(Pattern("(?<b>y)").match_groups("x", found));
}

TEST_CASE("pattern: what looks like a named group but is none stays as it is", "[formats][attributes]") {
  CHECK(Pattern(R"(\(?<a>)").matches("(<a>"));
  CHECK(Pattern("^[(?<a>]+$").matches("(?<a>"));
  CHECK(Pattern("^[](?<a>]+$").matches("](?<a>"));
  CHECK(Pattern("^[^](?<a>]+$").matches("bcd"));
  CHECK(Pattern("^[[:alpha:](?<]+$").matches("a(?<"));
  CHECK(Pattern(R"(^\Q(?<a>\E$)").matches("(?<a>"));
  CHECK(Pattern(R"(^\Q(?<a>)").matches("(?<a>"));
}

TEST_CASE("pattern: problems", "[formats][attributes]") {
  CHECK(Pattern::problem("a|b") == "");
  CHECK(Pattern::problem("a(") == "this is no regular expression: missing ): a(; RE2's syntax is accepted");
  CHECK(Pattern::problem("(?<=x)y") != "");
  CHECK(Pattern::problem("(?<!x)y") != "");
  CHECK(Pattern::problem(R"(\C)").find("\\C is not accepted") == 0);
  CHECK(Pattern::problem(R"(\\C)") == "");
  std::string many;
  for (int i = 0; i < 65; ++i) many += "(x)";
  CHECK(Pattern::problem(many) == "a regular expression may have 64 groups at most");
}

}  // namespace
}  // namespace sluice::formats
