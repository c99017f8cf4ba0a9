// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/ingest.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "plugins/sdk/batch.h"

namespace sluice::exporters {
namespace {

using formats::prometheus::BucketBounds;
using formats::prometheus::ExponentialBuckets;
using formats::prometheus::FamilyType;
using formats::prometheus::NativeHistogram;
using Type = wire::Metric::Type;

constexpr int32_t kDelta = 1, kCumulative = 2;          // aggregation_temporality
constexpr uint64_t kPauseEvery = 512;                   // points: so long does a scrape wait at most
constexpr size_t kMostRanges = 256;                     // of an answer; more of them are only counted
constexpr int32_t kMostBucketIndex = int32_t{1} << 20;  // of schema 8, the finest; numbers reach 2^18

void copy_id(wire::Bytes id, uint8_t* to, size_t size) {
  std::memset(to, 0, size);
  if (id.size() == size) std::memcpy(to, id.data(), size);
}

KeptExemplar kept(const wire::Exemplar& exemplar) {
  KeptExemplar out;
  out.value = exemplar.value.to_double();
  out.time_unix_nano = exemplar.time_unix_nano;
  copy_id(exemplar.trace_id, out.trace_id.data(), out.trace_id.size());
  copy_id(exemplar.span_id, out.span_id.data(), out.span_id.size());
  return out;
}

// What the series keeps besides its value, made when it is first needed.
template <class T>
T& detail_of(Series& series) {
  if (!series.detail) series.detail = std::make_unique<T>();
  return static_cast<T&>(*series.detail);
}

void keep_exemplars(const wire::HistogramDataPoint& point, HistogramDetail& detail) {
  detail.exemplars.clear();
  for (const wire::Exemplar& exemplar : point.exemplars) {
    KeptExemplar next = kept(exemplar);
    const auto bounds = detail.bounds->values();
    next.bucket = static_cast<uint32_t>(std::lower_bound(bounds.begin(), bounds.end(), next.value) - bounds.begin());
    const auto place = std::lower_bound(detail.exemplars.begin(), detail.exemplars.end(), next.bucket,
                                        [](const KeptExemplar& a, uint32_t bucket) { return a.bucket < bucket; });
    if (place != detail.exemplars.end() && place->bucket == next.bucket)
      *place = next;  // the last one of a bucket counts
    else
      detail.exemplars.insert(place, next);
  }
}

// Empty if they are those of a histogram.
std::string_view problem_of(const std::vector<double>& bounds, size_t buckets) {
  if (buckets != 0 && buckets != bounds.size() + 1) return "a histogram needs one bucket more than it has bounds";
  if (buckets == 0 && !bounds.empty()) return "the histogram has bounds, but no buckets";
  for (size_t i = 0; i < bounds.size(); ++i)
    if (std::isnan(bounds[i]) || (i > 0 && !(bounds[i - 1] < bounds[i])))
      return "the bounds of the histogram do not ascend";
  return {};
}

void read_buckets(const wire::ExponentialHistogramDataPoint::Buckets& from, ExponentialBuckets& to) {
  to.offset = from.offset;
  to.counts.clear();
  for (const uint64_t count : from.bucket_counts) to.counts.push_back(count);
}

bool within_reach(const ExponentialBuckets& buckets) {
  return buckets.offset >= -kMostBucketIndex &&
         int64_t{buckets.offset} + static_cast<int64_t>(buckets.counts.size()) <= kMostBucketIndex;
}

}  // namespace

Result Ingest::take(const sluice_batch& batch) {
  for_each_message(batch, [this](wire::Bytes message, uint64_t) {
    for (const wire::ResourceMetrics& resource : wire::metrics(message)) {
      translator_.read(resource.resource, resource_);
      target_touched_ = false;
      for (const wire::ScopeMetrics& scope : resource.scopes) {
        scope_ = &scope;
        scope_raw_ = translator_.raw(resource_, scope);
        for (const wire::Metric& metric : scope.items) take_metric(metric);
      }
    }
  });
  if (rejected_.items == 0) return Result::done();
  const std::string text = "metric \"" + rejected_.metric + "\": " + rejected_.reason;
  if (ranges_.size() > kMostRanges) return Result::partial(rejected_.items, text).unattributed();
  Result result = Result::partial(0, text);
  for (const Range& range : ranges_)
    result.range(range.first, range.count, SLUICE_FAILED_PERMANENT, Code::invalid_argument);
  return result;
}

bool Ingest::reject(std::string_view reason) {
  if (rejected_.items++ == 0) {
    rejected_.metric = metric_->name;
    rejected_.reason = reason;
  }
  if (!ranges_.empty() && ranges_.back().first + ranges_.back().count == item_)
    ++ranges_.back().count;
  else if (ranges_.size() <= kMostRanges)
    ranges_.push_back({item_, 1});
  return false;
}

void Ingest::take_metric(const wire::Metric& metric) {
  metric_ = &metric;
  metric_raw_ = translator_.raw(scope_raw_, metric);
  is_delta_ = metric.aggregation_temporality == kDelta;
  switch (metric.type) {
    case Type::gauge:
      is_delta_ = false;
      return take_points(metric.number_points(), SeriesKind::number);
    case Type::sum:
      return take_points(metric.number_points(), SeriesKind::number);
    case Type::histogram:
      return take_points(metric.histogram_points(), SeriesKind::histogram);
    case Type::exponential_histogram:
      return take_points(metric.exponential_histogram_points(), SeriesKind::native_histogram);
    case Type::summary:
      is_delta_ = false;
      return take_points(metric.summary_points(), SeriesKind::summary);
    case Type::none:
      break;
  }
}

template <class Points>
void Ingest::take_points(const Points& points, SeriesKind kind) {
  const bool has_temporality = metric_->type != Type::gauge && metric_->type != Type::summary;
  std::string_view unfit;
  if (has_temporality && !is_delta_ && metric_->aggregation_temporality != kCumulative)
    unfit = "it has no aggregation temporality";
  else if (is_delta_ && metric_->type == Type::sum && !metric_->is_monotonic)
    unfit = "changes of a sum that is not monotonic cannot be added up: send it cumulative";
  for (const auto& point : points) {
    if (item_ % kPauseEvery == kPauseEvery - 1) pause_();
    const Hash raw = translator_.raw(metric_raw_, point.attributes);
    Series* series = table_.find(raw, next_);
    if (series) next_ = series->number + 1;
    if (point.no_recorded_value()) {
      if (series) table_.remove(*series);
    } else if (!unfit.empty()) {
      reject(unfit);
    } else {
      const bool is_new = series == nullptr;
      if (is_new) series = make_series(point, kind, raw);
      if (series && apply(point, *series)) {
        series->updated_mono_ns = now_;
        if (!target_touched_) touch_target();
      } else if (series && is_new && series->updated_mono_ns == 0) {
        table_.remove(*series);  // it never had a value
      }
    }
    ++item_;
  }
}

Series* Ingest::make_series(const wire::DataPoint& point, SeriesKind kind, const Hash& raw) {
  const auto refuse = [this](const std::string& why) {
    reject(why);
    return nullptr;
  };
  const std::string name = translator_.metric_name(*metric_);
  if (name.empty()) return refuse("nothing is left of its name that Prometheus could show");
  const FamilyType type = Translator::family_type(*metric_);
  Family* family = table_.family(name);
  if (family && family->type != type) return refuse("another metric is shown as " + name + " with another type");
  if (!family) {
    if (const std::string other = table_.name_conflict(name, type); !other.empty())
      return refuse("as " + name + " it would share names of samples with the metric shown as " + other);
  }
  std::string labels, why;
  if (!translator_.labels(resource_, *scope_, *metric_, point.attributes, labels, why)) return refuse(why);
  const uint64_t identity = translator_.identity(resource_, *scope_, *metric_, point.attributes);
  if (family) {
    if (Series* known = table_.find(*family, labels)) {
      if (known->identity != identity || known->kind != kind)
        return refuse("another series is shown as " + name + " with the same labels");
      table_.change_raw(*known, raw);
      return known;
    }
    if (family->help != metric_->description && on_help_conflict_)
      on_help_conflict_(name, metric_->description, family->help);
  } else {
    family = &table_.make_family(name, metric_->description, type);
  }
  return &table_.add(*family, kind, raw, identity, labels);
}

// target_info lives as long as its resource sends.
void Ingest::touch_target() {
  target_touched_ = true;
  if (resource_.job.empty() || resource_.instance.empty()) return;
  const uint64_t identity = translator_.target_identity(resource_);
  const Hash raw = translator_.raw(table_.hasher().combine(resource_.raw, identity), resource_.attributes);
  if (Series* known = table_.find(raw)) {
    known->updated_mono_ns = now_;
    return;
  }
  const std::string labels = translator_.target_labels(resource_);
  if (Series* before = table_.target(identity)) {
    if (before->labels.view() == labels) {
      table_.change_raw(*before, raw);
      before->updated_mono_ns = now_;
      return;
    }
    table_.remove(*before);  // the resource has changed
  }
  Family* family = table_.family(translator_.target_name());
  if (!family) family = &table_.make_family(translator_.target_name(), "Target metadata", FamilyType::gauge);
  if (family->type != FamilyType::gauge || table_.find(*family, labels)) return;  // somebody else's metric of that name
  Series& made = table_.add(*family, SeriesKind::number, raw, identity, labels);
  made.value = 1;
  made.updated_mono_ns = now_;
  table_.set_target(made);
}

bool Ingest::apply(const wire::NumberDataPoint& point, Series& series) {
  if (point.value.type == wire::NumberValue::Type::none) return reject("a point has no value");
  if (point.time_unix_nano < series.time_unix_nano)
    return is_delta_ ? reject("a point is older than what was added up already") : true;
  const bool follows = is_delta_ && point.start_time_unix_nano == series.time_unix_nano;
  if (follows && series.updated_mono_ns) {
    series.value += point.value.to_double();
  } else {
    series.value = point.value.to_double();
    series.start_unix_nano = point.start_time_unix_nano;
  }
  series.time_unix_nano = point.time_unix_nano;
  if (series.detail) static_cast<CounterDetail&>(*series.detail).has_exemplar = false;
  if (series.family->type == FamilyType::counter) {
    for (const wire::Exemplar& exemplar : point.exemplars) {
      auto& detail = detail_of<CounterDetail>(series);
      detail.has_exemplar = true;
      detail.exemplar = kept(exemplar);
    }
  }
  return true;
}

bool Ingest::apply(const wire::HistogramDataPoint& point, Series& series) {
  auto& detail = detail_of<HistogramDetail>(series);
  const bool is_new = series.updated_mono_ns == 0;
  const bool follows = is_delta_ && !is_new && point.start_time_unix_nano == series.time_unix_nano;
  if (is_delta_ && !is_new && !follows && point.start_time_unix_nano < series.time_unix_nano)
    return reject("a delta starts before the end of what was added up already");
  if (!is_delta_ && point.time_unix_nano < series.time_unix_nano) return true;

  bool same_bounds = detail.bounds != nullptr;
  if (same_bounds) {
    const auto known = detail.bounds->values();
    size_t n = 0;
    for (const double bound : point.explicit_bounds) {
      same_bounds = same_bounds && (n < known.size() ? known[n] == bound : n == known.size() && std::isinf(bound));
      ++n;
    }
    const size_t buckets = point.bucket_counts.count();
    same_bounds = same_bounds && n >= known.size() && (buckets == n + 1 || (buckets == 0 && n == 0));
  }
  if (!same_bounds) {
    std::vector<double> bounds;
    for (const double bound : point.explicit_bounds) bounds.push_back(bound);
    if (const std::string_view problem = problem_of(bounds, point.bucket_counts.count()); !problem.empty())
      return reject(problem);
    if (!bounds.empty() && std::isinf(bounds.back()) && bounds.back() > 0) bounds.pop_back();  // it is there anyway
    detail.bounds = table_.bounds(*series.family, std::move(bounds));
    detail.cumulative.assign(detail.bounds->size(), 0);
  }
  const bool adds = follows && same_bounds;
  uint64_t below = 0;
  size_t bucket = 0;
  for (const uint64_t count : point.bucket_counts) {
    if (bucket == detail.cumulative.size()) break;
    below += count;
    detail.cumulative[bucket] = adds ? detail.cumulative[bucket] + below : below;
    ++bucket;
  }
  detail.count = adds ? detail.count + point.count : point.count;
  series.value = adds ? series.value + point.sum.value_or(0) : point.sum.value_or(0);
  if (!adds) series.start_unix_nano = point.start_time_unix_nano;
  series.time_unix_nano = point.time_unix_nano;
  keep_exemplars(point, detail);
  return true;
}

bool Ingest::apply(const wire::ExponentialHistogramDataPoint& point, Series& series) {
  if (point.scale < formats::prometheus::kMinSchema)
    return reject("the scale of an exponential histogram is below -4, the coarsest that Prometheus has");
  const bool is_new = series.updated_mono_ns == 0;
  const bool follows = is_delta_ && !is_new && point.start_time_unix_nano == series.time_unix_nano;
  if (is_delta_ && !is_new && !follows && point.start_time_unix_nano < series.time_unix_nano)
    return reject("a delta starts before the end of what was added up already");
  if (!is_delta_ && point.time_unix_nano < series.time_unix_nano) return true;

  NativeHistogram& read = scratch_;
  read.count = point.count;
  read.sum = point.sum.value_or(0);
  read.schema = point.scale;
  read.zero_count = point.zero_count;
  read.zero_threshold = point.zero_threshold > 0 ? point.zero_threshold : formats::prometheus::kDefaultZeroThreshold;
  read_buckets(point.positive, read.positive);
  read_buckets(point.negative, read.negative);
  read.downscale(point.scale - formats::prometheus::kMaxSchema);
  if (!within_reach(read.positive) || !within_reach(read.negative))
    return reject("buckets of an exponential histogram are beyond all numbers");
  auto& detail = detail_of<NativeDetail>(series);
  if (!follows) {
    std::swap(detail.histogram, read);
    series.start_unix_nano = point.start_time_unix_nano;
  } else if (!detail.histogram.add(read)) {
    return reject("buckets of an exponential histogram are too far from those that were added up already");
  }
  series.time_unix_nano = point.time_unix_nano;
  return true;
}

bool Ingest::apply(const wire::SummaryDataPoint& point, Series& series) {
  if (point.time_unix_nano < series.time_unix_nano) return true;
  auto& detail = detail_of<SummaryDetail>(series);
  detail.count = point.count;
  series.value = point.sum;
  series.start_unix_nano = point.start_time_unix_nano;
  series.time_unix_nano = point.time_unix_nano;
  detail.quantiles.clear();
  for (const auto& value : point.quantile_values) detail.quantiles.push_back({value.quantile, value.value});
  std::sort(detail.quantiles.begin(), detail.quantiles.end(),
            [](const auto& a, const auto& b) { return a.quantile < b.quantile; });
  return true;
}

}  // namespace sluice::exporters
