// SPDX-License-Identifier: Apache-2.0
// The nop receiver never receives: it fills the place of a receiver in a pipeline that is fed otherwise, or not at all.
#ifndef SLUICE_RECEIVERS_NOP_COMPONENT_H
#define SLUICE_RECEIVERS_NOP_COMPONENT_H

#include "plugins/sdk/component.h"
#include "receivers/nop/config.h"

namespace sluice::receivers {

class Nop final : public Receiver {
 public:
  using Config = NopConfig;
  Nop(Host host, Config config);
};

}  // namespace sluice::receivers
#endif  // SLUICE_RECEIVERS_NOP_COMPONENT_H
