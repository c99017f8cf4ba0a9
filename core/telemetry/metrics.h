// SPDX-License-Identifier: Apache-2.0
// The collector's own metrics. Series are defined while things are set up; afterwards adding and recording never waits
// and never fails. What the core knows anyway (the ledger's books, queues, the process) comes from sources, which are
// asked at each scrape; plugins only push. Which series show is decided when they are gathered, by
// service::telemetry::metrics::level. Text for Prometheus is made in core/telemetry/prometheus.h.
#ifndef SLUICE_CORE_TELEMETRY_METRICS_H
#define SLUICE_CORE_TELEMETRY_METRICS_H

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/config/telemetry.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::telemetry {

using config::MetricsLevel;
using Labels = std::vector<std::pair<std::string, std::string>>;

enum class MetricType : uint8_t { counter, up_down_counter, gauge, histogram };

struct MetricInfo {
  std::string name;  // as in OTLP: dots are allowed
  std::string unit;  // "{items}", "By", "s"
  std::string help;
  MetricType type = MetricType::counter;
  MetricsLevel level = MetricsLevel::basic;  // the lowest that shows it
  std::vector<double> bounds{};              // of a histogram's buckets, ascending
};

struct HistogramValue {
  std::vector<uint64_t> counts;  // one more than bounds: the last is what is above all of them
  double sum = 0;
};

// What one series shows now.
using MetricValue = std::variant<uint64_t, int64_t, double, HistogramValue>;

struct Series {
  Labels labels;
  MetricValue value;
};

struct Family {
  MetricInfo info;
  std::vector<Series> series;
};

// One series. [any thread]
class Metric {
 public:
  Metric(MetricType type, const std::vector<double>& bounds);
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;
  ~Metric();

  // Counters (negative values only for up-down counters); a gauge is moved by it.
  void add(int64_t value);
  // A gauge is set, a histogram observes.
  void record(double value);
  MetricValue read() const;

 private:
  struct Shards;
  const MetricType type_;
  std::unique_ptr<Shards> shards_;
  std::atomic<double> gauge_{0};
};

// Takes what sources have to say. A series given twice is added up.
class MetricSink {
 public:
  virtual ~MetricSink() = default;
  virtual void add(const MetricInfo& info, Labels labels, MetricValue value) = 0;
};

class Metrics {
 public:
  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The series of that name and these labels, new or known; lives as long as this object. Null: refused, because the
  // name or a label is not one or is Prometheus' own (`__...`, `le` of a histogram), the name is known as something
  // else, or there are kMaxSeries.
  Metric* define(const MetricInfo& info, Labels labels);
  static constexpr size_t kMaxSeries = 50'000;

  // `source` is called at each gather() while the returned object lives; on the gathering thread, one at a time. It
  // must neither define nor gather, and the returned object must not go away under a lock that `source` takes.
  using Source = std::function<void(MetricSink&)>;
  class [[nodiscard]] Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept { *this = std::move(other); }
    Registration& operator=(Registration&& other) noexcept;
    ~Registration() { end(); }
    void end();

   private:
    friend class Metrics;
    Metrics* metrics_ = nullptr;
    uint64_t number_ = 0;
  };
  Registration add_source(Source source);

  // All families with a series that `level` shows, ascending by name, their series by labels. Histograms that have no
  // value yet are left out.
  std::vector<Family> gather(MetricsLevel level) const;

 private:
  struct Defined {
    MetricInfo info;
    std::map<Labels, std::unique_ptr<Metric>> series;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Defined, std::less<>> defined_;
  size_t series_count_ = 0;
  mutable std::mutex sources_mutex_;  // held while sources run, so none is called after its end
  std::map<uint64_t, Source> sources_;
  uint64_t last_number_ = 0;
};

// sluice.metrics/1 of one component instance. Names that do not begin with `otelcol`, `sluice`, `http.` or `rpc.` get
// the prefix `otelcol_`; the component's own label (`receiver`, `processor`, `exporter`, `connector`, `extension`: its
// id) is added unless the plugin gives that label itself. Ids are those of this object.
class PluginMetrics {
 public:
  PluginMetrics(Metrics& metrics, sluice_kind kind, std::string component_id);

  uint32_t define(const sluice_metric& metric);  // [one thread] 0: refused
  void add(uint32_t id, int64_t value) {         // [any thread]
    if (Metric* metric = find(id)) metric->add(value);
  }
  void record(uint32_t id, double value) {
    if (Metric* metric = find(id)) metric->record(value);
  }

 private:
  static constexpr uint32_t kMaxMetrics = 512;
  Metric* find(uint32_t id) const {
    return id - 1 < count_.load(std::memory_order_acquire) ? metrics_by_id_[id - 1] : nullptr;
  }

  Metrics& metrics_;
  const sluice_kind kind_;
  const std::string component_id_;
  std::array<Metric*, kMaxMetrics> metrics_by_id_{};
  std::atomic<uint32_t> count_{0};
};

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_METRICS_H
