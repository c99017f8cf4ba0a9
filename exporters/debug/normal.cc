// SPDX-License-Identifier: Apache-2.0
// Verbosity `normal`: one line an item, below one line a resource and one a scope.
#include <cmath>
#include <numbers>
#include <vector>

#include "exporters/debug/print.h"

namespace sluice::exporters {
namespace {

template <class Item, class F>
void append_tree(std::string& out, const char* kind, size_t index, const wire::ResourceOf<Item>& of, F&& append_item) {
  const auto pairs = [&out](const wire::Attributes& attributes) {
    if (attributes.empty()) return;
    out += ' ';
    append_pairs(out, attributes, " ");
  };
  print(out, "Resource", kind, " #", index);
  if (!of.schema_url.empty()) print(out, " [", of.schema_url, "]");
  pairs(of.resource.attributes);
  out += '\n';
  size_t scope_index = 0;
  for (const wire::ScopeOf<Item>& scope : of.scopes) {
    print(out, "Scope", kind, " #", scope_index++);
    if (!scope.scope.name.empty() || !scope.scope.version.empty()) print(out, " ", scope.scope.name);
    if (!scope.scope.version.empty()) print(out, "@", scope.scope.version);
    if (!scope.schema_url.empty()) print(out, " [", scope.schema_url, "]");
    pairs(scope.scope.attributes);
    out += '\n';
    for (const Item& item : scope.items) append_item(item);
  }
}

void append_sum(std::string& out, uint64_t count, const auto& point) {
  print(out, "count=", count);
  const auto optional = [&out](const char* name, const std::optional<double>& value) {
    if (!value) return;
    out += name;
    append_shortest(out, *value);
  };
  optional(" sum=", point.sum);
  optional(" min=", point.min);
  optional(" max=", point.max);
}

void append_histogram(std::string& out, const wire::HistogramDataPoint& point) {
  append_sum(out, point.count, point);
  auto bound = point.explicit_bounds.begin();
  for (const uint64_t count : point.bucket_counts) {
    out += ' ';
    if (bound != point.explicit_bounds.end()) {
      out += "le";
      append_shortest(out, *bound);
      out += '=';
      ++bound;
    }
    append_decimal(out, count);
  }
}

// From the lowest bucket to the highest, each with its upper bound.
void append_exponential(std::string& out, const wire::ExponentialHistogramDataPoint& point) {
  append_sum(out, point.count, point);
  const double factor = std::ldexp(std::numbers::ln2, -point.scale);
  const auto bucket = [&out](double bound, uint64_t count) {
    out += " le";
    append_shortest(out, bound);
    print(out, "=", count);
  };
  std::vector<uint64_t> negative;
  for (const uint64_t count : point.negative.bucket_counts) negative.push_back(count);
  for (size_t i = negative.size(); i-- > 0;)
    bucket(-std::exp((point.negative.offset + static_cast<double>(i)) * factor), negative[i]);
  if (point.zero_count) print(out, " zero=", point.zero_count);
  double index = point.positive.offset;
  for (const uint64_t count : point.positive.bucket_counts) bucket(std::exp(++index * factor), count);
}

void append_summary(std::string& out, const wire::SummaryDataPoint& point) {
  print(out, "count=", point.count, " sum=");
  append_fixed(out, point.sum);
  for (const auto& quantile : point.quantile_values) {
    out += " q";
    append_shortest(out, quantile.quantile);
    out += '=';
    append_shortest(out, quantile.value);
  }
}

void append_points(std::string& out, const wire::Metric& metric) {
  const auto line = [&](const auto& points, auto&& append_value) {
    for (const auto& point : points) {
      print(out, metric.name, "{");
      append_pairs(out, point.attributes, ",");
      out += "} ";
      append_value(out, point);
      out += '\n';
    }
  };
  line(metric.number_points(), [](std::string& text, const wire::NumberDataPoint& point) {
    if (point.value.type == wire::NumberValue::Type::integer) append_decimal(text, point.value.integer());
    if (point.value.type == wire::NumberValue::Type::float64) append_shortest(text, point.value.float64());
  });
  line(metric.histogram_points(), append_histogram);
  line(metric.exponential_histogram_points(), append_exponential);
  line(metric.summary_points(), append_summary);
}

}  // namespace

std::string print_normal(const sluice_batch& batch) {
  std::string out;
  switch (batch.signal) {
    case SLUICE_TRACES:
      for_each_resource(batch, wire::traces, [&out](size_t index, const wire::ResourceSpans& spans) {
        append_tree(out, "Traces", index, spans, [&out](const wire::Span& span) {
          print(out, span.name, " ");
          append_id(out, span.trace_id);
          out += ' ';
          append_id(out, span.span_id);
          if (!span.attributes.empty()) out += ' ';
          append_pairs(out, span.attributes, " ");
          out += '\n';
        });
      });
      break;
    case SLUICE_METRICS:
      for_each_resource(batch, wire::metrics, [&out](size_t index, const wire::ResourceMetrics& metrics) {
        append_tree(out, "Metrics", index, metrics, [&out](const wire::Metric& metric) { append_points(out, metric); });
      });
      break;
    default:
      for_each_resource(batch, wire::logs, [&out](size_t index, const wire::ResourceLogs& logs) {
        append_tree(out, "Log", index, logs, [&out](const wire::LogRecord& record) {
          append_value(out, record.body);
          out += ' ';
          append_pairs(out, record.attributes, " ");
          out += '\n';
        });
      });
  }
  return out;
}

}  // namespace sluice::exporters
