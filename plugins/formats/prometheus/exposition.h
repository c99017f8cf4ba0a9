// SPDX-License-Identifier: Apache-2.0
// Writing what a scraper gets: the text format 0.0.4, OpenMetrics 1.0 and delimited protobuf, behind one interface.
// Families come sorted by name, series sorted by compare_labels(); the writers write what they are given.
//
//   std::string body;
//   auto writer = make_writer(Format::text, body, {});
//   writer->family({"hits_total", "Hits.", FamilyType::counter});
//   writer->number(R"(job="demo")", 7, {}, nullptr);
//   writer->finish();
#ifndef SLUICE_PLUGINS_FORMATS_PROMETHEUS_EXPOSITION_H
#define SLUICE_PLUGINS_FORMATS_PROMETHEUS_EXPOSITION_H

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/formats/prometheus/names.h"
#include "plugins/formats/prometheus/native_histogram.h"

namespace sluice::formats::prometheus {

enum class Format : uint8_t { text, open_metrics, protobuf };
enum class FamilyType : uint8_t { counter, gauge, histogram, summary, untyped };

struct FamilyHead {
  std::string_view name, help;
  FamilyType type;
};

// Times that a series may have besides its value, 0: none.
struct Times {
  uint64_t sample_unix_ms = 0;
  uint64_t created_unix_nano = 0;  // of counters, histograms and summaries
};

struct Exemplar {
  std::string labels;  // rendered
  double value = 0;
  uint64_t time_unix_nano = 0;  // 0: none
  uint32_t bucket = 0;          // of a histogram
};

// The upper bounds of a histogram's buckets but the last, +Inf; shared by all series that have the same.
class BucketBounds {
 public:
  explicit BucketBounds(std::vector<double> bounds);
  std::span<const double> values() const { return values_; }
  size_t size() const { return values_.size(); }
  // le="0.5", and le="+Inf" for the one behind the last.
  std::string_view text(size_t bucket) const { return text_[bucket]; }
  std::string_view open_metrics_text(size_t bucket) const { return open_metrics_text_[bucket]; }

 private:
  std::vector<double> values_;
  std::vector<std::string> text_, open_metrics_text_;
};

struct HistogramView {
  uint64_t count;
  double sum;
  const BucketBounds& bounds;
  std::span<const uint64_t> cumulative;  // one for each bound
  std::span<const Exemplar> exemplars;   // ascending by bucket, one each at most
};

struct SummaryView {
  uint64_t count;
  double sum;
  struct Quantile {
    double quantile, value;
  };
  std::span<const Quantile> quantiles;  // ascending
};

class ExpositionWriter {
 public:
  virtual ~ExpositionWriter() = default;
  virtual void family(const FamilyHead& head) = 0;
  // `labels` are rendered. `exemplar` may be null.
  virtual void number(std::string_view labels, double value, const Times& times, const Exemplar* exemplar) = 0;
  virtual void histogram(std::string_view labels, const HistogramView& histogram, const Times& times) = 0;
  virtual void native_histogram(std::string_view labels, const NativeHistogram& histogram, const Times& times) = 0;
  virtual void summary(std::string_view labels, const SummaryView& summary, const Times& times) = 0;
  virtual void finish() = 0;
};

struct WriterOptions {
  Escaping escaping = Escaping::allow_utf8;
  bool plain_names = false;  // no name of a label needs escaping: nobody looks
};

// Appends to `out`, which outlives the writer.
std::unique_ptr<ExpositionWriter> make_writer(Format format, std::string& out, const WriterOptions& options);

}  // namespace sluice::formats::prometheus
#endif  // SLUICE_PLUGINS_FORMATS_PROMETHEUS_EXPOSITION_H
