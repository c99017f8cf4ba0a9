// SPDX-License-Identifier: Apache-2.0
// What the health_check extension answers, and since when.
#ifndef SLUICE_EXTENSIONS_HEALTH_CHECK_STATUS_H
#define SLUICE_EXTENSIONS_HEALTH_CHECK_STATUS_H

#include <cstdint>
#include <string>

#include "plugins/formats/health_report/health_report.h"

namespace sluice::extensions {

// Whether the collector is fit for work. Knows a change when it sees one: it is asked at each request and now and then.
class Status {
 public:
  // True if that changed something.
  bool update(const formats::HealthReport& report, uint64_t now_unix_ns);

  bool available() const { return up_since_unix_ns_ != 0; }
  // {"status":"Server available","upSince":"2026-01-31T12:00:00.25Z","uptime":"1m30s"}
  std::string json(uint64_t now_unix_ns) const;
  // Whose health makes it unavailable: "exporter otlp: cannot write: ..."; empty where it is not that.
  const std::string& culprit() const { return culprit_; }

 private:
  uint64_t up_since_unix_ns_ = 0;  // 0: not available
  bool was_available_ = false;
  std::string culprit_;
};

std::string rfc3339(uint64_t unix_ns);       // with as many decimals as there are
std::string go_duration(uint64_t duration);  // "1h2m3.5s", "20.5ms"

}  // namespace sluice::extensions
#endif  // SLUICE_EXTENSIONS_HEALTH_CHECK_STATUS_H
