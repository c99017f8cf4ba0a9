// SPDX-License-Identifier: Apache-2.0
// The resource that the collector's own telemetry describes: service.name, service.version and service.instance.id
// unless the configuration says otherwise.
#ifndef SLUICE_CORE_TELEMETRY_RESOURCE_H
#define SLUICE_CORE_TELEMETRY_RESOURCE_H

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/telemetry.h"

namespace sluice::telemetry {

using Resource = std::vector<std::pair<std::string, std::string>>;  // ascending by key

// `instance_id` names this process; see random_uuid().
Resource make_resource(const std::vector<config::ResourceAttribute>& written, std::string_view version,
                       std::string_view instance_id);

std::string random_uuid();  // version 4

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_RESOURCE_H
