// SPDX-License-Identifier: Apache-2.0
// OTLP metrics for tests, written as they are on the wire, and the exporter without its server: a table, what fills it
// and what shows it.
//
//   Shown shown;
//   shown.take(metrics({{"service.name", "demo"}}, {gauge("temp", {{.value = 21.5}})}));
//   CHECK(shown.text() == "...");
#ifndef SLUICE_EXPORTERS_PROMETHEUS_TESTING_H
#define SLUICE_EXPORTERS_PROMETHEUS_TESTING_H

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "exporters/prometheus/ingest.h"
#include "exporters/prometheus/scrape.h"
#include "plugins/wire/writer.h"

namespace sluice::exporters::testing {

using Out = wire::Writer<std::string>;
using AttributeValue = std::variant<std::string, int64_t, double, bool>;
using AttributeList = std::vector<std::pair<std::string, AttributeValue>>;

struct TestExemplar {
  double value = 0;
  uint64_t time = 0;
  std::string trace_id{}, span_id{};
};

// A point of any kind; each writes what it has.
struct Point {
  AttributeList attributes{};
  double value = 0;  // of histograms and summaries the sum
  std::optional<int64_t> integer{};
  uint64_t time = 1000, start = 0;
  bool stale = false, empty = false;
  uint64_t count = 0;
  std::vector<uint64_t> buckets{};
  std::vector<double> bounds{};  // of a summary: quantiles and values in turn
  std::vector<TestExemplar> exemplars{};
  int32_t scale = 0, offset = 0, negative_offset = 0;
  std::vector<uint64_t> negative{};
  uint64_t zero_count = 0;
  double zero_threshold = 0;
};
using Points = std::vector<Point>;

struct About {
  std::string unit{}, description{};
  int32_t temporality = 2;
  bool monotonic = true;
  std::string original_type{};
};

inline void write_attribute(Out& out, uint32_t number, const std::string& key, const AttributeValue& value) {
  out.message(number, [&](Out& attribute) {
    attribute.text(1, key);
    attribute.message(2, [&](Out& any) {
      if (const auto* text = std::get_if<std::string>(&value)) any.text(1, *text);
      if (const auto* boolean = std::get_if<bool>(&value)) any.varint(2, *boolean);
      if (const auto* integer = std::get_if<int64_t>(&value)) any.signed_varint(3, *integer);
      if (const auto* number_value = std::get_if<double>(&value)) any.float64(4, *number_value);
    });
  });
}
inline void write_attributes(Out& out, uint32_t number, const AttributeList& attributes) {
  for (const auto& [key, value] : attributes) write_attribute(out, number, key, value);
}
template <class Value>
void write_packed(Out& out, uint32_t number, const std::vector<Value>& values) {
  out.message(number, [&](Out& packed) {
    for (const Value& value : values) packed.out().append(reinterpret_cast<const char*>(&value), sizeof value);
  });
}
inline void write_exemplars(Out& out, uint32_t number, const Point& point) {
  for (const TestExemplar& exemplar : point.exemplars) {
    out.message(number, [&](Out& e) {
      e.fixed64(2, exemplar.time);
      e.float64(3, exemplar.value);
      if (!exemplar.span_id.empty()) e.text(4, exemplar.span_id);
      if (!exemplar.trace_id.empty()) e.text(5, exemplar.trace_id);
    });
  }
}
inline void write_times(Out& out, const Point& point) {
  if (point.start) out.fixed64(2, point.start);
  if (point.time) out.fixed64(3, point.time);
}

template <class WritePoint>
std::string metric(const std::string& name, const About& about, uint32_t type, const Points& points, bool temporality,
                   WritePoint&& write_point) {
  std::string bytes;
  Out out(bytes);
  out.text(1, name);
  if (!about.description.empty()) out.text(2, about.description);
  if (!about.unit.empty()) out.text(3, about.unit);
  out.message(type, [&](Out& data) {
    for (const Point& point : points) data.message(1, [&](Out& p) { write_point(p, point); });
    if (temporality && about.temporality) data.signed_varint(2, about.temporality);
    if (type == 7 && about.monotonic) data.varint(3, 1);
  });
  if (!about.original_type.empty()) write_attribute(out, 12, "prometheus.type", about.original_type);
  return bytes;
}

inline void write_number(Out& out, const Point& point) {
  write_times(out, point);
  if (point.integer)
    out.fixed64(6, static_cast<uint64_t>(*point.integer));
  else if (!point.empty)
    out.float64(4, point.value);
  write_exemplars(out, 5, point);
  write_attributes(out, 7, point.attributes);
  if (point.stale) out.varint(8, 1);
}
inline std::string gauge(const std::string& name, const Points& points, const About& about = {}) {
  return metric(name, about, 5, points, false, write_number);
}
inline std::string sum(const std::string& name, const Points& points, const About& about = {}) {
  return metric(name, about, 7, points, true, write_number);
}
inline std::string histogram(const std::string& name, const Points& points, const About& about = {}) {
  return metric(name, about, 9, points, true, [](Out& out, const Point& point) {
    write_attributes(out, 9, point.attributes);
    write_times(out, point);
    out.fixed64(4, point.count);
    out.float64(5, point.value);
    if (!point.buckets.empty()) write_packed(out, 6, point.buckets);
    if (!point.bounds.empty()) write_packed(out, 7, point.bounds);
    write_exemplars(out, 8, point);
    if (point.stale) out.varint(10, 1);
  });
}
inline std::string exponential(const std::string& name, const Points& points, const About& about = {}) {
  return metric(name, about, 10, points, true, [](Out& out, const Point& point) {
    write_attributes(out, 1, point.attributes);
    write_times(out, point);
    out.fixed64(4, point.count);
    out.float64(5, point.value);
    out.zigzag(6, point.scale);
    out.fixed64(7, point.zero_count);
    const auto side = [&out](uint32_t number, int32_t offset, const std::vector<uint64_t>& counts) {
      out.message(number, [&](Out& buckets) {
        buckets.zigzag(1, offset);
        for (const uint64_t count : counts) buckets.varint(2, count);
      });
    };
    if (!point.buckets.empty()) side(8, point.offset, point.buckets);
    if (!point.negative.empty()) side(9, point.negative_offset, point.negative);
    if (point.zero_threshold > 0) out.float64(14, point.zero_threshold);
    if (point.stale) out.varint(10, 1);
  });
}
inline std::string summary(const std::string& name, const Points& points, const About& about = {}) {
  return metric(name, about, 11, points, false, [](Out& out, const Point& point) {
    write_times(out, point);
    out.fixed64(4, point.count);
    out.float64(5, point.value);
    for (size_t i = 0; i + 1 < point.bounds.size(); i += 2) {
      out.message(6, [&](Out& quantile) {
        quantile.float64(1, point.bounds[i]);
        quantile.float64(2, point.bounds[i + 1]);
      });
    }
    write_attributes(out, 7, point.attributes);
    if (point.stale) out.varint(8, 1);
  });
}

struct Scope {
  std::string name{}, version{}, schema_url{};
  AttributeList attributes{};
};

// One resource, one scope.
inline std::string metrics(const AttributeList& resource, const std::vector<std::string>& all,
                           const Scope& scope = {}) {
  std::string bytes;
  Out(bytes).message(1, [&](Out& resource_metrics) {
    resource_metrics.message(1, [&](Out& r) { write_attributes(r, 1, resource); });
    resource_metrics.message(2, [&](Out& scope_metrics) {
      scope_metrics.message(1, [&](Out& s) {
        s.text(1, scope.name);
        s.text(2, scope.version);
        write_attributes(s, 3, scope.attributes);
      });
      for (const std::string& one : all) scope_metrics.text(2, one);
      if (!scope.schema_url.empty()) scope_metrics.text(3, scope.schema_url);
    });
  });
  return bytes;
}

class Shown {
 public:
  explicit Shown(PrometheusConfig config = {}) : config_(std::move(config)), translator_(config_, table_.hasher()) {}

