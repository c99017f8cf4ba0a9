// SPDX-License-Identifier: Apache-2.0
// The telemetry extension serves the collector's own metrics to Prometheus: GET /metrics answers with what the core
// shows under "metrics". It neither collects nor renders. The core has no network of its own, so it starts the
// extension that offers kPrometheusReaderId for each `pull: prometheus` reader of service::telemetry.
#ifndef SLUICE_EXTENSIONS_TELEMETRY_COMPONENT_H
#define SLUICE_EXTENSIONS_TELEMETRY_COMPONENT_H

#include <cstdint>
#include <optional>
#include <string_view>

#include "extensions/telemetry/config.h"
#include "plugins/net/page_server.h"
#include "plugins/sdk/component.h"

namespace sluice::extensions {

// Offered as proof that an extension can be such a reader; the interface has no functions yet.
inline constexpr char kPrometheusReaderId[] = "sluice.reader.pull.prometheus/0";

class Telemetry final : public Extension, private net::HttpHandler {
 public:
  using Config = TelemetryConfig;
  Telemetry(Host host, Config config);

  sluice_status init() override;
  sluice_status start() override;
  void stop(uint64_t deadline_mono_ns) override;
  const void* get_interface(std::string_view id) override;

 private:
  std::optional<net::HttpResponse> admit(const net::HttpRequest& request) override;
  void handle(const net::HttpRequest& request, net::HttpBody body, net::HttpReply reply) override;

  const Config config_;
  const sluice_observe* observe_ = nullptr;
  net::PageServer server_;
};

}  // namespace sluice::extensions
#endif  // SLUICE_EXTENSIONS_TELEMETRY_COMPONENT_H
