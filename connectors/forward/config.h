// SPDX-License-Identifier: Apache-2.0
// Settings of the forward connector: none.
#ifndef SLUICE_CONNECTORS_FORWARD_CONFIG_H
#define SLUICE_CONNECTORS_FORWARD_CONFIG_H

#include "plugins/sdk/settings.h"

namespace sluice::connectors {

struct ForwardConfig {
  void settings(Settings&) {}
};

}  // namespace sluice::connectors
#endif  // SLUICE_CONNECTORS_FORWARD_CONFIG_H
