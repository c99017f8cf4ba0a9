// SPDX-License-Identifier: Apache-2.0
// Settings of the nop receiver: none.
#ifndef SLUICE_RECEIVERS_NOP_CONFIG_H
#define SLUICE_RECEIVERS_NOP_CONFIG_H

#include "plugins/sdk/settings.h"

namespace sluice::receivers {

struct NopConfig {
  void settings(Settings&) {}
};

}  // namespace sluice::receivers
#endif  // SLUICE_RECEIVERS_NOP_CONFIG_H
