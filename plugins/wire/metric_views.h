// SPDX-License-Identifier: Apache-2.0
//
// Views of metrics and their data points; views.h says how views work.
#ifndef SLUICE_PLUGINS_WIRE_METRIC_VIEWS_H
#define SLUICE_PLUGINS_WIRE_METRIC_VIEWS_H

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

#include "plugins/wire/ranges.h"
#include "plugins/wire/reader.h"
#include "plugins/wire/signal.h"
#include "plugins/wire/views.h"

namespace sluice::wire {

/// The value of a number point or an exemplar.
struct NumberValue {
  enum class Type : uint8_t { none, integer, float64 };

  int64_t integer() const noexcept { return static_cast<int64_t>(bits); }
  double float64() const noexcept { return std::bit_cast<double>(bits); }
  /// As a double, whichever it is.
  double to_double() const noexcept { return type == Type::integer ? static_cast<double>(integer()) : float64(); }

  Type type = Type::none;
  uint64_t bits = 0;
};

struct Exemplar {
  explicit Exemplar(Bytes message) noexcept : encoded(message) {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::fixed64_tag(2):
          time_unix_nano = field.value();
          break;
        case detail::fixed64_tag(3):
          value = {NumberValue::Type::float64, field.value()};
          break;
        case detail::length_tag(4):
          span_id = field.bytes();
          break;
        case detail::length_tag(5):
          trace_id = field.bytes();
          break;
        case detail::fixed64_tag(6):
          value = {NumberValue::Type::integer, field.value()};
          break;
        case detail::length_tag(7):
          filtered_attributes.extend(field);
          break;
        default:
          break;
      }
    }
  }

  Attributes filtered_attributes;
  uint64_t time_unix_nano = 0;
  NumberValue value;
  Bytes span_id;
  Bytes trace_id;
  Bytes encoded;
};

/// What points of every kind have.
struct DataPoint {
  /// Staleness: the point says that there is no value.
  bool no_recorded_value() const noexcept { return (flags & 1) != 0; }

  Attributes attributes;
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;
  uint32_t flags = 0;
  Bytes encoded;
};

/// A point of a gauge or a sum.
struct NumberDataPoint : DataPoint {
  explicit NumberDataPoint(Bytes message) noexcept {
    encoded = message;
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::fixed64_tag(2):
          start_time_unix_nano = field.value();
          break;
        case detail::fixed64_tag(3):
          time_unix_nano = field.value();
          break;
        case detail::fixed64_tag(4):
          value = {NumberValue::Type::float64, field.value()};
          break;
        case detail::length_tag(5):
          exemplars.extend(field);
          break;
        case detail::fixed64_tag(6):
          value = {NumberValue::Type::integer, field.value()};
          break;
        case detail::length_tag(7):
          attributes.extend(field);
          break;
        case detail::varint_tag(8):
          flags = static_cast<uint32_t>(field.value());
          break;
        default:
          break;
      }
    }
  }

  NumberValue value;
  Repeated<Exemplar> exemplars;
};

struct HistogramDataPoint : DataPoint {
  explicit HistogramDataPoint(Bytes message) noexcept {
    encoded = message;
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::fixed64_tag(2):
          start_time_unix_nano = field.value();
          break;
        case detail::fixed64_tag(3):
          time_unix_nano = field.value();
          break;
        case detail::fixed64_tag(4):
          count = field.value();
          break;
        case detail::fixed64_tag(5):
          sum = field.value_double();
          break;
        case detail::length_tag(6):
        case detail::fixed64_tag(6):
          bucket_counts.extend(field);
          break;
        case detail::length_tag(7):
        case detail::fixed64_tag(7):
          explicit_bounds.extend(field);
          break;
        case detail::length_tag(8):
          exemplars.extend(field);
          break;
        case detail::length_tag(9):
          attributes.extend(field);
          break;
        case detail::varint_tag(10):
          flags = static_cast<uint32_t>(field.value());
          break;
        case detail::fixed64_tag(11):
          min = field.value_double();
          break;
        case detail::fixed64_tag(12):
          max = field.value_double();
          break;
        default:
          break;
      }
    }
  }

  uint64_t count = 0;
  std::optional<double> sum;
  std::optional<double> min;
  std::optional<double> max;
  Numbers<uint64_t> bucket_counts;
  Numbers<double> explicit_bounds;
  Repeated<Exemplar> exemplars;
};

struct ExponentialHistogramDataPoint : DataPoint {
  struct Buckets {
    Buckets() = default;
    explicit Buckets(Bytes message) noexcept {
      for (Cursor field(message); field.next();) {
        if (field.tag() == detail::varint_tag(1)) offset = unzigzag(static_cast<uint32_t>(field.value()));
        if (field.tag() == detail::varint_tag(2) || field.tag() == detail::length_tag(2)) bucket_counts.extend(field);
      }
    }

    int32_t offset = 0;
    Numbers<uint64_t, WireType::varint> bucket_counts;
  };

