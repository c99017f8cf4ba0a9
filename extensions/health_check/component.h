// SPDX-License-Identifier: Apache-2.0
// The health_check extension answers HTTP requests with 200 while the collector works, and with 503 while it starts,
// stops, or a component says that it is broken. It only shows what the core knows of the components' health.
#ifndef SLUICE_EXTENSIONS_HEALTH_CHECK_COMPONENT_H
#define SLUICE_EXTENSIONS_HEALTH_CHECK_COMPONENT_H

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "extensions/health_check/config.h"
#include "extensions/health_check/status.h"
#include "plugins/net/page_server.h"
#include "plugins/sdk/component.h"

namespace sluice::extensions {

class HealthCheck final : public Extension, private net::HttpHandler {
 public:
  using Config = HealthCheckConfig;
  HealthCheck(Host host, Config config);

  sluice_status init() override;
  sluice_status start() override;
  void stop(uint64_t deadline_mono_ns) override;
  void timer(uint32_t index) override;

 private:
  std::optional<net::HttpResponse> admit(const net::HttpRequest& request) override;
  void handle(const net::HttpRequest& request, net::HttpBody body, net::HttpReply reply) override;

  bool is_served(std::string_view path) const;
  Status look();  // at what the core says now

  const Config config_;
  const sluice_observe* observe_ = nullptr;
  std::mutex mutex_;
  Status status_;  // under mutex_
  net::PageServer server_;
};

}  // namespace sluice::extensions
#endif  // SLUICE_EXTENSIONS_HEALTH_CHECK_COMPONENT_H
