// SPDX-License-Identifier: Apache-2.0
// Points into series: the last one of each counts, deltas are added up, what cannot be shown is refused with a reason.
#ifndef SLUICE_EXPORTERS_PROMETHEUS_INGEST_H
#define SLUICE_EXPORTERS_PROMETHEUS_INGEST_H

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporters/prometheus/series_table.h"
#include "exporters/prometheus/translator.h"
#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/status.h"
#include "plugins/wire/metric_views.h"

namespace sluice::exporters {

struct Rejected {
  uint64_t items = 0;
  std::string metric, reason;  // of the first
};

// One batch. The table is the caller's alone until take() returns, but for the moments in which `pause` is called.
class Ingest {
 public:
  using Note = std::function<void(std::string_view metric, std::string_view help, std::string_view kept)>;

  // `on_help_conflict`: a metric came with another description than its family has.
  Ingest(SeriesTable& table, const Translator& translator, uint64_t now_mono_ns, std::function<void()> pause,
         Note on_help_conflict)
      : table_(table),
        translator_(translator),
        now_(now_mono_ns),
        pause_(std::move(pause)),
        on_help_conflict_(std::move(on_help_conflict)) {}

  // The answer to the call; what it rejects is in rejected() too.
  Result take(const sluice_batch& batch);
  const Rejected& rejected() const { return rejected_; }

 private:
  // Each: false if the point was rejected.
  template <class Points>
  void take_points(const Points& points, SeriesKind kind);
  bool apply(const wire::NumberDataPoint& point, Series& series);
  bool apply(const wire::HistogramDataPoint& point, Series& series);
  bool apply(const wire::ExponentialHistogramDataPoint& point, Series& series);
  bool apply(const wire::SummaryDataPoint& point, Series& series);

  void take_metric(const wire::Metric& metric);
  Series* make_series(const wire::DataPoint& point, SeriesKind kind, const Hash& raw);
  void touch_target();
  bool reject(std::string_view reason);

  SeriesTable& table_;
  const Translator& translator_;
  const uint64_t now_;
  const std::function<void()> pause_;
  const Note on_help_conflict_;

  // Where it stands.
  ResourceIdentity resource_;
  bool target_touched_ = false;
  const wire::ScopeMetrics* scope_ = nullptr;
  const wire::Metric* metric_ = nullptr;
  bool is_delta_ = false;
  Hash scope_raw_, metric_raw_;
  formats::prometheus::NativeHistogram scratch_;  // gives and takes the memory of buckets
  uint64_t item_ = 0;                             // of the batch, in the order of the bytes
  uint32_t next_ = HashIndex::kNone;              // number of the series that the next point is expected to have

  Rejected rejected_;
  struct Range {
    uint64_t first, count;
  };
  std::vector<Range> ranges_;  // of rejected items
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_PROMETHEUS_INGEST_H
