// SPDX-License-Identifier: Apache-2.0
// The `otlp` receiver: its protocols, and one intake behind them.
#ifndef SLUICE_RECEIVERS_OTLP_COMPONENT_H
#define SLUICE_RECEIVERS_OTLP_COMPONENT_H

#include <cstdint>
#include <optional>

#include "plugins/sdk/component.h"
#include "receivers/otlp/config.h"
#include "receivers/otlp/grpc.h"
#include "receivers/otlp/http.h"
#include "receivers/otlp/pipeline.h"

namespace sluice::otlp {

class OtlpReceiver final : public Receiver {
 public:
  using Config = otlp::Config;
  OtlpReceiver(Host host, Config config);

  sluice_status init() override;
  sluice_status start() override;
  void drain() override;
  void stop(uint64_t deadline_mono_ns) override;
  void sent(void* user, const sluice_result& result) override;

 private:
  const Config config_;
  Intake intake_;
  std::optional<GrpcProtocol> grpc_;
  std::optional<HttpProtocol> http_;
};

}  // namespace sluice::otlp
#endif  // SLUICE_RECEIVERS_OTLP_COMPONENT_H
