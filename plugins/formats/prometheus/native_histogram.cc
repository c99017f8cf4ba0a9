// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/native_histogram.h"

#include <algorithm>
#include <utility>

namespace sluice::formats::prometheus {
namespace {

constexpr uint64_t kMostBuckets = 4096;  // of one side; senders have 160
constexpr int32_t kLongestGap = 2;       // of empty buckets within a span

}  // namespace

void ExponentialBuckets::downscale(int32_t steps) {
  if (steps <= 0) return;
  steps = std::min(steps, 31);  // all indexes are 0 or -1 then
  if (counts.empty()) {
    offset = 0;
    return;
  }
  const int32_t first = offset >> steps;
  size_t last = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto to = static_cast<size_t>(((int64_t{offset} + static_cast<int64_t>(i)) >> steps) - first);
    const uint64_t count = std::exchange(counts[i], 0);
    counts[to] += count;  // `to` never overtakes i
    last = to;
  }
  counts.resize(last + 1);
  offset = first;
}

uint64_t ExponentialBuckets::joint_size(const ExponentialBuckets& a, const ExponentialBuckets& b) {
  if (a.counts.empty() || b.counts.empty()) return a.counts.size() + b.counts.size();
  const int64_t end = std::max(int64_t{a.offset} + static_cast<int64_t>(a.counts.size()),
                               int64_t{b.offset} + static_cast<int64_t>(b.counts.size()));
  return static_cast<uint64_t>(end - std::min(a.offset, b.offset));
}

void ExponentialBuckets::add(const ExponentialBuckets& other) {
  if (other.counts.empty()) return;
  if (counts.empty()) {
    *this = other;
    return;
  }
  const uint64_t size = joint_size(*this, other);
  if (other.offset < offset) {
    counts.insert(counts.begin(), static_cast<size_t>(int64_t{offset} - other.offset), 0);
    offset = other.offset;
  }
  counts.resize(size);
  const auto shift = static_cast<size_t>(int64_t{other.offset} - offset);
  for (size_t i = 0; i < other.counts.size(); ++i) counts[shift + i] += other.counts[i];
}

void NativeHistogram::downscale(int32_t steps) {
  if (steps <= 0) return;
  positive.downscale(steps);
  negative.downscale(steps);
  schema -= steps;
}

bool NativeHistogram::add(NativeHistogram other) {
  const auto fits = [](const NativeHistogram& a, const NativeHistogram& b) {
    return ExponentialBuckets::joint_size(a.positive, b.positive) <= kMostBuckets &&
           ExponentialBuckets::joint_size(a.negative, b.negative) <= kMostBuckets;
  };
  NativeHistogram mine = *this;
  mine.downscale(mine.schema - other.schema);
  other.downscale(other.schema - mine.schema);
  while (!fits(mine, other)) {
    if (mine.schema == kMinSchema) return false;
    mine.downscale(1);
    other.downscale(1);
  }
  mine.positive.add(other.positive);
  mine.negative.add(other.negative);
  mine.count += other.count;
  mine.sum += other.sum;
  mine.zero_count += other.zero_count;
  mine.zero_threshold = std::max(mine.zero_threshold, other.zero_threshold);
  *this = std::move(mine);
  return true;
}

EncodedBuckets encode(const ExponentialBuckets& buckets) {
  EncodedBuckets encoded;
  int64_t next = 0;     // index behind the last bucket that was written
  uint64_t before = 0;  // its count
  const auto append = [&](uint64_t count) {
    encoded.deltas.push_back(static_cast<int64_t>(count - before));
    ++encoded.spans.back().length;
    before = count;
  };
  for (size_t i = 0; i < buckets.counts.size(); ++i) {
    if (buckets.counts[i] == 0) continue;
    const int64_t index = int64_t{buckets.offset} + static_cast<int64_t>(i) + 1;
    const int64_t gap = index - next;
    if (encoded.spans.empty() || gap > kLongestGap)
      encoded.spans.push_back({static_cast<int32_t>(gap), 0});
    else
      for (int64_t k = 0; k < gap; ++k) append(0);
    append(buckets.counts[i]);
    next = index + 1;
  }
  return encoded;
}

}  // namespace sluice::formats::prometheus
