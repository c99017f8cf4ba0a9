// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "processors/attributes/component.h"

SLUICE_ENTRY("processor_attributes", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::processors::Attributes>({.type = "attributes",
                                                                .inputs = sluice::kAllSignals,
                                                                .outputs = sluice::kAllSignals,
                                                                .stability = SLUICE_BETA}))
