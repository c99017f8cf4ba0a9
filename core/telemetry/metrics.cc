// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/metrics.h"

#include <algorithm>
#include <bit>
#include <cctype>

#include "core/telemetry/balance.h"
#include "core/telemetry/cells.h"
#include "core/telemetry/prometheus.h"

namespace sluice::telemetry {

// One row of counters per shard, picked by thread, each row on cache lines of its own. Counters use one cell;
// histograms one per bucket and then one for the sum (the bits of a double).
struct Metric::Shards {
  explicit Shards(size_t cells)
      : lines_per_row((cells + 7) / 8), mask(std::min(8u, own_rows()) - 1), lines(lines_per_row * (mask + 1)) {}

  std::atomic<uint64_t>& cell(uint32_t row, size_t index) {
    return lines[row * lines_per_row + index / 8].cells[index % 8];
  }
  uint32_t row() const { return this_thread_number() & mask; }
  uint64_t sum(size_t index) {
    uint64_t total = 0;
    for (uint32_t r = 0; r <= mask; ++r) total += cell(r, index).load(std::memory_order_relaxed);
    return total;
  }

  struct alignas(64) Line {
    std::array<std::atomic<uint64_t>, 8> cells{};
  };
  const size_t lines_per_row;
  const uint32_t mask;
  std::vector<Line> lines;
  std::vector<double> bounds;
};

Metric::Metric(MetricType type, const std::vector<double>& bounds) : type_(type) {
  if (type == MetricType::gauge) return;
  shards_ = std::make_unique<Shards>(type == MetricType::histogram ? bounds.size() + 2 : 1);
  if (type == MetricType::histogram) shards_->bounds = bounds;
}

Metric::~Metric() = default;

void Metric::add(int64_t value) {
  switch (type_) {
    case MetricType::counter:
      if (value < 0) return;
      [[fallthrough]];
    case MetricType::up_down_counter:
      shards_->cell(shards_->row(), 0).fetch_add(static_cast<uint64_t>(value), std::memory_order_relaxed);
      return;
    case MetricType::gauge:
      gauge_.fetch_add(static_cast<double>(value), std::memory_order_relaxed);
      return;
    case MetricType::histogram:
      record(static_cast<double>(value));
      return;
  }
}

void Metric::record(double value) {
  switch (type_) {
    case MetricType::counter:
    case MetricType::up_down_counter:
      return;
    case MetricType::gauge:
      gauge_.store(value, std::memory_order_relaxed);
      return;
    case MetricType::histogram:
      break;
  }
  const auto& bounds = shards_->bounds;
  size_t bucket = static_cast<size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
  uint32_t row = shards_->row();
  shards_->cell(row, bucket).fetch_add(1, std::memory_order_relaxed);
  auto& sum = shards_->cell(row, bounds.size() + 1);
  uint64_t before = sum.load(std::memory_order_relaxed);
  while (!sum.compare_exchange_weak(before, std::bit_cast<uint64_t>(std::bit_cast<double>(before) + value),
                                    std::memory_order_relaxed)) {
  }
}

MetricValue Metric::read() const {
  switch (type_) {
    case MetricType::counter:
      return shards_->sum(0);
    case MetricType::up_down_counter:
      return static_cast<int64_t>(shards_->sum(0));
    case MetricType::gauge:
      return gauge_.load(std::memory_order_relaxed);
    case MetricType::histogram:
      break;
  }
  HistogramValue value;
  size_t buckets = shards_->bounds.size() + 1;
  for (size_t i = 0; i < buckets; ++i) value.counts.push_back(shards_->sum(i));
  for (uint32_t row = 0; row <= shards_->mask; ++row) {
    value.sum += std::bit_cast<double>(shards_->cell(row, buckets).load(std::memory_order_relaxed));
  }
  return value;
}

namespace {

bool is_name(std::string_view text) {
  auto is_part = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '-' || c == '/'; };
  return !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '_') &&
         std::all_of(text.begin(), text.end(), is_part);
}

bool same_kind(const MetricInfo& a, const MetricInfo& b) {
  return a.name == b.name && a.type == b.type && a.unit == b.unit && a.bounds == b.bounds;
}

// Values of one series that came from several places. Those of another kind are a fault of the source: ignored.
void merge(MetricValue& to, const MetricValue& from) {
  if (to.index() != from.index()) return;
  if (auto* histogram = std::get_if<HistogramValue>(&to)) {
    const auto& other = std::get<HistogramValue>(from);
    if (histogram->counts.size() != other.counts.size()) return;
    for (size_t i = 0; i < other.counts.size(); ++i) histogram->counts[i] += other.counts[i];
    histogram->sum += other.sum;
  } else if (auto* count = std::get_if<uint64_t>(&to)) {
    *count += std::get<uint64_t>(from);
  } else if (auto* level = std::get_if<int64_t>(&to)) {
    *level += std::get<int64_t>(from);
  } else {
    std::get<double>(to) += std::get<double>(from);
  }
}

class Gathering final : public MetricSink {
 public:
  explicit Gathering(MetricsLevel level) : level_(level) {}

  void add(const MetricInfo& info, Labels labels, MetricValue value) override {
    if (level_ == MetricsLevel::none || info.level > level_) return;
    auto [family, is_new] = families_.try_emplace(prometheus_identifier(info.name));
    if (is_new)
      family->second.info = info;
    else if (family->second.info.type != info.type)
      return;
    std::sort(labels.begin(), labels.end());
    auto [series, is_first] = family->second.series.try_emplace(std::move(labels), std::move(value));
    if (!is_first) merge(series->second, value);
  }

