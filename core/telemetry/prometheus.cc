// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/prometheus.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "core/telemetry/json.h"

namespace sluice::telemetry {

namespace {

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// UCUM units and what Prometheus calls them.
constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
    {"d", "days"},          {"h", "hours"},        {"min", "minutes"},   {"s", "seconds"},      {"ms", "milliseconds"},
    {"us", "microseconds"}, {"ns", "nanoseconds"}, {"By", "bytes"},      {"KiBy", "kibibytes"}, {"MiBy", "mebibytes"},
    {"GiBy", "gibibytes"},  {"TiBy", "tibibytes"}, {"KBy", "kilobytes"}, {"MBy", "megabytes"},  {"GBy", "gigabytes"},
    {"TBy", "terabytes"},   {"m", "meters"},       {"V", "volts"},       {"A", "amperes"},      {"J", "joules"},
    {"W", "watts"},         {"g", "grams"},        {"Cel", "celsius"},   {"Hz", "hertz"},       {"%", "percent"},
};
constexpr std::pair<std::string_view, std::string_view> kPerUnits[] = {
    {"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"}, {"w", "week"}, {"mo", "month"}, {"y", "year"},
};

template <size_t kSize>
std::string unit_word(const std::pair<std::string_view, std::string_view> (&table)[kSize], std::string_view unit) {
  if (unit.empty() || unit.find('{') != std::string_view::npos) return {};  // an annotation is no unit
  for (const auto& [symbol, word] : table) {
    if (symbol == unit) return std::string(word);
  }
  return prometheus_identifier(unit);
}

bool has_word(std::string_view name, std::string_view word) {
  for (size_t at = name.find(word); at != std::string_view::npos; at = name.find(word, at + 1)) {
    size_t end = at + word.size();
    if ((at == 0 || name[at - 1] == '_') && (end == name.size() || name[end] == '_')) return true;
  }
  return false;
}

void add_word(std::string& name, const std::string& word) {
  if (!word.empty() && !has_word(name, word)) name.append("_").append(word);
}

std::string metric_name(const MetricInfo& info, const config::PrometheusReader& reader) {
  std::string name = prometheus_identifier(info.name);
  bool is_counter = info.type == MetricType::counter;
  if (!reader.without_units) {
    std::string_view unit = info.unit;
    if (unit == "1") {
      if (info.type == MetricType::gauge) add_word(name, "ratio");
    } else {
      size_t slash = unit.find('/');
      add_word(name, unit_word(kUnits, unit.substr(0, slash)));
      if (slash != std::string_view::npos) {
        std::string per = unit_word(kPerUnits, unit.substr(slash + 1));
        if (!per.empty()) add_word(name, "per_" + per);
      }
    }
  }
  if (is_counter && !reader.without_type_suffix && !name.ends_with("_total")) name += "_total";
  return name;
}

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::histogram:
      return "histogram";
    case MetricType::up_down_counter:
    case MetricType::gauge:
      break;
  }
  return "gauge";
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> text;
    out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
  }
}
void append_number(std::string& out, uint64_t value) {
  out += std::to_string(value);
}
void append_number(std::string& out, int64_t value) {
  out += std::to_string(value);
}

// key="value" pairs, joined by commas, without braces. A later label of a known name is left out.
std::string label_text(const Labels& labels) {
  std::string text;
  std::vector<std::string> names;
  for (const auto& [key, value] : labels) {
    std::string name = prometheus_identifier(key);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (!text.empty()) text += ',';
    text.append(name).append("=\"");
    append_escaped(text, valid_utf8(value), true);
    text += '"';
    names.push_back(std::move(name));
  }
  return text;
}

template <class Number>
void append_sample(std::string& out, std::string_view name, std::string_view suffix, const std::string& labels,
                   Number value) {
  out.append(name).append(suffix);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out += ' ';
  append_number(out, value);
  out += '\n';
}

void append_histogram(std::string& out, std::string_view name, const std::string& labels,
                      const std::vector<double>& bounds, const HistogramValue& histogram) {
  uint64_t below = 0;
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    below += histogram.counts[i];
    std::string with_bound = labels.empty() ? "le=\"" : labels + ",le=\"";
    append_number(with_bound, i < bounds.size() ? bounds[i] : INFINITY);
    append_sample(out, name, "_bucket", with_bound + '"', below);
  }
  append_sample(out, name, "_sum", labels, histogram.sum);
  append_sample(out, name, "_count", labels, below);
}

void append_head(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
  if (!help.empty()) {
    out.append("# HELP ").append(name).append(" ");
    append_escaped(out, valid_utf8(help), false);
    out += '\n';
  }
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

// `*` stands for any text, `?` for one character.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return matches(pattern.substr(1), text) || (!text.empty() && matches(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) && matches(pattern.substr(1), text.substr(1));
}

// Nothing unless asked for; `excluded` alone means all but those.
Labels constant_labels(const Resource& resource, const config::ResourceLabels& wanted) {
  Labels labels;
  if (wanted.included.empty() && wanted.excluded.empty()) return labels;
  auto matches_any = [](const std::vector<std::string>& patterns, const std::string& key) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return matches(pattern, key); });
  };
  for (const auto& [key, value] : resource) {
    bool included = wanted.included.empty() || matches_any(wanted.included, key);
    if (included && !matches_any(wanted.excluded, key)) labels.emplace_back(key, value);
  }
  return labels;
}

Labels scope_labels(const Resource& resource) {
  Labels labels = {{"otel_scope_name", "sluice"}};
  for (const auto& [key, value] : resource) {
    if (key == "service.version") labels.emplace_back("otel_scope_version", value);
  }
  return labels;
}

}  // namespace

std::string prometheus_identifier(std::string_view name) {
  std::string identifier;
  for (char c : name) identifier += is_alnum(c) || c == '_' ? c : '_';
  if (identifier.empty() || (identifier[0] >= '0' && identifier[0] <= '9')) identifier.insert(0, "_");
  return identifier;
}

std::string prometheus_text(const std::vector<Family>& families, const Resource& resource,
                            const config::PrometheusReader& reader) {
  std::string out;
  append_head(out, "target_info", "Target metadata", "gauge");
  append_sample(out, "target_info", "", label_text(resource), uint64_t{1});

  Labels everywhere = constant_labels(resource, reader.with_resource_constant_labels);
  if (!reader.without_scope_info) {
    Labels scope = scope_labels(resource);
    everywhere.insert(everywhere.end(), scope.begin(), scope.end());
  }
  // Suffixes can make one name of two; a name that came twice would cost the whole scrape.
  std::set<std::string> taken = {"target_info"};
  for (const Family& family : families) {
    std::string name = metric_name(family.info, reader);
    if (!taken.insert(name).second) continue;
    if (family.info.type == MetricType::histogram) taken.insert({name + "_bucket", name + "_sum", name + "_count"});
    append_head(out, name, family.info.help, type_name(family.info.type));
    for (const Series& series : family.series) {
      Labels all = series.labels;
      all.insert(all.end(), everywhere.begin(), everywhere.end());
      std::string labels = label_text(all);
      if (const auto* histogram = std::get_if<HistogramValue>(&series.value)) {
        append_histogram(out, name, labels, family.info.bounds, *histogram);
      } else if (const auto* count = std::get_if<uint64_t>(&series.value)) {
        append_sample(out, name, "", labels, *count);
      } else if (const auto* level = std::get_if<int64_t>(&series.value)) {
        append_sample(out, name, "", labels, *level);
      } else {
        append_sample(out, name, "", labels, std::get<double>(series.value));
      }
    }
  }
  return out;
}

}  // namespace sluice::telemetry
