// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "processors/memory_limiter/component.h"

SLUICE_ENTRY("processor_memory_limiter", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::processors::MemoryLimiter>({.type = "memory_limiter",
                                                                   .inputs = sluice::kAllSignals,
                                                                   .outputs = sluice::kAllSignals,
                                                                   .stability = SLUICE_BETA}))
