// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "receivers/nop/component.h"

SLUICE_ENTRY("receiver_nop", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::receivers::Nop>(
                 {.type = "nop", .outputs = sluice::kAllSignals, .stability = SLUICE_BETA}))
