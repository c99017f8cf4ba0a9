// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/rpc_metrics.h"

#include <array>

namespace sluice::net {
namespace {

constexpr std::array<const char*, 17> kCodes = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};
constexpr double kSeconds[] = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};

}  // namespace

void RpcMetrics::define(Host host, RpcSide side, std::span<const char* const> methods) {
  const bool server = side == RpcSide::server;
  for (const std::string_view method : methods) {
    for (const char* code : kCodes) {
      const sluice_kv labels[] = {{str("rpc.method"), str(method.substr(method.starts_with('/') ? 1 : 0))},
                                  {str("rpc.response.status_code"), str(code)},
                                  {str("rpc.system.name"), str("grpc")}};
      durations_.push_back(
          host.define({.type = SLUICE_HISTOGRAM,
                       .name = server ? "rpc.server.call.duration" : "rpc.client.call.duration",
                       .unit = "s",
                       .help = server ? "Measures the duration of an incoming Remote Procedure Call (RPC)."
                                      : "Measures the duration of an outgoing Remote Procedure Call (RPC).",
                       .level = SLUICE_METRIC_DETAILED,
                       .bounds = kSeconds,
                       .labels = labels}));
    }
  }
}

void RpcMetrics::record(uint32_t method, int32_t code, std::chrono::nanoseconds duration) const {
  if (code < 0 || static_cast<size_t>(code) >= kCodes.size()) return;
  const size_t index = method * kCodes.size() + static_cast<size_t>(code);
  if (index < durations_.size()) durations_[index].record(std::chrono::duration<double>(duration).count());
}

}  // namespace sluice::net
