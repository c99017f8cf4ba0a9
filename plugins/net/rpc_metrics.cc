// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/rpc_metrics.h"

#include <array>

#include "plugins/net/request_metrics.h"

namespace sluice::net {
namespace {

constexpr std::array<const char*, 17> kCodes = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

}  // namespace

void RpcMetrics::define(Host host, RpcSide side, std::span<const char* const> methods) {
  const bool server = side == RpcSide::server;
  for (const std::string_view method : methods) {
    for (const char* code : kCodes) {
      const sluice_kv labels[] = {{str("rpc.method"), str(method.substr(method.starts_with('/') ? 1 : 0))},
                                  {str("rpc.response.status_code"), str(code)},
                                  {str("rpc.system.name"), str("grpc")}};
      durations_.push_back(
          server ? define_duration(host, "rpc.server.call.duration",
                                   "Measures the duration of an incoming Remote Procedure Call (RPC).", labels)
                 : define_duration(host, "rpc.client.call.duration",
                                   "Measures the duration of an outgoing Remote Procedure Call (RPC).", labels));
    }
  }
}

void RpcMetrics::record(uint32_t method, int32_t code, std::chrono::nanoseconds duration) const {
  if (code < 0 || static_cast<size_t>(code) >= kCodes.size()) return;
  const size_t index = method * kCodes.size() + static_cast<size_t>(code);
  if (index < durations_.size()) durations_[index].record(std::chrono::duration<double>(duration).count());
}

}  // namespace sluice::net
