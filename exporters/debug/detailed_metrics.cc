// SPDX-License-Identifier: Apache-2.0
// Verbosity `detailed`: metrics and their points.
#include <cmath>
#include <numbers>
#include <optional>
#include <string_view>
#include <vector>

#include "exporters/debug/print.h"

namespace sluice::exporters {
namespace {

std::string_view type_name(wire::Metric::Type type) {
  switch (type) {
    case wire::Metric::Type::gauge:
      return "Gauge";
    case wire::Metric::Type::sum:
      return "Sum";
    case wire::Metric::Type::histogram:
      return "Histogram";
    case wire::Metric::Type::exponential_histogram:
      return "ExponentialHistogram";
    case wire::Metric::Type::summary:
      return "Summary";
    default:
      return "Empty";
  }
}

std::string_view temporality_name(int32_t temporality) {
  constexpr std::string_view kNames[] = {"Unspecified", "Delta", "Cumulative"};
  return temporality >= 0 && temporality <= 2 ? kNames[temporality] : std::string_view();
}

void append_number(std::string& out, std::string_view label, const wire::NumberValue& value) {
  if (value.type == wire::NumberValue::Type::none) return;
  out += label;
  if (value.type == wire::NumberValue::Type::integer)
    append_decimal(out, value.integer());
  else
    append_fixed(out, value.float64());
  out += '\n';
}

void append_optional(std::string& out, std::string_view label, const std::optional<double>& value) {
  if (!value) return;
  out += label;
  append_fixed(out, *value);
  out += '\n';
}

void append_exemplars(std::string& out, const wire::Repeated<wire::Exemplar>& exemplars) {
  if (exemplars.empty()) return;
  out += "Exemplars:\n";
  size_t index = 0;
  for (const wire::Exemplar& exemplar : exemplars) {
    print(out, "Exemplar #", index++, "\n     -> Trace ID: ");
    append_id(out, exemplar.trace_id);
    out += "\n     -> Span ID: ";
    append_id(out, exemplar.span_id);
    out += "\n     -> Timestamp: ";
    append_time(out, exemplar.time_unix_nano);
    out += '\n';
    append_number(out, "     -> Value: ", exemplar.value);
    append_attributes(out, "     -> FilteredAttributes", exemplar.filtered_attributes);
  }
}

void append_value(std::string& out, const wire::NumberDataPoint& point) {
  append_number(out, "Value: ", point.value);
  append_exemplars(out, point.exemplars);
}

void append_sum(std::string& out, const auto& point) {
  print(out, "Count: ", point.count, "\n");
  append_optional(out, "Sum: ", point.sum);
  append_optional(out, "Min: ", point.min);
  append_optional(out, "Max: ", point.max);
}

void append_value(std::string& out, const wire::HistogramDataPoint& point) {
  append_sum(out, point);
  size_t index = 0;
  for (const double bound : point.explicit_bounds) {
    print(out, "ExplicitBounds #", index++, ": ");
    append_fixed(out, bound);
    out += '\n';
  }
  index = 0;
  for (const uint64_t count : point.bucket_counts) print(out, "Buckets #", index++, ", Count: ", count, "\n");
  append_exemplars(out, point.exemplars);
}

void append_value(std::string& out, const wire::ExponentialHistogramDataPoint& point) {
  append_sum(out, point);
  const double factor = std::ldexp(std::numbers::ln2, -point.scale);
  const auto bucket = [&out](std::string_view open, double low, double high, std::string_view close, uint64_t count) {
    print(out, "Bucket ", open);
    append_fixed(out, low);
    out += ", ";
    append_fixed(out, high);
    print(out, close, ", Count: ", count, "\n");
  };
  std::vector<uint64_t> negative;
  for (const uint64_t count : point.negative.bucket_counts) negative.push_back(count);
  for (size_t i = negative.size(); i-- > 0;) {
    const double index = point.negative.offset + static_cast<double>(i);
    bucket("[", -std::exp((index + 1) * factor), -std::exp(index * factor), ")", negative[i]);
  }
  if (point.zero_count) print(out, "Bucket [0, 0], Count: ", point.zero_count, "\n");
  double index = point.positive.offset;
  for (const uint64_t count : point.positive.bucket_counts) {
    bucket("(", std::exp(index * factor), std::exp((index + 1) * factor), "]", count);
    ++index;
  }
  append_exemplars(out, point.exemplars);
}

void append_value(std::string& out, const wire::SummaryDataPoint& point) {
  print(out, "Count: ", point.count, "\n");
  append_optional(out, "Sum: ", point.sum);
  size_t index = 0;
  for (const auto& quantile : point.quantile_values) {
    print(out, "QuantileValue #", index++, ": Quantile ");
    append_fixed(out, quantile.quantile);
    out += ", Value ";
    append_fixed(out, quantile.value);
    out += '\n';
  }
}

void append_points(std::string& out, std::string_view name, const auto& points) {
  size_t index = 0;
  for (const auto& point : points) {
    print(out, name, " #", index++, "\n");
    append_attributes(out, "Data point attributes", point.attributes);
    out += "StartTimestamp: ";
    append_time(out, point.start_time_unix_nano);
    out += "\nTimestamp: ";
    append_time(out, point.time_unix_nano);
    out += '\n';
    append_value(out, point);
  }
}

}  // namespace

void append_metric(std::string& out, const wire::Metric& metric) {
  using Type = wire::Metric::Type;
  print(out, "Descriptor:\n     -> Name: ", metric.name, "\n     -> Description: ", metric.description,
        "\n     -> Unit: ", metric.unit, "\n     -> DataType: ", type_name(metric.type), "\n");
  append_attributes(out, "     -> Metadata", metric.metadata);
  if (metric.type == Type::sum) print(out, "     -> IsMonotonic: ", metric.is_monotonic ? "true" : "false", "\n");
  if (metric.type == Type::sum || metric.type == Type::histogram || metric.type == Type::exponential_histogram)
    print(out, "     -> AggregationTemporality: ", temporality_name(metric.aggregation_temporality), "\n");
  append_points(out, "NumberDataPoints", metric.number_points());
  append_points(out, "HistogramDataPoints", metric.histogram_points());
  append_points(out, "ExponentialHistogramDataPoints", metric.exponential_histogram_points());
  append_points(out, "SummaryDataPoints", metric.summary_points());
}

}  // namespace sluice::exporters
