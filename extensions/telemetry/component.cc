// SPDX-License-Identifier: Apache-2.0
#include "extensions/telemetry/component.h"

#include <chrono>
#include <string>
#include <utility>

namespace sluice::extensions {

namespace {

constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kCodings[] = {"gzip"};

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

}  // namespace

Telemetry::Telemetry(Host host, Config config) : Extension(host), config_(std::move(config)), server_(host) {}

sluice_status Telemetry::init() {
  observe_ = host().core_interface<sluice_observe>(SLUICE_OBSERVE_ID);
  if (observe_ == nullptr) host().warn("this collector shows no metrics to extensions");
  return SLUICE_DONE;
}

sluice_status Telemetry::start() {
  const sluice_status status = server_.start(server_settings(config_), *this, "telemetry");
  if (status == SLUICE_DONE)
    host().info("serving metrics", {{"endpoint", config_.host + ":" + std::to_string(server_.port())}});
  return status;
}

void Telemetry::stop(uint64_t deadline_mono_ns) {
  server_.stop(deadline_mono_ns);
}

const void* Telemetry::get_interface(std::string_view id) {
  return id == kPrometheusReaderId ? &kReader : nullptr;
}

std::optional<net::HttpResponse> Telemetry::admit(const net::HttpRequest& request) {
  return net::admit_metrics(request);
}

void Telemetry::handle(const net::HttpRequest& request, net::HttpBody, net::HttpReply reply) {
  net::HttpResponse response;
  auto append = [](void* arg, sluice_str chunk) { static_cast<std::string*>(arg)->append(chunk.ptr, chunk.len); };
  if (observe_ == nullptr || observe_->snapshot(host().get(), "metrics", append, &response.body) != SLUICE_DONE) {
    return reply.send({.status = 503, .body = "no metrics now\n"});
  }
  response.content_type = kContentType;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  net::compress_page(request, kCodings, 0, response);
  reply.send(std::move(response));
}

}  // namespace sluice::extensions
