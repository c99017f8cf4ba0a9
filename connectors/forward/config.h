// SPDX-License-Identifier: Apache-2.0
// Settings of the forward connector: none, but what goes in as traces comes out as traces.
#ifndef SLUICE_CONNECTORS_FORWARD_CONFIG_H
#define SLUICE_CONNECTORS_FORWARD_CONFIG_H

#include "plugins/sdk/settings.h"

namespace sluice::connectors {

struct ForwardConfig {
  void settings(Settings& s) { s.keeps_signal(); }
};

}  // namespace sluice::connectors
#endif  // SLUICE_CONNECTORS_FORWARD_CONFIG_H
