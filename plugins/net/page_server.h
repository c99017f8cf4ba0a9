// SPDX-License-Identifier: Apache-2.0
// The HTTP server of a component that shows pages: metrics, health. It warns in the component's log, and stopping waits
// little for who still reads: a page is no promise.
#ifndef SLUICE_PLUGINS_NET_PAGE_SERVER_H
#define SLUICE_PLUGINS_NET_PAGE_SERVER_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "plugins/net/compression.h"
#include "plugins/net/http_server.h"
#include "plugins/sdk/host.h"

namespace sluice::net {

class PageServer {
 public:
  explicit PageServer(Host host) : host_(host) {}

  // `pages` must outlive the server. Answers the component's start(): what is wrong is the host's error.
  sluice_status start(HttpServerSettings settings, HttpHandler& pages, std::string thread_name,
                      uint32_t max_connections = 64);
  uint16_t port() const { return server_->port(); }  // after start()
  // May be called twice, and without start().
  void stop(uint64_t deadline_mono_ns);

 private:
  const Host host_;
  std::optional<HttpServer> server_;
};

// For admit(): refuses all but GET and HEAD of /metrics.
std::optional<HttpResponse> admit_metrics(const HttpRequest& request);

// Compresses a body where the client wants one of the codings `offered` (names of codecs, of equals the first) and it
// pays. `level` as for compress().
void compress_page(const HttpRequest& request, std::span<const std::string_view> offered, int32_t level,
                   HttpResponse& response);

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_PAGE_SERVER_H
