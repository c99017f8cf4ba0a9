// SPDX-License-Identifier: Apache-2.0
// What the metrics of requests have in common, by HTTP and by gRPC, on both sides: OpenTelemetry's semantic conventions
// give the bounds.
#ifndef SLUICE_PLUGINS_NET_REQUEST_METRICS_H
#define SLUICE_PLUGINS_NET_REQUEST_METRICS_H

#include <span>

#include "plugins/sdk/host.h"

namespace sluice::net {

inline Metric define_request_histogram(Host host, const char* name, const char* unit, const char* help,
                                       std::span<const double> bounds, std::span<const sluice_kv> labels) {
  return host.define({.type = SLUICE_HISTOGRAM,
                      .name = name,
                      .unit = unit,
                      .help = help,
                      .level = SLUICE_METRIC_DETAILED,
                      .bounds = bounds,
                      .labels = labels});
}

inline Metric define_duration(Host host, const char* name, const char* help, std::span<const sluice_kv> labels) {
  static constexpr double kSeconds[] = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};
  return define_request_histogram(host, name, "s", help, kSeconds, labels);
}

inline Metric define_body_size(Host host, const char* name, const char* help, std::span<const sluice_kv> labels) {
  static constexpr double kBytes[] = {0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000};
  return define_request_histogram(host, name, "By", help, kBytes, labels);
}

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_REQUEST_METRICS_H
