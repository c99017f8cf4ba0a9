// SPDX-License-Identifier: Apache-2.0
// The health of the collector and its components, read from what sluice.observe/0 shows under "health".
#ifndef SLUICE_PLUGINS_FORMATS_HEALTH_REPORT_HEALTH_REPORT_H
#define SLUICE_PLUGINS_FORMATS_HEALTH_REPORT_HEALTH_REPORT_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::formats {

struct HealthReport {
  struct Component {
    std::string kind, id;
    std::string pipeline;  // of a processor's instance; empty for the rest
    std::string status;    // "ok", "degraded", "broken", "fatal"
    std::string text;
    uint64_t since_unix_ns = 0;
  };

  std::string phase;  // "starting", "running", "stopping", "stopped"
  uint64_t since_unix_ns = 0;
  bool ready = false;
  std::string status;                 // of the worst component
  std::vector<Component> components;  // those that have said how they are
};

// Nothing if it is no such report.
std::optional<HealthReport> read_health_report(std::string_view json);

}  // namespace sluice::formats
#endif  // SLUICE_PLUGINS_FORMATS_HEALTH_REPORT_HEALTH_REPORT_H
