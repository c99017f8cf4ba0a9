// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "processors/batch/component.h"

SLUICE_ENTRY("processor_batch", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::processors::Batch>({.type = "batch",
                                                           .inputs = sluice::kAllSignals,
                                                           .outputs = sluice::kAllSignals,
                                                           .flags = SLUICE_ACKS_EARLY,
                                                           .stability = SLUICE_BETA}))
