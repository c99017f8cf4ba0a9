// SPDX-License-Identifier: Apache-2.0
// Settings of the health_check extension: those of any HTTP server, with upstream's defaults for this one, and its own.
#ifndef SLUICE_EXTENSIONS_HEALTH_CHECK_CONFIG_H
#define SLUICE_EXTENSIONS_HEALTH_CHECK_CONFIG_H

#include <cstdint>
#include <optional>
#include <string>

#include "plugins/net/settings/http.h"
#include "plugins/sdk/settings.h"

namespace sluice::extensions {

using namespace literals;

struct ResponseBody {
  std::string healthy, unhealthy;

  void settings(Settings& s) {
    s("healthy", healthy, "The whole answer with status 200.");
    s("unhealthy", unhealthy, "The whole answer with status 503.");
  }
};

struct CheckCollectorPipeline {
  bool enabled = false;
  Duration interval = 5min;
  int32_t exporter_failure_threshold = 5;

  void settings(Settings& s) {
    s("enabled", enabled, "Has no effect, as upstream; a warning says so.");
    s("interval", interval, "Has no effect.");
    s("exporter_failure_threshold", exporter_failure_threshold, "Has no effect.");
    s.check(exporter_failure_threshold > 0, "exporter_failure_threshold",
            "exporter_failure_threshold expects a positive number");
  }
};

struct HealthCheckConfig : net::HttpServerSettings {
  std::string path = "/";
  std::optional<ResponseBody> response_body;
  CheckCollectorPipeline check_collector_pipeline;
  bool use_v2 = false;

  HealthCheckConfig() {
    endpoint = "localhost:13133";
    read_header_timeout = write_timeout = idle_timeout = 0s;
    keep_alives_enabled = false;
  }

  void settings(Settings& s) {
    HttpServerSettings::settings(s);
    s("path", path, "Where the answer is; with a slash at its end, everything below too.");
    s("response_body", response_body, "Answer with these texts instead of JSON.");
    s("check_collector_pipeline", check_collector_pipeline, "Taken so that older files load.");
    s("use_v2", use_v2, "Answer for single components and pipelines: not supported yet.");
    s.unsupported("http",
                  "this server with paths for status and configuration is not supported yet; write its keys one "
                  "level up");
    s.unsupported("grpc", "grpc.health.v1 is not supported yet; ask by HTTP");
    s.unsupported("component_health",
                  "rules for errors of components are not supported yet; broken and fatal ones make the answer 503");
    s.check(!use_v2, "use_v2",
            "answers for single components and pipelines are not supported yet; leave it out, or write false");
    s.check(!endpoint.empty(), "endpoint", "endpoint must be specified");
    s.check(path.starts_with('/'), "path", "path must start with /");
  }
};

}  // namespace sluice::extensions
#endif  // SLUICE_EXTENSIONS_HEALTH_CHECK_CONFIG_H
