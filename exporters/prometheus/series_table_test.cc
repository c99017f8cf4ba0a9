// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/series_table.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <unordered_map>

#include "exporters/prometheus/testing.h"

namespace sluice::exporters::testing {
namespace {

using formats::prometheus::FamilyType;

TEST_CASE("hash index: finds what is in it, through growth and erasure", "[exporter][prometheus]") {
  HashIndex index;
  std::mt19937 random(7);
  std::unordered_map<uint32_t, uint32_t> tags;  // number -> tag; few tags, so that places are contested
  for (uint32_t step = 0; step < 20'000; ++step) {
    const uint32_t number = random() % 1000;
    if (const auto known = tags.find(number); known != tags.end()) {
      index.erase(known->second, number);
      tags.erase(known);
    } else {
      const uint32_t tag = random() % 300 * 0x01000193;
      index.insert(tag, number);
      tags[number] = tag;
    }
    const uint32_t asked = random() % 1000;
    const auto known = tags.find(asked);
    const uint32_t tag = known == tags.end() ? random() % 300 * 0x01000193 : known->second;
    const uint32_t expected = known == tags.end() ? HashIndex::kNone : asked;
    REQUIRE(index.find(tag, [&](uint32_t n) { return n == asked; }) == expected);
  }
  CHECK(index.size() == tags.size());
  index.erase(12345, 4'000'000);
  CHECK(index.size() == tags.size());
  index.clear();
  CHECK(index.find(0, [](uint32_t) { return true; }) == HashIndex::kNone);
}

TEST_CASE("hash: every byte, length and order counts", "[exporter][prometheus]") {
  const Hasher hasher;
  std::set<std::pair<uint64_t, uint64_t>> seen;
  std::string text(40, 'a');
  for (size_t length = 0; length <= text.size(); ++length) {
    const Hash h = hasher(std::string_view(text).substr(0, length));
    CHECK(seen.emplace(h.low, h.high).second);
  }
  for (size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = 'b';
    const Hash h = hasher(changed);
    CHECK(seen.emplace(h.low, h.high).second);
  }
  CHECK(hasher(text) == hasher(std::string(40, 'a')));
  CHECK(hasher.combine(hasher("a"), hasher("b")) != hasher.combine(hasher("b"), hasher("a")));
  CHECK(Hasher()("a") != hasher("a"));
}

std::string order(SeriesTable& table) {
  std::string shown;
  table.walk([&](const Family& family) { shown += family.name + ':'; },
             [&](const Series& series) { shown.append(series.labels.view()).append(" "); });
  return shown;
}

TEST_CASE("series table: walked in the order of a scrape, whenever they came", "[exporter][prometheus]") {
  SeriesTable table;
  uint64_t n = 0;
  const auto add = [&](const char* name, const char* labels) -> Series& {
    Family* family = table.family(name);
    if (!family) family = &table.make_family(name, "", FamilyType::gauge);
    ++n;
    return table.add(*family, SeriesKind::number, {n, n}, n, labels);
  };
  add("b", "x=\"2\"");
  Series& gone = add("b", "x=\"3\"");
  add("b", "x=\"1\"");
  add("a", "x=\"9\"");
  CHECK(order(table) == R"(a:x="9" b:x="1" x="2" x="3" )");
  add("b", "x=\"0\"");
  table.remove(gone);
  add("b", "x=\"25\"");
  add("b", "");
  CHECK(order(table) == R"(a:x="9" b: x="0" x="1" x="2" x="25" )");
  table.remove(*table.find(*table.family("a"), "x=\"9\""));
  CHECK(table.family("a") == nullptr);
  CHECK(order(table) == R"(b: x="0" x="1" x="2" x="25" )");
}

TEST_CASE("series table: found by the bytes, whatever number is expected", "[exporter][prometheus]") {
  SeriesTable table;
  Family& family = table.make_family("f", "", FamilyType::gauge);
  Series& first = table.add(family, SeriesKind::number, {1, 1}, 1, "x=\"1\"");
  Series& second = table.add(family, SeriesKind::number, {2, 2}, 2, "x=\"2\"");
  for (const uint32_t expected : {0U, 1U, 2U, 1'000'000U, HashIndex::kNone}) {
    CHECK(table.find({1, 1}, expected) == &first);
    CHECK(table.find({2, 2}, expected) == &second);
    CHECK(table.find({3, 3}, expected) == nullptr);
  }
  const uint32_t number = second.number;
  table.remove(second);
  CHECK(table.find({2, 2}, number) == nullptr);
  table.remove(first);
  CHECK(table.find({1, 1}, 0) == nullptr);
}

TEST_CASE("series table: what is not updated expires, its family with the last of it", "[exporter][prometheus]") {
  Shown shown(Shown::bare());
  const AttributeList target = {{"service.name", "demo"}, {"service.instance.id", "i"}};
  shown.now = 100;
  shown.take(metrics({}, {gauge("old", {{}}), gauge("both", {{.attributes = {{"a", "1"}}}})}));
  shown.take(metrics(target, {gauge("both", {{.attributes = {{"a", "2"}}}})}));
  shown.now = 200;
  shown.take(metrics({}, {gauge("both", {{.attributes = {{"a", "1"}}, .time = 2000}})}));
  shown.table().expire(100);
  CHECK(shown.table().size() == 4);
  shown.table().expire(101);
  CHECK(shown.samples() == "both{a=\"1\"} 0\n");
  CHECK(shown.table().family("old") == nullptr);
  CHECK(shown.table().family("target_info") == nullptr);
  // A name is free again, for another type too.
  CHECK(shown.take(metrics({}, {histogram("old", {{.count = 1}})})).plain());
  shown.take(metrics(target, {gauge("both", {{.attributes = {{"a", "2"}}}})}));
  CHECK(shown.table().size() == 4);
  shown.table().expire(201);
  CHECK(shown.table().size() == 0);
  CHECK(shown.text().empty());
  shown.take(metrics({}, {gauge("new", {{.value = 3}})}));
  CHECK(shown.samples() == "new 3\n");
}

TEST_CASE("series table: thousands come and go", "[exporter][prometheus]") {
  Shown shown(Shown::bare());
  for (int64_t round = 0; round < 4; ++round) {
    shown.now = static_cast<uint64_t>(round) + 1;
    for (int64_t first = 0; first < 3000; first += 1000) {
      Points points;
      for (int64_t i = 0; i < 1000; ++i)
        points.push_back({.attributes = {{"n", round * 1500 + first + i}}, .value = 1, .time = 1});
      REQUIRE(shown.take(metrics({}, {gauge("g", points)})).plain());
    }
    shown.table().expire(shown.now);
    REQUIRE(shown.table().size() == 3000);
  }
  const std::string all = shown.samples();
  CHECK(std::count(all.begin(), all.end(), '\n') == 3000);
  CHECK(all.find("g{n=\"4499\"} ") == std::string::npos);
  CHECK(all.starts_with("g{n=\"4500\"} 1\n"));
}

}  // namespace
}  // namespace sluice::exporters::testing
