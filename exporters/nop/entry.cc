// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "exporters/nop/component.h"

SLUICE_ENTRY(
    "exporter_nop", SLUICE_PLUGIN_VERSION,
    sluice::component<sluice::exporters::Nop>({.type = "nop", .inputs = sluice::kAllSignals, .stability = SLUICE_BETA}))
