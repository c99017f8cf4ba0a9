// SPDX-License-Identifier: Apache-2.0
// Own metrics in Prometheus' text form, version 0.0.4, named as upstream's collector names them.
#ifndef SLUICE_CORE_TELEMETRY_PROMETHEUS_H
#define SLUICE_CORE_TELEMETRY_PROMETHEUS_H

#include <string>
#include <string_view>
#include <vector>

#include "core/config/telemetry.h"
#include "core/telemetry/metrics.h"
#include "core/telemetry/resource.h"

namespace sluice::telemetry {

inline constexpr const char* kPrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

// `name` with all that Prometheus does not allow in names of metrics and labels made `_`.
std::string prometheus_identifier(std::string_view name);

// Applies the reader's `without_*` keys and with_resource_constant_labels; begins with target_info.
std::string prometheus_text(const std::vector<Family>& families, const Resource& resource,
                            const config::PrometheusReader& reader);

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_PROMETHEUS_H
