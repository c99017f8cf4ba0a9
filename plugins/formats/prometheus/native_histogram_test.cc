// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/native_histogram.h"

#include <catch2/catch.hpp>

namespace sluice::formats::prometheus {
namespace {

using Spans = std::vector<BucketSpan>;
using Deltas = std::vector<int64_t>;
using Counts = std::vector<uint64_t>;

TEST_CASE("native histograms: buckets as spans and differences", "[formats][prometheus]") {
  const auto far = encode({-2, {1, 0, 0, 0, 5}});
  CHECK(far.spans == Spans{{-1, 1}, {3, 1}});
  CHECK(far.deltas == Deltas{1, 4});
  const auto near = encode({-2, {1, 0, 0, 5}});
  CHECK(near.spans == Spans{{-1, 4}});
  CHECK(near.deltas == Deltas{1, -1, 0, 5});
  const auto edges = encode({3, {0, 7, 2, 0}});
  CHECK(edges.spans == Spans{{5, 2}});
  CHECK(edges.deltas == Deltas{7, -5});
  CHECK(encode({}).spans.empty());
  CHECK(encode({7, {0, 0}}).deltas.empty());
}

TEST_CASE("native histograms: a coarser scale", "[formats][prometheus]") {
  ExponentialBuckets buckets{-3, {1, 2, 3, 4, 5, 6, 7}};  // indexes -3 to 3
  buckets.downscale(1);
  CHECK(buckets.offset == -2);
  CHECK(buckets.counts == Counts{1, 5, 9, 13});
  buckets.downscale(2);
  CHECK(buckets.offset == -1);
  CHECK(buckets.counts == Counts{6, 22});
  buckets.downscale(0);
  CHECK(buckets.counts == Counts{6, 22});
  ExponentialBuckets far{2147483647, {3}};
  far.downscale(10);
  CHECK(far.offset == 2097151);
  CHECK(far.counts == Counts{3});
}

TEST_CASE("native histograms: added up", "[formats][prometheus]") {
  NativeHistogram sum{.count = 4, .sum = 10, .schema = 3, .zero_count = 1, .positive = {2, {1, 2}}};
  const NativeHistogram more{
      .count = 7, .sum = 2.5, .schema = 2, .zero_threshold = 0.5, .positive = {0, {4}}, .negative = {5, {3}}};
  REQUIRE(sum.add(more));
  CHECK(sum.count == 11);
  CHECK(sum.sum == 12.5);
  CHECK(sum.schema == 2);
  CHECK(sum.zero_count == 1);
  CHECK(sum.zero_threshold == 0.5);
  CHECK(sum.positive.offset == 0);
  CHECK(sum.positive.counts == Counts{4, 3});
  CHECK(sum.negative.offset == 5);
  CHECK(sum.negative.counts == Counts{3});
}

TEST_CASE("native histograms: buckets far apart cost precision, not memory", "[formats][prometheus]") {
  NativeHistogram sum{.count = 1, .schema = 8, .positive = {-100'000, {1}}};
  REQUIRE(sum.add({.count = 2, .schema = 8, .positive = {100'000, {2}}}));
  CHECK(sum.schema == 2);
  CHECK(sum.positive.offset == -1563);
  CHECK(sum.positive.counts.size() == 3126);
  CHECK(sum.positive.counts.front() == 1);
  CHECK(sum.positive.counts.back() == 2);

  const NativeHistogram before = sum;
  CHECK_FALSE(sum.add({.count = 2, .schema = 8, .positive = {2147483647, {2}}}));
  CHECK(sum.count == before.count);
  CHECK(sum.positive.counts == before.positive.counts);
}

}  // namespace
}  // namespace sluice::formats::prometheus
