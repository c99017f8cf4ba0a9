// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "processors/resource/component.h"

SLUICE_ENTRY("processor_resource", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::processors::Resource>({.type = "resource",
                                                              .inputs = sluice::kAllSignals,
                                                              .outputs = sluice::kAllSignals,
                                                              .stability = SLUICE_BETA}))
