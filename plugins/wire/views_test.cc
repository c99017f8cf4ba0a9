// SPDX-License-Identifier: Apache-2.0
#include "plugins/wire/views.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "plugins/wire/metric_views.h"
#include "plugins/wire/views.h"
#include "plugins/wire/writer.h"

namespace sluice::wire {
namespace {

TEST_CASE("views: attributes of each type", "[wire]") {
  std::string resource;
  Writer writer(resource);
  const auto add = [&](std::string_view key, auto&& fill) {
    writer.message(1, [&](auto& attribute) {
      attribute.text(1, key);
      attribute.message(2, fill);
    });
  };
  add("s", [](auto& value) { value.text(1, "text"); });
  add("b", [](auto& value) { value.varint(2, 1); });
  add("i", [](auto& value) { value.signed_varint(3, -5); });
  add("d", [](auto& value) { value.float64(4, 2.5); });
  add("a", [](auto& value) {
    value.message(5, [](auto& array) {
      array.message(1, [](auto& element) { element.signed_varint(3, 1); });
      array.message(1, [](auto& element) { element.text(1, "two"); });
    });
  });
  add("m", [](auto& value) {
    value.message(6, [](auto& list) {
      list.message(1, [](auto& pair) {
        pair.text(1, "inner");
        pair.message(2, [](auto& element) { element.varint(2, 0); });
      });
    });
  });
  add("y", [](auto& value) { value.bytes(7, to_bytes("\xff")); });
  add("e", [](auto&) {});

  const Resource view(to_bytes(resource));
  CHECK(view.attributes.count() == 8);
  CHECK_FALSE(view.attributes.empty());
  using Type = AnyValue::Type;
  CHECK(find(view.attributes, "s")->type == Type::string);
  CHECK(find(view.attributes, "s")->text() == "text");
  CHECK(find(view.attributes, "b")->boolean());
  CHECK(find(view.attributes, "i")->integer() == -5);
  CHECK(find(view.attributes, "d")->float64() == 2.5);
  std::vector<Type> types;
  for (const AnyValue& element : find(view.attributes, "a")->array()) types.push_back(element.type);
  CHECK(types == std::vector<Type>{Type::integer, Type::string});
  for (const KeyValue& pair : find(view.attributes, "m")->map()) {
    CHECK(pair.key == "inner");
    CHECK(pair.value.type == Type::boolean);
    CHECK_FALSE(pair.value.boolean());
  }
  CHECK(to_text(find(view.attributes, "y")->bytes()) == "\xff");
  CHECK(find(view.attributes, "e")->type == Type::empty);
  CHECK_FALSE(find(view.attributes, "missing"));
}

TEST_CASE("views: an empty range is empty, an interrupted one skips what is between", "[wire]") {
  CHECK(Attributes().empty());
  CHECK(traces({}).empty());
  std::string span;
  Writer writer(span);
  for (const char* key : {"a", "b", "c"}) {
    writer.message(9, [&](auto& attribute) { attribute.text(1, key); });
    writer.text(5, "name");
  }
  std::string keys;
  for (const KeyValue& attribute : Span(to_bytes(span)).attributes) keys += attribute.key;
  CHECK(keys == "abc");
}

TEST_CASE("views: numbers of a histogram, packed, single and both", "[wire]") {
  std::string point;
  Writer writer(point);
  std::string packed;
  for (const uint64_t count : {1, 2}) packed.append(reinterpret_cast<const char*>(&count), sizeof count);
  writer.bytes(6, to_bytes(packed));
  writer.fixed64(6, 3);
  writer.bytes(6, {});
  writer.bytes(6, to_bytes(packed));
  const HistogramDataPoint view(to_bytes(point));
  std::vector<uint64_t> counts;
  for (const uint64_t count : view.bucket_counts) counts.push_back(count);
  CHECK(counts == std::vector<uint64_t>{1, 2, 3, 1, 2});
  CHECK(view.bucket_counts.count() == 5);
  CHECK(view.explicit_bounds.empty());

  std::string buckets;
  Writer buckets_writer(buckets);
  buckets_writer.zigzag(1, -3);
  buckets_writer.bytes(2, to_bytes("\x01\x80\x01"));
  buckets_writer.varint(2, 7);
  const ExponentialHistogramDataPoint::Buckets exponential(to_bytes(buckets));
  CHECK(exponential.offset == -3);
  std::vector<uint64_t> varints;
  for (const uint64_t count : exponential.bucket_counts) varints.push_back(count);
  CHECK(varints == std::vector<uint64_t>{1, 128, 7});
}

TEST_CASE("views: a metric gives points of its own type only", "[wire]") {
  std::string metric;
  Writer writer(metric);
  writer.text(1, "hits");
  writer.message(7, [](auto& sum) {
    sum.message(1, [](auto& point) { point.fixed64(6, 7); });
    sum.varint(2, 2);
    sum.varint(3, 1);
  });
  const Metric view(to_bytes(metric));
  CHECK(view.type == Metric::Type::sum);
  CHECK(view.aggregation_temporality == 2);
  CHECK(view.is_monotonic);
  CHECK(view.histogram_points().empty());
  CHECK(view.summary_points().empty());
  CHECK(view.exponential_histogram_points().empty());
  REQUIRE(view.number_points().count() == 1);
  for (const NumberDataPoint& point : view.number_points()) {
    CHECK(point.value.type == NumberValue::Type::integer);
    CHECK(point.value.to_double() == 7);
  }
}

}  // namespace
}  // namespace sluice::wire