  // Without the labels of the scope, which most tests have no use for.
  static PrometheusConfig bare() {
    PrometheusConfig config;
    config.without_scope_info = true;
    return config;
  }

  Result take(const std::string& message) {
    const sluice_segment segment{reinterpret_cast<const uint8_t*>(message.data()), message.size(), 0};
    sluice_batch batch{};
    batch.struct_size = sizeof batch;
    batch.signal = SLUICE_METRICS;
    batch.segments = &segment;
    batch.segment_count = 1;
    Ingest ingest(
        table_, translator_, now, [] {},
        [this](std::string_view name, std::string_view, std::string_view) { help_conflicts.emplace_back(name); });
    return ingest.take(batch);
  }
  std::string show(formats::prometheus::Format format, formats::prometheus::WriterOptions options = {}) {
    std::string out;
    options.plain_names = translator_.plain_names();
    const auto writer = formats::prometheus::make_writer(format, out, options);
    write_all(table_, config_.send_timestamps, *writer);
    return out;
  }
  std::string text() { return show(formats::prometheus::Format::text); }
  // The samples alone.
  std::string samples() {
    std::string out;
    const std::string all = text();
    for (size_t at = 0; at < all.size();) {
      const size_t end = all.find('\n', at) + 1;
      if (all[at] != '#') out += all.substr(at, end - at);
      at = end;
    }
    return out;
  }
  SeriesTable& table() { return table_; }

  uint64_t now = 1;
  std::vector<std::string> help_conflicts;

 private:
  const PrometheusConfig config_;
  SeriesTable table_;
  const Translator translator_;
};

}  // namespace sluice::exporters::testing
#endif  // SLUICE_EXPORTERS_PROMETHEUS_TESTING_H
