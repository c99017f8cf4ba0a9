// SPDX-License-Identifier: Apache-2.0
// Calls by gRPC as a metric, with OpenTelemetry's names: rpc.server.call.duration, rpc.client.call.duration.
#ifndef SLUICE_PLUGINS_NET_RPC_METRICS_H
#define SLUICE_PLUGINS_NET_RPC_METRICS_H

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "plugins/sdk/host.h"

namespace sluice::net {

enum class RpcSide : uint8_t { server, client };

class RpcMetrics {
 public:
  void define(Host host, RpcSide side, std::span<const char* const> methods);  // in init(); "/package.Service/Method"
  // `method`: index into those. [any thread] Does nothing before define().
  void record(uint32_t method, int32_t code, std::chrono::nanoseconds duration) const;

 private:
  std::vector<Metric> durations_;  // of each method, by code
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_RPC_METRICS_H