  explicit ExponentialHistogramDataPoint(Bytes message) noexcept {
    encoded = message;
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::length_tag(1):
          attributes.extend(field);
          break;
        case detail::fixed64_tag(2):
          start_time_unix_nano = field.value();
          break;
        case detail::fixed64_tag(3):
          time_unix_nano = field.value();
          break;
        case detail::fixed64_tag(4):
          count = field.value();
          break;
        case detail::fixed64_tag(5):
          sum = field.value_double();
          break;
        case detail::varint_tag(6):
          scale = unzigzag(static_cast<uint32_t>(field.value()));
          break;
        case detail::fixed64_tag(7):
          zero_count = field.value();
          break;
        case detail::length_tag(8):
          positive = Buckets(field.bytes());
          break;
        case detail::length_tag(9):
          negative = Buckets(field.bytes());
          break;
        case detail::varint_tag(10):
          flags = static_cast<uint32_t>(field.value());
          break;
        case detail::length_tag(11):
          exemplars.extend(field);
          break;
        case detail::fixed64_tag(12):
          min = field.value_double();
          break;
        case detail::fixed64_tag(13):
          max = field.value_double();
          break;
        case detail::fixed64_tag(14):
          zero_threshold = field.value_double();
          break;
        default:
          break;
      }
    }
  }

  uint64_t count = 0;
  std::optional<double> sum;
  std::optional<double> min;
  std::optional<double> max;
  int32_t scale = 0;
  uint64_t zero_count = 0;
  double zero_threshold = 0;
  Buckets positive;
  Buckets negative;
  Repeated<Exemplar> exemplars;
};

struct SummaryDataPoint : DataPoint {
  struct ValueAtQuantile {
    explicit ValueAtQuantile(Bytes message) noexcept {
      for (Cursor field(message); field.next();) {
        if (field.tag() == detail::fixed64_tag(1)) quantile = field.value_double();
        if (field.tag() == detail::fixed64_tag(2)) value = field.value_double();
      }
    }

    double quantile = 0;
    double value = 0;
  };

  explicit SummaryDataPoint(Bytes message) noexcept {
    encoded = message;
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::fixed64_tag(2):
          start_time_unix_nano = field.value();
          break;
        case detail::fixed64_tag(3):
          time_unix_nano = field.value();
          break;
        case detail::fixed64_tag(4):
          count = field.value();
          break;
        case detail::fixed64_tag(5):
          sum = field.value_double();
          break;
        case detail::length_tag(6):
          quantile_values.extend(field);
          break;
        case detail::length_tag(7):
          attributes.extend(field);
          break;
        case detail::varint_tag(8):
          flags = static_cast<uint32_t>(field.value());
          break;
        default:
          break;
      }
    }
  }

  uint64_t count = 0;
  double sum = 0;
  Repeated<ValueAtQuantile> quantile_values;
};

struct Metric {
  /// The numbers of the fields.
  enum class Type : uint8_t { none = 0, gauge = 5, sum = 7, histogram = 9, exponential_histogram = 10, summary = 11 };

  explicit Metric(Bytes message) noexcept : encoded(message) {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::length_tag(1):
          name = field.text();
          break;
        case detail::length_tag(2):
          description = field.text();
          break;
        case detail::length_tag(3):
          unit = field.text();
          break;
        case detail::length_tag(5):
        case detail::length_tag(7):
        case detail::length_tag(9):
        case detail::length_tag(10):
        case detail::length_tag(11):
          type = static_cast<Type>(field.number());
          data = field.bytes();
          break;
        case detail::length_tag(12):
          metadata.extend(field);
          break;
        default:
          break;
      }
    }
    if (type == Type::none || type == Type::gauge || type == Type::summary) return;
    for (Cursor field(data); field.next();) {
      if (field.tag() == detail::varint_tag(2)) aggregation_temporality = static_cast<int32_t>(field.value());
      if (field.tag() == detail::varint_tag(3) && type == Type::sum) is_monotonic = field.value() != 0;
    }
  }

  /// Points by the metric's type; ranges of the other types are empty.
  Repeated<NumberDataPoint> number_points() const noexcept {
    return points<NumberDataPoint>(type == Type::gauge || type == Type::sum);
  }
  Repeated<HistogramDataPoint> histogram_points() const noexcept {
    return points<HistogramDataPoint>(type == Type::histogram);
  }
  Repeated<ExponentialHistogramDataPoint> exponential_histogram_points() const noexcept {
    return points<ExponentialHistogramDataPoint>(type == Type::exponential_histogram);
  }
  Repeated<SummaryDataPoint> summary_points() const noexcept { return points<SummaryDataPoint>(type == Type::summary); }

  std::string_view name;
  std::string_view description;
  std::string_view unit;
  Type type = Type::none;
  int32_t aggregation_temporality = 0;  // 1 delta, 2 cumulative; of sums and histograms
  bool is_monotonic = false;            // of sums
  Attributes metadata;
  Bytes data;
  Bytes encoded;

 private:
  template <typename Point>
  Repeated<Point> points(bool has) const noexcept {
    return has ? Repeated<Point>(data, 1) : Repeated<Point>();
  }
};

using ResourceMetrics = ResourceOf<Metric>;
using ScopeMetrics = ScopeOf<Metric>;

inline Repeated<ResourceMetrics> metrics(Bytes message) noexcept {
  return {message, 1};
}

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_METRIC_VIEWS_H
