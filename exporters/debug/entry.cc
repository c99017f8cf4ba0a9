// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "exporters/debug/component.h"

SLUICE_ENTRY("exporter_debug", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::exporters::Debug>(
                 {.type = "debug", .aliases = {"logging"}, .inputs = sluice::kAllSignals, .stability = SLUICE_ALPHA}))
