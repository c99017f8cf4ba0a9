// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/component.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::otlp {
namespace {

// A mistake that is easily made in a container's file and hard to see from inside.
bool is_open_to_all(std::string_view endpoint) {
  return endpoint.starts_with(':') || endpoint.starts_with("0.0.0.0:") || endpoint.starts_with("[::]:");
}

template <class Protocol, class Settings>
std::string start(Host host, std::string_view name, Protocol& protocol, const Settings& settings) {
  if (std::string error = protocol.start(); !error.empty()) return error;
  host.info("listening", {{"protocol", name}, {"endpoint", settings.endpoint}, {"port", protocol.port()}});
  if (is_open_to_all(settings.endpoint) && !settings.tls) {
    host.warn("everybody who reaches this machine can send telemetry, unencrypted",
              {{"protocol", name}, {"endpoint", settings.endpoint}});
  }
  return {};
}

}  // namespace

OtlpReceiver::OtlpReceiver(Host host, Config config) : Receiver(host), config_(std::move(config)), intake_(host) {
  if (config_.protocols.grpc) grpc_.emplace(intake_, config_.protocols.grpc.value);
  if (config_.protocols.http) http_.emplace(intake_, config_.protocols.http.value);
}

sluice_status OtlpReceiver::init() {
  intake_.init();
  if (grpc_) grpc_->init();
  if (http_) http_->init();
  return SLUICE_DONE;
}

sluice_status OtlpReceiver::start() {
  std::string error;
  if (grpc_) error = otlp::start(host(), "grpc", *grpc_, config_.protocols.grpc.value);
  if (http_ && error.empty()) error = otlp::start(host(), "http", *http_, config_.protocols.http.value);
  return error.empty() ? SLUICE_DONE : host().fail(error, Code::unavailable);
}

void OtlpReceiver::drain() {
  if (grpc_) grpc_->drain();
  if (http_) http_->drain();
}

void OtlpReceiver::stop(uint64_t deadline_mono_ns) {
  // All requests that came are answered by now. What is left are clients that do not finish theirs, or do not read the
  // answer; they get a moment.
  const auto deadline =
      std::chrono::steady_clock::now() +
      std::min<std::chrono::nanoseconds>(host().time_left(deadline_mono_ns) / 2, std::chrono::seconds(1));
  if (grpc_) grpc_->stop(deadline);
  if (http_) http_->stop(deadline);
}

void OtlpReceiver::sent(void* user, const sluice_result& result) {
  Intake::sent(user, result);
}

}  // namespace sluice::otlp
