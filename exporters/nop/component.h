// SPDX-License-Identifier: Apache-2.0
// The nop exporter takes everything and keeps nothing: the end of a pipeline that is measured or switched off.
#ifndef SLUICE_EXPORTERS_NOP_COMPONENT_H
#define SLUICE_EXPORTERS_NOP_COMPONENT_H

#include "exporters/nop/config.h"
#include "plugins/sdk/component.h"

namespace sluice::exporters {

class Nop final : public Exporter {
 public:
  using Config = NopConfig;
  Nop(Host host, Config config);
  sluice_status consume(const Call& call) override;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_NOP_COMPONENT_H
