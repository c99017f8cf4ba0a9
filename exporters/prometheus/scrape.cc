// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/scrape.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace sluice::exporters {
namespace {

using formats::prometheus::Exemplar;
using formats::prometheus::ExpositionWriter;
using formats::prometheus::Times;

void append_id(std::string& labels, std::string_view name, std::span<const uint8_t> id) {
  constexpr char kHex[] = "0123456789abcdef";
  if (std::all_of(id.begin(), id.end(), [](uint8_t byte) { return byte == 0; })) return;
  if (!labels.empty()) labels += ',';
  labels.append(name).append("=\"");
  for (const uint8_t byte : id) {
    labels += kHex[byte >> 4];
    labels += kHex[byte & 15];
  }
  labels += '"';
}

Exemplar shown(const KeptExemplar& kept) {
  Exemplar exemplar;
  append_id(exemplar.labels, "span_id", kept.span_id);
  append_id(exemplar.labels, "trace_id", kept.trace_id);
  exemplar.value = kept.value;
  exemplar.time_unix_nano = kept.time_unix_nano;
  exemplar.bucket = kept.bucket;
  return exemplar;
}

void write_series(const Series& series, const Times& times, ExpositionWriter& writer) {
  const std::string_view labels = series.labels.view();
  switch (series.kind) {
    case SeriesKind::number: {
      const auto* detail = static_cast<const CounterDetail*>(series.detail.get());
      if (detail == nullptr || !detail->has_exemplar) return writer.number(labels, series.value, times, nullptr);
      const Exemplar exemplar = shown(detail->exemplar);
      return writer.number(labels, series.value, times, &exemplar);
    }
    case SeriesKind::histogram: {
      const auto& detail = static_cast<const HistogramDetail&>(*series.detail);
      std::vector<Exemplar> exemplars;
      for (const KeptExemplar& kept : detail.exemplars) exemplars.push_back(shown(kept));
      return writer.histogram(labels, {detail.count, series.value, *detail.bounds, detail.cumulative, exemplars},
                              times);
    }
    case SeriesKind::native_histogram:
      return writer.native_histogram(labels, static_cast<const NativeDetail&>(*series.detail).histogram, times);
    case SeriesKind::summary: {
      const auto& detail = static_cast<const SummaryDetail&>(*series.detail);
      return writer.summary(labels, {detail.count, series.value, detail.quantiles}, times);
    }
  }
}

}  // namespace

void write_all(SeriesTable& table, bool send_timestamps, ExpositionWriter& writer) {
  table.walk(
      [&](const Family& family) {
        writer.family({family.name, family.help, family.type});
      },
      [&](const Series& series) {
        if (series.updated_mono_ns == 0) return;  // left by a call that ended with an exception: no value yet
        Times times;
        if (send_timestamps) times.sample_unix_ms = series.time_unix_nano / 1'000'000;
        times.created_unix_nano = series.start_unix_nano;
        write_series(series, times, writer);
      });
  writer.finish();
}

}  // namespace sluice::exporters
