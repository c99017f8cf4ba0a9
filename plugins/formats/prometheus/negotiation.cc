// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/negotiation.h"

#include <algorithm>
#include <vector>

#include "plugins/formats/accept/accept.h"

namespace sluice::formats::prometheus {
namespace {

// Wildcards last among entries of one weight.
int wildcards(const AcceptEntry& entry) {
  return (entry.value.starts_with('*') ? 1 : 0) + (entry.value.ends_with('*') ? 1 : 0);
}

bool is_delimited_protobuf(const AcceptEntry& entry) {
  return same_token(entry.value, "application/vnd.google.protobuf") &&
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
  std::vector<AcceptEntry> entries = read_accept(accept);
  std::stable_sort(entries.begin(), entries.end(), [](const AcceptEntry& a, const AcceptEntry& b) {
    return a.weight != b.weight ? a.weight > b.weight : wildcards(a) < wildcards(b);
  });
  Negotiated result;
  for (const AcceptEntry& entry : entries) {
    if (entry.weight == 0) break;
    // As upstream: a scheme stays in force for the entries behind it.
    for (const Escaping escaping : {Escaping::allow_utf8, Escaping::underscores, Escaping::dots, Escaping::values})
      if (entry.parameter("escaping") == scheme_name(escaping)) result.escaping = escaping;
    const std::string_view version = entry.parameter("version");
    if (is_delimited_protobuf(entry)) {
      result.format = Format::protobuf;
      return result;
    }
    if (same_token(entry.value, "text/plain") && (version.empty() || version == "0.0.4")) return result;
    if (open_metrics && same_token(entry.value, "application/openmetrics-text") &&
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

}  // namespace sluice::formats::prometheus
