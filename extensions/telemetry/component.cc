// SPDX-License-Identifier: Apache-2.0
#include "extensions/telemetry/component.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "plugins/net/compression.h"

namespace sluice::extensions {

namespace {

constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";
constexpr size_t kWorthCompressing = 1024;  // bytes

struct Reader {
  uint32_t struct_size;
};
constexpr Reader kReader = {sizeof(Reader)};

std::string endpoint_of(const TelemetryConfig& config) {
  bool is_bare_ipv6 = config.host.find(':') != std::string::npos && !config.host.starts_with('[');
  std::string host = is_bare_ipv6 ? '[' + config.host + ']' : config.host;
  return host + ':' + std::to_string(config.port);
}

// A scrape is small and rare: little of everything is enough, and keeps whoever finds the port from costing much.
net::HttpServerSettings server_settings(const TelemetryConfig& config) {
  net::HttpServerSettings settings;
  settings.endpoint = endpoint_of(config);
  settings.max_request_body_size = {1024};
  settings.compression_algorithms = {""};
  settings.read_timeout = std::chrono::seconds(10);
  settings.read_header_timeout = std::chrono::seconds(10);
  settings.idle_timeout = std::chrono::minutes(5);  // longer than usual scrape intervals, so that connections last
  return settings;
}

net::HttpServerOptions server_options(Host host) {
  net::HttpServerOptions options;
  options.thread_name = "telemetry";
  options.log = [host](const std::string& text) { host.warn(text); };
  options.max_connections = 64;
  return options;
}

// Whether a list like "br;q=1.0, gzip;q=0.8" takes gzip. A weight of 0 refuses it.
bool takes_gzip(std::string_view accepted) {
  while (!accepted.empty()) {
    size_t comma = accepted.find(',');
    std::string_view entry = accepted.substr(0, comma);
    accepted = comma == std::string_view::npos ? std::string_view() : accepted.substr(comma + 1);
    size_t begin = entry.find_first_not_of(" \t");
    if (begin == std::string_view::npos) continue;
    entry.remove_prefix(begin);
    std::string_view name = entry.substr(0, entry.find_first_of("; \t"));
    if (name != "gzip" && name != "*") continue;
    size_t weight = entry.find("q=");
    return weight == std::string_view::npos || entry.find_first_of("123456789", weight) != std::string_view::npos;
  }
  return false;
}

}  // namespace

Telemetry::Telemetry(Host host, Config config) : Extension(host), config_(std::move(config)) {}

sluice_status Telemetry::init() {
  observe_ = host().core_interface<sluice_observe>(SLUICE_OBSERVE_ID);
  if (observe_ == nullptr) host().warn("this collector shows no metrics to extensions");
  return SLUICE_DONE;
}

sluice_status Telemetry::start() {
  net::HttpHandler& handler = *this;
  server_.emplace(server_settings(config_), handler, server_options(host()));
  if (std::string error = server_->start(); !error.empty()) return host().fail(error, Code::unavailable);
  host().info("serving metrics", {{"endpoint", config_.host + ":" + std::to_string(server_->port())}});
  return SLUICE_DONE;
}

void Telemetry::stop(uint64_t deadline_mono_ns) {
  if (!server_) return;
  server_->stop(std::chrono::steady_clock::now() + std::min(host().time_left(deadline_mono_ns), net::kLastPage));
}

const void* Telemetry::get_interface(std::string_view id) {
  return id == kPrometheusReaderId ? &kReader : nullptr;
}

std::optional<net::HttpResponse> Telemetry::admit(const net::HttpRequest& request) {
  if (request.path != "/metrics") {
    return net::HttpResponse{.status = 404, .body = "the metrics are at /metrics\n"};
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return net::HttpResponse{.status = 405, .body = "only GET and HEAD\n", .headers = {{"Allow", "GET, HEAD"}}};
  }
  return std::nullopt;
}

void Telemetry::handle(const net::HttpRequest& request, net::HttpBody, net::HttpReply reply) {
  net::HttpResponse response;
  auto append = [](void* arg, sluice_str chunk) { static_cast<std::string*>(arg)->append(chunk.ptr, chunk.len); };
  if (observe_ == nullptr || observe_->snapshot(host().get(), "metrics", append, &response.body) != SLUICE_DONE) {
    return reply.send({.status = 503, .body = "no metrics now\n"});
  }
  response.content_type = kContentType;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  net::ByteBuffer compressed;
  if (response.body.size() >= kWorthCompressing && takes_gzip(request.field("accept-encoding")) &&
      net::compress(net::Codec::gzip, 0, response.body, compressed) == net::CodecStatus::ok) {
    response.body.assign(compressed.view());
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
  reply.send(std::move(response));
}

}  // namespace sluice::extensions
