// SPDX-License-Identifier: Apache-2.0
// What is kept of a series, and of the metric family that it belongs to. A hundred thousand of them are usual, so a
// series is small: one text of labels, one value, times; what a histogram needs besides is a detail.
#ifndef SLUICE_EXPORTERS_PROMETHEUS_SERIES_H
#define SLUICE_EXPORTERS_PROMETHEUS_SERIES_H

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/prometheus/hash.h"
#include "plugins/formats/prometheus/exposition.h"

namespace sluice::exporters {

// A text in one block of its exact size.
class LabelText {
 public:
  LabelText() = default;
  explicit LabelText(std::string_view text) : block_(std::make_unique_for_overwrite<char[]>(kHead + text.size())) {
    const auto size = static_cast<uint32_t>(text.size());
    std::memcpy(block_.get(), &size, kHead);
    std::memcpy(block_.get() + kHead, text.data(), text.size());
  }
  std::string_view view() const {
    if (!block_) return {};
    uint32_t size;
    std::memcpy(&size, block_.get(), kHead);
    return {block_.get() + kHead, size};
  }

 private:
  static constexpr size_t kHead = sizeof(uint32_t);
  std::unique_ptr<char[]> block_;
};

struct KeptExemplar {
  double value = 0;
  uint64_t time_unix_nano = 0;
  std::array<uint8_t, 16> trace_id{};  // zeros: none
  std::array<uint8_t, 8> span_id{};
  uint32_t bucket = 0;
};

struct Detail {
  virtual ~Detail() = default;
};
struct CounterDetail final : Detail {
  bool has_exemplar = false;
  KeptExemplar exemplar;
};
struct HistogramDetail final : Detail {
  std::shared_ptr<const formats::prometheus::BucketBounds> bounds;
  std::vector<uint64_t> cumulative;  // one for each bound
  uint64_t count = 0;
  std::vector<KeptExemplar> exemplars;  // ascending by bucket
};
struct NativeDetail final : Detail {
  formats::prometheus::NativeHistogram histogram;
};
struct SummaryDetail final : Detail {
  uint64_t count = 0;
  std::vector<formats::prometheus::SummaryView::Quantile> quantiles;  // ascending
};

struct Family;

enum class SeriesKind : uint8_t { number, histogram, native_histogram, summary };

struct Series {
  Hash raw;               // of the bytes that a point of it has last come with
  uint64_t identity = 0;  // of what those bytes mean
  LabelText labels;
  double value = 0;  // of histograms and summaries the sum
  uint64_t time_unix_nano = 0;
  uint64_t start_unix_nano = 0;
  uint64_t updated_mono_ns = 0;
  std::unique_ptr<Detail> detail;
  Family* family = nullptr;  // null: not in use
  uint32_t number = 0;       // its place in the table
  SeriesKind kind = SeriesKind::number;
};

struct Family {
  std::string name, help;
  formats::prometheus::FamilyType type;
  // Numbers of its series, `sorted` of them in the order in which they are shown; some may be removed already.
  std::vector<uint32_t> series;
  size_t sorted = 0;
  size_t alive = 0;
  std::vector<std::shared_ptr<const formats::prometheus::BucketBounds>> bounds;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_PROMETHEUS_SERIES_H
