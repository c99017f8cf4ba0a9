// SPDX-License-Identifier: Apache-2.0
// Exponential histograms as Prometheus keeps them: its native histograms. They count the same buckets with indexes one
// higher, and are written as spans of consecutive buckets and the differences of their counts.
#ifndef SLUICE_PLUGINS_FORMATS_PROMETHEUS_NATIVE_HISTOGRAM_H
#define SLUICE_PLUGINS_FORMATS_PROMETHEUS_NATIVE_HISTOGRAM_H

#include <cstdint>
#include <vector>

namespace sluice::formats::prometheus {

inline constexpr int32_t kMinSchema = -4, kMaxSchema = 8;
inline constexpr double kDefaultZeroThreshold = 1e-128;  // of points that have none

// One side of an exponential histogram; indexes as in OTLP.
struct ExponentialBuckets {
  int32_t offset = 0;
  std::vector<uint64_t> counts{};

  // Every two to the power of `steps` buckets become one.
  void downscale(int32_t steps);
  // Takes what `other` has, in the same scale.
  void add(const ExponentialBuckets& other);
  // The buckets that both would have together.
  static uint64_t joint_size(const ExponentialBuckets& a, const ExponentialBuckets& b);
};

// The scale is within the range of schemas.
struct NativeHistogram {
  uint64_t count = 0;
  double sum = 0;
  int32_t schema = 0;
  double zero_threshold = kDefaultZeroThreshold;
  uint64_t zero_count = 0;
  ExponentialBuckets positive{}, negative{};

  void downscale(int32_t steps);
  // The sum of both, in the coarser of their scales. Buckets that lie so far apart that there would be too many
  // together are merged until they fit. False, and nothing changes, if they never do.
  bool add(NativeHistogram other);
};

struct BucketSpan {
  int32_t offset;  // to the end of the span before; of the first, its index
  uint32_t length;
  bool operator==(const BucketSpan&) const = default;
};
struct EncodedBuckets {
  std::vector<BucketSpan> spans;
  std::vector<int64_t> deltas;
};
EncodedBuckets encode(const ExponentialBuckets& buckets);

}  // namespace sluice::formats::prometheus
#endif  // SLUICE_PLUGINS_FORMATS_PROMETHEUS_NATIVE_HISTOGRAM_H