  std::vector<Family> take() {
    std::vector<Family> result;
    for (auto& [name, gathered] : families_) {
      Family family{std::move(gathered.info), {}};
      for (auto& [labels, value] : gathered.series) family.series.push_back({labels, std::move(value)});
      result.push_back(std::move(family));
    }
    return result;
  }

 private:
  struct Gathered {
    MetricInfo info;
    std::map<Labels, MetricValue> series;
  };
  const MetricsLevel level_;
  std::map<std::string, Gathered> families_;
};

// As upstream, a histogram shows from its first value on: many of them never get one.
bool is_untouched(const MetricValue& value) {
  const auto* histogram = std::get_if<HistogramValue>(&value);
  return histogram != nullptr &&
         std::all_of(histogram->counts.begin(), histogram->counts.end(), [](uint64_t count) { return count == 0; });
}

}  // namespace

Metric* Metrics::define(const MetricInfo& info, Labels labels) {
  if (!is_name(info.name)) return nullptr;
  if (!std::is_sorted(info.bounds.begin(), info.bounds.end())) return nullptr;
  std::sort(labels.begin(), labels.end());
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!is_name(labels[i].first) || (i > 0 && labels[i].first == labels[i - 1].first)) return nullptr;
    const std::string shown = prometheus_identifier(labels[i].first);
    if (shown.starts_with("__") || (info.type == MetricType::histogram && shown == "le")) return nullptr;
  }
  std::lock_guard lock(mutex_);
  // By the name that Prometheus sees: `a.b` and `a_b` cannot both be there.
  Defined& defined = defined_[prometheus_identifier(info.name)];
  if (defined.series.empty())
    defined.info = info;
  else if (!same_kind(defined.info, info))
    return nullptr;
  if (auto found = defined.series.find(labels); found != defined.series.end()) return found->second.get();
  if (series_count_ == kMaxSeries) return nullptr;
  ++series_count_;
  auto& metric = defined.series[std::move(labels)];
  metric = std::make_unique<Metric>(info.type, info.bounds);
  return metric.get();
}

Metrics::Registration Metrics::add_source(Source source) {
  std::lock_guard lock(sources_mutex_);
  Registration registration;
  registration.metrics_ = this;
  registration.number_ = ++last_number_;
  sources_.emplace(last_number_, std::move(source));
  return registration;
}

Metrics::Registration& Metrics::Registration::operator=(Registration&& other) noexcept {
  if (this != &other) {
    end();
    metrics_ = std::exchange(other.metrics_, nullptr);
    number_ = other.number_;
  }
  return *this;
}

void Metrics::Registration::end() {
  if (Metrics* metrics = std::exchange(metrics_, nullptr)) {
    std::lock_guard lock(metrics->sources_mutex_);
    metrics->sources_.erase(number_);
  }
}

std::vector<Family> Metrics::gather(MetricsLevel level) const {
  Gathering gathering(level);
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, defined] : defined_) {
      for (const auto& [labels, metric] : defined.series) {
        MetricValue value = metric->read();
        if (!is_untouched(value)) gathering.add(defined.info, labels, std::move(value));
      }
    }
  }
  std::lock_guard lock(sources_mutex_);
  for (const auto& [number, source] : sources_) source(gathering);
  return gathering.take();
}

PluginMetrics::PluginMetrics(Metrics& metrics, sluice_kind kind, std::string component_id)
    : metrics_(metrics), kind_(kind), component_id_(std::move(component_id)) {}

uint32_t PluginMetrics::define(const sluice_metric& metric) {
  auto text = [](const char* s) { return s == nullptr ? std::string() : std::string(s); };
  auto str = [](sluice_str s) { return std::string(s.ptr == nullptr ? "" : s.ptr, s.len); };
  if (!SLUICE_HAS(&metric, sluice_metric, bound_count) || metric.name == nullptr || *metric.name == '\0') return 0;
  uint32_t count = count_.load(std::memory_order_relaxed);
  if (count == kMaxMetrics || metric.type < SLUICE_COUNTER || metric.type > SLUICE_HISTOGRAM) return 0;
  if (metric.bounds == nullptr && metric.bound_count > 0) return 0;
  if (metric.level < SLUICE_METRIC_BASIC || metric.level > SLUICE_METRIC_DETAILED) return 0;

  MetricInfo info{text(metric.name), text(metric.unit), text(metric.help)};
  info.type = static_cast<MetricType>(metric.type - SLUICE_COUNTER);
  info.level = static_cast<MetricsLevel>(metric.level);
  if (info.type == MetricType::histogram) info.bounds.assign(metric.bounds, metric.bounds + metric.bound_count);
  auto begins_with = [&](std::string_view prefix) { return info.name.starts_with(prefix); };
  if (!begins_with("otelcol") && !begins_with("sluice") && !begins_with("http.") && !begins_with("rpc.")) {
    info.name = "otelcol_" + info.name;
  }

  Labels labels;
  for (uint32_t i = 0; i < metric.label_count; ++i) {
    labels.emplace_back(str(metric.labels[i].key), str(metric.labels[i].value));
  }
  std::string own(kind_name(kind_));
  auto is_own = [&](const auto& label) { return label.first == own; };
  if (std::none_of(labels.begin(), labels.end(), is_own)) labels.emplace_back(own, component_id_);

  Metric* defined = metrics_.define(info, std::move(labels));
  if (defined == nullptr) return 0;
  auto* end = metrics_by_id_.data() + count;
  if (auto* known = std::find(metrics_by_id_.data(), end, defined); known != end) {
    return static_cast<uint32_t>(known - metrics_by_id_.data()) + 1;
  }
  metrics_by_id_[count] = defined;
  count_.store(count + 1, std::memory_order_release);
  return count + 1;
}

}  // namespace sluice::telemetry
