// SPDX-License-Identifier: Apache-2.0
// OTLP over HTTP/1.1: one path a signal, bodies in protobuf or JSON, answers in the encoding of the request.
#ifndef SLUICE_RECEIVERS_OTLP_HTTP_H
#define SLUICE_RECEIVERS_OTLP_HTTP_H

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/net/http_server.h"
#include "plugins/net/http_server_metrics.h"
#include "receivers/otlp/config.h"
#include "receivers/otlp/pipeline.h"

namespace sluice::otlp {

class HttpProtocol final : private net::HttpHandler {
 public:
  // `intake` must outlive this object.
  HttpProtocol(const Intake& intake, HttpConfig config);

  void init() { metrics_.define(intake_.host()); }
  // Empty, or what is wrong.
  std::string start() { return server_.start(); }
  uint16_t port() const { return server_.port(); }
  void drain();
  void stop(std::chrono::steady_clock::time_point deadline) { server_.stop(deadline); }

 private:
  std::optional<net::HttpResponse> admit(const net::HttpRequest& request) override;
  bool reserve(uint64_t bytes) override;
  void release(uint64_t bytes) override;
  void handle(const net::HttpRequest& request, net::HttpBody body, net::HttpReply reply) override;
  net::HttpResponse refusal(const net::HttpRequest& request, int status, std::string_view text) override;
  void answered(const net::HttpExchange& exchange) override { metrics_.record(exchange); }

  std::optional<sluice_signal> signal_of(std::string_view path) const;
  ContextRef make_context(const net::HttpRequest& request) const;

  const Intake& intake_;
  const std::array<std::string, 3> paths_;  // in the order of the signals
  const bool include_metadata_;
  std::atomic<bool> draining_{false};
  net::HttpServerMetrics metrics_;
  net::HttpServer server_;
};

}  // namespace sluice::otlp
#endif  // SLUICE_RECEIVERS_OTLP_HTTP_H
