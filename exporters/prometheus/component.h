// SPDX-License-Identifier: Apache-2.0
// The prometheus exporter keeps the last point of every series and shows them all at GET /metrics.
#ifndef SLUICE_EXPORTERS_PROMETHEUS_COMPONENT_H
#define SLUICE_EXPORTERS_PROMETHEUS_COMPONENT_H

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "exporters/prometheus/config.h"
#include "exporters/prometheus/series_table.h"
#include "exporters/prometheus/translator.h"
#include "plugins/net/page_server.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/log.h"

namespace sluice::exporters {

class Prometheus final : public Exporter, private net::HttpHandler {
 public:
  using Config = PrometheusConfig;
  Prometheus(Host host, Config config);

  sluice_status init() override;
  sluice_status start() override;
  void stop(uint64_t deadline_mono_ns) override;
  void timer(uint32_t index) override;
  sluice_status consume(const Call& call) override;

 private:
  std::optional<net::HttpResponse> admit(const net::HttpRequest& request) override;
  void handle(const net::HttpRequest& request, net::HttpBody body, net::HttpReply reply) override;

  void expire();  // with the mutex held
  void look_again();
  void help_conflict(std::string_view metric, std::string_view help, std::string_view kept);

  const Config config_;
  std::mutex mutex_;  // of the table; a scrape waits for part of a batch, a batch for a scrape
  SeriesTable table_;
  const Translator translator_;
  net::PageServer server_;
  std::atomic<size_t> last_body_bytes_{0};

  LogLimit rejections_, help_conflicts_;
  Metric series_metric_, scrapes_metric_;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_PROMETHEUS_COMPONENT_H
