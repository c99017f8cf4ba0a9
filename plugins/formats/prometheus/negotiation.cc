// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/negotiation.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>
#include <vector>

namespace sluice::formats::prometheus {
namespace {

constexpr std::string_view kBlank = " \t";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::tolower(x) == std::tolower(y);
         });
}

// Takes what is before the next separator off the front. One within quotation marks does not count.
std::string_view take(std::string_view& list, char separator) {
  bool quoted = false;
  size_t end = 0;
  for (; end < list.size(); ++end) {
    if (quoted && list[end] == '\\') {
      ++end;
      continue;
    }
    if (list[end] == '"') quoted = !quoted;
    if (list[end] == separator && !quoted) break;
  }
  end = std::min(end, list.size());
  const std::string_view part = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return trimmed(part);
}

// From 0 to 1; what is no number is 0: nobody is given what they may have refused.
double weight_of(std::string_view text) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight, std::chars_format::fixed);
  const bool number = error == std::errc() && end == text.data() + text.size() && weight >= 0;
  return number ? std::min(weight, 1.0) : 0;
}

// One entry of a list such as "text/plain;version=0.0.4;q=0.3, */*;q=0.1".
struct Entry {
  std::string_view value;
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  double weight = 1;

  std::string_view parameter(std::string_view name) const {
    for (const auto& [key, text] : parameters)
      if (same(key, name)) return text;
    return {};
  }
};

std::vector<Entry> entries_of(std::string_view list) {
  std::vector<Entry> entries;
  while (!list.empty()) {
    std::string_view text = take(list, ',');
    Entry entry;
    entry.value = take(text, ';');
    if (entry.value.empty()) continue;
    while (!text.empty()) {
      std::string_view value = take(text, ';');
      const std::string_view key = take(value, '=');
      value = trimmed(value);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      if (same(key, "q"))
        entry.weight = weight_of(value);
      else
        entry.parameters.emplace_back(key, value);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

// Wildcards last among entries of one weight.
int wildcards(const Entry& entry) {
  return (entry.value.starts_with('*') ? 1 : 0) + (entry.value.ends_with('*') ? 1 : 0);
}

bool is_delimited_protobuf(const Entry& entry) {
  return same(entry.value, "application/vnd.google.protobuf") &&
         entry.parameter("proto") == "io.prometheus.client.MetricFamily" && entry.parameter("encoding") == "delimited";
}

const char* scheme_name(Escaping escaping) {
  switch (escaping) {
    case Escaping::allow_utf8:
      return "allow-utf-8";
    case Escaping::dots:
      return "dots";
    case Escaping::values:
      return "values";
    case Escaping::underscores:
      break;
  }
  return "underscores";
}

}  // namespace

Negotiated negotiate(std::string_view accept, bool open_metrics) {
  std::vector<Entry> entries = entries_of(accept);
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.weight != b.weight ? a.weight > b.weight : wildcards(a) < wildcards(b);
  });
  Negotiated result;
  for (const Entry& entry : entries) {
    if (entry.weight == 0) break;
    // As upstream: a scheme stays in force for the entries behind it.
    for (const Escaping escaping : {Escaping::allow_utf8, Escaping::underscores, Escaping::dots, Escaping::values})
      if (entry.parameter("escaping") == scheme_name(escaping)) result.escaping = escaping;
    const std::string_view version = entry.parameter("version");
    if (is_delimited_protobuf(entry)) {
      result.format = Format::protobuf;
      return result;
    }
    if (same(entry.value, "text/plain") && (version.empty() || version == "0.0.4")) return result;
    if (open_metrics && same(entry.value, "application/openmetrics-text") &&
        (version.empty() || version == "0.0.1" || version == "1.0.0")) {
      result.format = Format::open_metrics;
      if (version != "1.0.0") result.open_metrics_version = "0.0.1";
      return result;
    }
  }
  return result;
}

std::string Negotiated::content_type() const {
  std::string type;
  switch (format) {
    case Format::text:
      type = "text/plain; version=0.0.4; charset=utf-8";
      break;
    case Format::open_metrics:
      type.append("application/openmetrics-text; version=").append(open_metrics_version).append("; charset=utf-8");
      break;
    case Format::protobuf:
      type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
      break;
  }
  return type.append("; escaping=").append(scheme_name(escaping));
}

Encoding negotiate_encoding(std::string_view accept_encoding) {
  const std::vector<Entry> entries = entries_of(accept_encoding);
  const auto weight = [&entries](std::string_view name) {
    double any = 0;
    for (const Entry& entry : entries) {
      if (same(entry.value, name)) return entry.weight;
      if (entry.value == "*") any = entry.weight;
    }
    return any;
  };
  const double zstd = weight("zstd"), gzip = weight("gzip");
  double identity = 0;  // always possible, but wanted only where it is named
  for (const Entry& entry : entries)
    if (same(entry.value, "identity")) identity = entry.weight;
  const double best = std::max({zstd, gzip, identity});
  if (best == 0) return Encoding::identity;
  if (zstd == best) return Encoding::zstd;
  return gzip == best ? Encoding::gzip : Encoding::identity;
}

}  // namespace sluice::formats::prometheus
