// SPDX-License-Identifier: Apache-2.0
// An HTTP client's requests as metrics, with OpenTelemetry's names: http.client.request.duration, .request.body.size.
#ifndef SLUICE_PLUGINS_NET_HTTP_CLIENT_METRICS_H
#define SLUICE_PLUGINS_NET_HTTP_CLIENT_METRICS_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plugins/net/http_client.h"
#include "plugins/sdk/host.h"

namespace sluice::net {

class HttpClientMetrics {
 public:
  void define(Host host, std::span<const std::string> urls);  // in init()
  // `url`: index into those. [any thread] Does nothing before define().
  void record(size_t url, const HttpAnswer& answer, std::chrono::nanoseconds duration, uint64_t request_bytes) const;

 private:
  struct Series {
    Metric duration, request_size;
  };
  std::vector<Series> series_;  // of each URL, by outcome
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_CLIENT_METRICS_H
