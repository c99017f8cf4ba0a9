// SPDX-License-Identifier: Apache-2.0
#include "extensions/health_check/component.h"

#include <chrono>
#include <string>
#include <utility>

namespace sluice::extensions {

namespace {

constexpr uint32_t kLookTimer = 0;
constexpr std::chrono::seconds kLookInterval{1};  // so that the log tells of changes that nobody asked about

}  // namespace

HealthCheck::HealthCheck(Host host, Config config) : Extension(host), config_(std::move(config)), server_(host) {
  if (config_.check_collector_pipeline.enabled) {
    host.warn("check_collector_pipeline has no effect; broken components are seen without it");
  }
}

sluice_status HealthCheck::init() {
  observe_ = host().core_interface<sluice_observe>(SLUICE_OBSERVE_ID);
  if (observe_ == nullptr) host().warn("this collector shows no health to extensions");
  return SLUICE_DONE;
}

sluice_status HealthCheck::start() {
  if (const sluice_status status = server_.start(config_, *this, "health"); status != SLUICE_DONE) return status;
  host().info("serving health", {{"endpoint", config_.endpoint}, {"port", server_.port()}, {"path", config_.path}});
  timer(kLookTimer);
  return SLUICE_DONE;
}

void HealthCheck::stop(uint64_t deadline_mono_ns) {
  server_.stop(deadline_mono_ns);
}

void HealthCheck::timer(uint32_t) {
  look();
  host().set_timer_in(kLookTimer, kLookInterval);
}

Status HealthCheck::look() {
  std::string json;
  auto append = [](void* arg, sluice_str chunk) { static_cast<std::string*>(arg)->append(chunk.ptr, chunk.len); };
  formats::HealthReport report;  // not ready, unless the core says so
  if (observe_ != nullptr && observe_->snapshot(host().get(), "health", append, &json) == SLUICE_DONE) {
    report = formats::read_health_report(json).value_or(report);
  }
  std::lock_guard lock(mutex_);
  if (status_.update(report, host().now_unix_ns())) {
    if (status_.available()) {
      host().info("Health Check state change", {{"status", "ready"}});
    } else if (status_.culprit().empty()) {
      host().info("Health Check state change", {{"status", "unavailable"}});
    } else {
      host().warn("Health Check state change", {{"status", "unavailable"}, {"because of", status_.culprit()}});
    }
  }
  return status_;
}

// As upstream's router: a path that ends in a slash has everything below it.
bool HealthCheck::is_served(std::string_view path) const {
  return config_.path.ends_with('/') ? path.starts_with(config_.path) : path == config_.path;
}

// Any method is answered, and no body is of interest: it is not read.
std::optional<net::HttpResponse> HealthCheck::admit(const net::HttpRequest& request) {
  if (!is_served(request.path)) return net::HttpResponse{.status = 404, .body = "404 page not found\n"};
  const Status status = look();
  net::HttpResponse response;
  response.status = status.available() ? 200 : 503;
  if (config_.response_body) {
    response.body = status.available() ? config_.response_body->healthy : config_.response_body->unhealthy;
  } else {
    response.content_type = "application/json";
    response.body = status.json(host().now_unix_ns());
  }
  return response;
}

// Never reached: admit() has answered.
void HealthCheck::handle(const net::HttpRequest&, net::HttpBody, net::HttpReply) {}

}  // namespace sluice::extensions
