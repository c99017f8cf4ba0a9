// SPDX-License-Identifier: Apache-2.0
// An HTTP server's requests as metrics, with OpenTelemetry's names: http.server.request.duration, .request.body.size,
// .response.body.size. Counted are requests to the paths that are served; clients can make no series of their own.
#ifndef SLUICE_PLUGINS_NET_HTTP_SERVER_METRICS_H
#define SLUICE_PLUGINS_NET_HTTP_SERVER_METRICS_H

#include <string>
#include <vector>

#include "plugins/net/http_message.h"
#include "plugins/net/settings/http.h"
#include "plugins/sdk/host.h"

namespace sluice::net {

class HttpServerMetrics {
 public:
  // `method` is the one with which all `routes` are asked.
  HttpServerMetrics(const HttpServerSettings& settings, std::string method, std::vector<std::string> routes);

  void define(Host host);  // in init()
  // [any thread] Does nothing before define().
  void record(const HttpExchange& exchange) const;

 private:
  struct Series {
    Metric duration, request_size, response_size;
  };

  std::string address_, port_;
  const char* const scheme_;
  const std::string method_;
  const std::vector<std::string> routes_;
  std::vector<Series> series_;  // of each route, by status
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_SERVER_METRICS_H
