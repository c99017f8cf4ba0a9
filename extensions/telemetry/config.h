// SPDX-License-Identifier: Apache-2.0
// Settings of the telemetry extension: where it listens. How the metrics look belongs to the reader's section under
// service::telemetry::metrics::readers, which the core reads.
#ifndef SLUICE_EXTENSIONS_TELEMETRY_CONFIG_H
#define SLUICE_EXTENSIONS_TELEMETRY_CONFIG_H

#include <cstdint>
#include <string>

#include "plugins/sdk/settings.h"

namespace sluice::extensions {

struct TelemetryConfig {
  std::string host = "localhost";
  uint32_t port = 8888;

  void settings(Settings& s) {
    s("host", host, "Address to listen on.");
    s("port", port, "Port to listen on; 0: any that is free.").max(65535);
  }
};

}  // namespace sluice::extensions
#endif  // SLUICE_EXTENSIONS_TELEMETRY_CONFIG_H
