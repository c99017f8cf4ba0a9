// SPDX-License-Identifier: Apache-2.0
// The `otlp_grpc` exporter: one Export call for each batch, whose segments are sent as they lie in memory.
#ifndef SLUICE_EXPORTERS_OTLP_GRPC_COMPONENT_H
#define SLUICE_EXPORTERS_OTLP_GRPC_COMPONENT_H

#include <cstdint>

#include "exporters/otlp_grpc/config.h"
#include "plugins/net/grpc_client.h"
#include "plugins/net/rpc_metrics.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/log.h"

namespace sluice::exporters {

class OtlpGrpc final : public Exporter {
 public:
  using Config = OtlpGrpcConfig;
  OtlpGrpc(Host host, Config config);

  sluice_status init() override;
  sluice_status start() override;
  void stop(uint64_t deadline_mono_ns) override;
  sluice_status consume(const sluice::Call& call) override;

 private:
  class Export;
  net::GrpcMessage make_message(const sluice_batch& batch) const;
  void warn_of_partial(sluice_signal signal, const Result& result);

  const bool gzip_;
  net::RpcMetrics metrics_;
  net::GrpcLoopSharing loops_;
  LogLimit partial_limit_;
  net::GrpcClient client_;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_OTLP_GRPC_COMPONENT_H
