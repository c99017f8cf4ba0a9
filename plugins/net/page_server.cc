// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/page_server.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "plugins/formats/accept/accept.h"

namespace sluice::net {
namespace {

constexpr std::string_view kMetrics = "/metrics";
constexpr size_t kWorthCompressing = 1024;  // bytes

// A client that hangs must not use up the time of the whole stop.
constexpr std::chrono::nanoseconds kLastPage = std::chrono::seconds(1);

}  // namespace

sluice_status PageServer::start(HttpServerSettings settings, HttpHandler& pages, std::string thread_name,
                                uint32_t max_connections) {
  HttpServerOptions options;
  options.thread_name = std::move(thread_name);
  options.log = [host = host_](const std::string& text) { host.warn(text); };
  options.max_connections = max_connections;
  server_.emplace(std::move(settings), pages, std::move(options));
  const std::string error = server_->start();
  return error.empty() ? SLUICE_DONE : host_.fail(error, Code::unavailable);
}

void PageServer::stop(uint64_t deadline_mono_ns) {
  if (server_) server_->stop(std::chrono::steady_clock::now() + std::min(host_.time_left(deadline_mono_ns), kLastPage));
}

std::optional<HttpResponse> admit_metrics(const HttpRequest& request) {
  if (request.path != kMetrics) return HttpResponse{.status = 404, .body = "the metrics are at /metrics\n"};
  if (request.method != "GET" && request.method != "HEAD")
    return HttpResponse{.status = 405, .body = "only GET and HEAD\n", .headers = {{"Allow", "GET, HEAD"}}};
  return std::nullopt;
}

void compress_page(const HttpRequest& request, std::span<const std::string_view> offered, int32_t level,
                   HttpResponse& response) {
  if (response.body.size() < kWorthCompressing) return;
  const std::string_view coding = formats::favourite_coding(request.field("accept-encoding"), offered);
  if (coding.empty()) return;
  ByteBuffer compressed;
  if (compress(*codec_of(coding), level, response.body, compressed) != CodecStatus::ok) return;
  response.body.assign(compressed.view());
  response.headers.emplace_back("Content-Encoding", coding);
}

}  // namespace sluice::net
