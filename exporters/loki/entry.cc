// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "exporters/loki/component.h"

SLUICE_ENTRY("exporter_loki", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::exporters::Loki>(
                 {.type = "loki", .inputs = SLUICE_MASK(SLUICE_LOGS), .stability = SLUICE_BETA}))
