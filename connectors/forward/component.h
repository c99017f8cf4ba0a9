// SPDX-License-Identifier: Apache-2.0
// The forward connector passes batches from pipelines to pipelines of the same signal, and their answers back. It keeps
// nothing: what the sender is told is what the pipelines behind said.
#ifndef SLUICE_CONNECTORS_FORWARD_COMPONENT_H
#define SLUICE_CONNECTORS_FORWARD_COMPONENT_H

#include <array>
#include <cstdint>
#include <optional>

#include "connectors/forward/config.h"
#include "plugins/sdk/component.h"

namespace sluice::connectors {

class Forward final : public Connector {
 public:
  using Config = ForwardConfig;
  Forward(Host host, Config config);
  sluice_status init() override;
  sluice_status consume(const Call& call) override;
  void sent(void* user, const sluice_result& result) override;

 private:
  std::array<std::optional<uint32_t>, 3> outputs_;  // by signal
};

}  // namespace sluice::connectors
#endif  // SLUICE_CONNECTORS_FORWARD_COMPONENT_H
