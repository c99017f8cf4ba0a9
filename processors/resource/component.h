// SPDX-License-Identifier: Apache-2.0
// The resource processor changes attributes of resources by a list of actions. It keeps nothing: what the sender is
// told is what comes behind said.
#ifndef SLUICE_PROCESSORS_RESOURCE_COMPONENT_H
#define SLUICE_PROCESSORS_RESOURCE_COMPONENT_H

#include <array>
#include <cstdint>
#include <optional>

#include "plugins/formats/attributes/batch_rewriter.h"
#include "plugins/sdk/component.h"
#include "processors/resource/config.h"

namespace sluice::processors {

class Resource final : public Processor {
 public:
  using Config = ResourceConfig;
  Resource(Host host, const Config& config);
  sluice_status init() override;
  sluice_status consume(const Call& call) override;
  void sent(void* user, const sluice_result& result) override;

 private:
  formats::BatchRewriter rewriter_;
  std::array<std::optional<uint32_t>, 3> outputs_;  // by signal
};

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_RESOURCE_COMPONENT_H
