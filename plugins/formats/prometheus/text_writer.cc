// SPDX-License-Identifier: Apache-2.0
// The text format 0.0.4 and OpenMetrics 1.0.
#include "plugins/formats/prometheus/text_writer.h"

#include "plugins/formats/prometheus/labels.h"
#include "plugins/formats/prometheus/text.h"

namespace sluice::formats::prometheus {
namespace {

constexpr std::string_view kTotal = "_total";

}  // namespace

TextWriter::SampleName::SampleName(const std::string& name) {
  // A name that is not plain stands in quotes within the braces.
  if (is_plain_name(name)) {
    bare = name;
    open = name + '{';
    bare_end = " ";
    return;
  }
  bare = "{";
  append_name(bare, name);
  open = bare + ',';
  bare_end = "} ";
}

void TextWriter::family(const FamilyHead& head) {
  const std::string name = escape_name(head.name, options_.escaping);
  sample_ = SampleName(name);
  if (head.type == FamilyType::histogram || head.type == FamilyType::summary) {
    bucket_ = SampleName(name + "_bucket");
    sum_ = SampleName(name + "_sum");
    count_ = SampleName(name + "_count");
  }
  // OpenMetrics: a counter's family has no _total, and what has none is no counter.
  std::string_view family = name, type = "untyped";
  switch (head.type) {
    case FamilyType::counter:
      type = open_metrics_ && !name.ends_with(kTotal) ? "unknown" : "counter";
      if (open_metrics_ && name.ends_with(kTotal)) family.remove_suffix(kTotal.size());
      break;
    case FamilyType::gauge:
      type = "gauge";
      break;
    case FamilyType::histogram:
      type = "histogram";
      break;
    case FamilyType::summary:
      type = "summary";
      break;
    case FamilyType::untyped:
      if (open_metrics_) type = "unknown";
      break;
  }
  out_ += "# HELP ";
  append_name(out_, family);
  out_ += ' ';
  append_escaped(out_, head.help, open_metrics_);
  out_ += "\n# TYPE ";
  append_name(out_, family);
  out_ += ' ';
  out_ += type;
  out_ += '\n';
}

std::string_view TextWriter::names_escaped(std::string_view labels) {
  if (options_.plain_names || options_.escaping == Escaping::allow_utf8) return labels;
  escaped_ = escape_label_names(labels, options_.escaping);
  return escaped_;
}

void TextWriter::begin(const SampleName& name, std::string_view labels, std::string_view last_label) {
  if (labels.empty() && last_label.empty()) {
    out_ += name.bare;
    out_ += name.bare_end;
    return;
  }
  out_ += name.open;
  out_ += labels;
  if (!labels.empty() && !last_label.empty()) out_ += ',';
  out_ += last_label;
  out_ += "} ";
}

void TextWriter::append_value(double value) {
  open_metrics_ ? append_open_metrics_number(out_, value) : append_number(out_, value);
}

void TextWriter::append_count(uint64_t count) {
  open_metrics_ ? append_integer(out_, count) : append_number(out_, static_cast<double>(count));
}

void TextWriter::end(const Times& times, const Exemplar* exemplar) {
  if (times.sample_unix_ms) {
    out_ += ' ';
    if (open_metrics_)
      append_open_metrics_number(out_, static_cast<double>(times.sample_unix_ms) / 1e3);
    else
      append_integer(out_, times.sample_unix_ms);
  }
  if (exemplar && open_metrics_) {
    out_ += " # {";
    out_ += exemplar->labels;
    out_ += "} ";
    append_open_metrics_number(out_, exemplar->value);
    if (exemplar->time_unix_nano) {
      out_ += ' ';
      append_open_metrics_number(out_, static_cast<double>(exemplar->time_unix_nano) / 1e9);
    }
  }
  out_ += '\n';
}

void TextWriter::number(std::string_view labels, double value, const Times& times, const Exemplar* exemplar) {
  begin(sample_, names_escaped(labels), {});
  append_value(value);
  end(times, exemplar);
}

void TextWriter::sum_and_count(std::string_view labels, double sum, uint64_t count, const Times& times) {
  begin(sum_, labels, {});
  append_value(sum);
  end(times, nullptr);
  begin(count_, labels, {});
  append_count(count);
  end(times, nullptr);
}

void TextWriter::histogram(std::string_view labels, const HistogramView& histogram, const Times& times) {
  labels = names_escaped(labels);
  const Exemplar* exemplar = histogram.exemplars.data();
  const Exemplar* const last = exemplar + histogram.exemplars.size();
  for (size_t i = 0; i <= histogram.bounds.size(); ++i) {
    begin(bucket_, labels, open_metrics_ ? histogram.bounds.open_metrics_text(i) : histogram.bounds.text(i));
    append_count(i < histogram.cumulative.size() ? histogram.cumulative[i] : histogram.count);
    const bool has_exemplar = exemplar != last && exemplar->bucket == i;
    end(times, has_exemplar ? exemplar++ : nullptr);
  }
  sum_and_count(labels, histogram.sum, histogram.count, times);
}

// The texts have no place for its buckets: all of it is in the one up to infinity.
void TextWriter::native_histogram(std::string_view labels, const NativeHistogram& histogram, const Times& times) {
  labels = names_escaped(labels);
  begin(bucket_, labels, "le=\"+Inf\"");
  append_count(histogram.count);
  end(times, nullptr);
  sum_and_count(labels, histogram.sum, histogram.count, times);
}

void TextWriter::summary(std::string_view labels, const SummaryView& summary, const Times& times) {
  labels = names_escaped(labels);
  std::string quantile;
  for (const SummaryView::Quantile& value : summary.quantiles) {
    quantile = "quantile=\"";
    open_metrics_ ? append_open_metrics_number(quantile, value.quantile) : append_number(quantile, value.quantile);
    quantile += '"';
    begin(sample_, labels, quantile);
    append_value(value.value);
    end(times, nullptr);
  }
  sum_and_count(labels, summary.sum, summary.count, times);
}

void TextWriter::finish() {
  if (open_metrics_) out_ += "# EOF\n";
}

}  // namespace sluice::formats::prometheus
