// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "connectors/forward/component.h"

SLUICE_ENTRY("connector_forward", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::connectors::Forward>({.type = "forward",
                                                             .inputs = sluice::kAllSignals,
                                                             .outputs = sluice::kAllSignals,
                                                             .stability = SLUICE_BETA}))
