// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/http_server_metrics.h"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/net/request_metrics.h"

namespace sluice::net {
namespace {

constexpr std::array<int, 10> kStatuses = {200, 400, 401, 403, 404, 413, 415, 429, 500, 503};

}  // namespace

HttpServerMetrics::HttpServerMetrics(const HttpServerSettings& settings, std::string method,
                                     std::vector<std::string> routes)
    : address_(settings.endpoint),
      scheme_(settings.tls ? "https" : "http"),
      method_(std::move(method)),
      routes_(std::move(routes)) {
  const size_t colon = address_.rfind(':');
  if (settings.transport == Transport::unix_socket || colon == std::string::npos) return;
  port_ = address_.substr(colon + 1);
  address_.resize(colon);
}

void HttpServerMetrics::define(Host host) {
  for (const std::string& route : routes_) {
    for (const int status : kStatuses) {
      const std::string status_text = std::to_string(status);
      const sluice_kv labels[] = {{str("http.request.method"), str(method_)},
                                  {str("http.response.status_code"), str(status_text)},
                                  {str("http.route"), str(route)},
                                  {str("network.protocol.name"), str("http")},
                                  {str("network.protocol.version"), str("1.1")},
                                  {str("server.address"), str(address_)},
                                  {str("server.port"), str(port_)},
                                  {str("url.scheme"), str(scheme_)}};
      series_.push_back(
          {define_duration(host, "http.server.request.duration", "Duration of HTTP server requests.", labels),
           define_body_size(host, "http.server.request.body.size", "Size of HTTP server request bodies.", labels),
           define_body_size(host, "http.server.response.body.size", "Size of HTTP server response bodies.", labels)});
    }
  }
}

void HttpServerMetrics::record(const HttpExchange& exchange) const {
  const auto route = std::find(routes_.begin(), routes_.end(), exchange.request.path);
  const auto* const status = std::find(kStatuses.begin(), kStatuses.end(), exchange.status);
  if (series_.empty() || route == routes_.end() || status == kStatuses.end() || exchange.request.method != method_) {
    return;
  }
  const auto index =
      static_cast<size_t>(route - routes_.begin()) * kStatuses.size() + static_cast<size_t>(status - kStatuses.begin());
  const Series& series = series_[index];
  series.duration.record(std::chrono::duration<double>(exchange.duration).count());
  series.request_size.record(static_cast<double>(exchange.request_bytes));
  series.response_size.record(static_cast<double>(exchange.response_bytes));
}

}  // namespace sluice::net
