// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/labels.h"

#include <catch2/catch.hpp>
#include <utility>

namespace sluice::formats::prometheus {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string rendered(const Pairs& pairs) {
  LabelSet labels;
  for (const auto& [name, value] : pairs) labels.set(name, value);
  return labels.render();
}

Pairs read(std::string_view text) {
  Pairs pairs;
  for (LabelReader reader(text); reader.next();) pairs.emplace_back(reader.name(), reader.value());
  return pairs;
}

TEST_CASE("labels: rendered sorted and escaped, and read back", "[formats][prometheus]") {
  CHECK(rendered({}).empty());
  CHECK(rendered({{"b", "2"}, {"a", ""}, {"B", "x"}}) == R"(B="x",a="",b="2")");
  const Pairs odd = {{"a", "x\"y\\z\nw"}, {"a.b", "1"}, {"c\"d=", ",\"=,"}};
  const std::string text = rendered(odd);
  CHECK(text == R"(a="x\"y\\z\nw","a.b"="1","c\"d="=",\"=,")");
  CHECK(read(text) == odd);
  CHECK(read("").empty());
}

TEST_CASE("labels: one name twice", "[formats][prometheus]") {
  LabelSet labels;
  labels.join("a", "1");
  labels.join("a", "2");
  labels.set("b", "1");
  labels.set("b", "2");
  labels.add("c", "1");
  labels.add("c", "2");
  CHECK(labels.render() == R"(a="1;2",b="2",c="1")");
  CHECK(labels.has("c"));
  CHECK_FALSE(labels.has("d"));
}

TEST_CASE("labels: order of series is by number, then by values, names aside", "[formats][prometheus]") {
  const std::vector<std::string> ascending = {
      rendered({}),
      rendered({{"z", ""}}),
      rendered({{"a", std::string(1, '\0')}}),
      rendered({{"a", std::string("\0\0", 2)}}),
      rendered({{"a", std::string("\0\1", 2)}}),
      rendered({{"a", "\1"}}),
      rendered({{"a", "\2"}}),
      rendered({{"a", "\n"}}),
      rendered({{"a", "!"}}),
      rendered({{"a", "\""}}),
      rendered({{"b", "/error"}}),
      rendered({{"a", "/hello"}}),
      rendered({{"a", "/hello2"}}),
      rendered({{"a", "\\"}}),
      rendered({{"a", "\\n"}}),
      rendered({{"a", "ä"}}),
      rendered({{"x.y", "1"}, {"z", "2"}}),
      rendered({{"x", "1"}, {"z", "3"}}),
      rendered({{"a", "2"}, {"b", "1"}}),
  };
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t k = 0; k < ascending.size(); ++k) {
      INFO(ascending[i] << " against " << ascending[k]);
      CHECK(compare_labels(ascending[i], ascending[k]) == (i <=> k));
      std::string key, other;
      append_sort_key(key, ascending[i]);
      append_sort_key(other, ascending[k]);
      CHECK((key <=> other) == (i <=> k));
    }
  }
}

TEST_CASE("labels: names for a scraper without UTF-8", "[formats][prometheus]") {
  CHECK(escape_label_names(R"("a.b"="1\n",c="2")", Escaping::underscores) == R"(a_b="1\n",c="2")");
  CHECK(escape_label_names(R"("a.b"="1",c_d="2")", Escaping::dots) == R"(a_dot_b="1",c__d="2")");
}

}  // namespace
}  // namespace sluice::formats::prometheus
