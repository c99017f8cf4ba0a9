// SPDX-License-Identifier: Apache-2.0
// OTLP over gRPC: the three Export methods, as bytes.
#ifndef SLUICE_RECEIVERS_OTLP_GRPC_H
#define SLUICE_RECEIVERS_OTLP_GRPC_H

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "plugins/net/grpc_server.h"
#include "plugins/net/rpc_metrics.h"
#include "receivers/otlp/config.h"
#include "receivers/otlp/pipeline.h"

namespace sluice::otlp {

class GrpcProtocol final : private net::GrpcHandler {
 public:
  // `intake` must outlive this object.
  GrpcProtocol(const Intake& intake, GrpcConfig config);

  void init();
  // Empty, or what is wrong.
  std::string start() { return server_.start(loops_); }
  uint16_t port() const { return server_.port(); }
  void drain() { server_.drain(); }
  void stop(std::chrono::steady_clock::time_point deadline) { server_.stop(deadline); }

 private:
  bool admit(net::GrpcServerCall& call) override;
  void handle(net::GrpcServerCall& call) override;
  void abandon(net::GrpcServerCall& call) override;
  void answered(const net::GrpcServerCall& call, int32_t code, std::chrono::nanoseconds duration) override {
    metrics_.record(call.method(), code, duration);
  }
  void take(net::GrpcServerCall& call, std::unique_ptr<Request> request) const;
  NewBatch make_batch(sluice_signal signal, net::GrpcMessage& message, Outcome& refusal) const;
  NewBatch decompress(sluice_signal signal, const net::GrpcMessage& message, Outcome& refusal) const;
  ContextRef make_context(const net::GrpcServerCall& call) const;

  const Intake& intake_;
  const uint64_t max_message_bytes_;
  const bool include_metadata_;
  net::RpcMetrics metrics_;
  net::GrpcLoopSharing loops_;
  net::GrpcServer server_;
};

}  // namespace sluice::otlp
#endif  // SLUICE_RECEIVERS_OTLP_GRPC_H
