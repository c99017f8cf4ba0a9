// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "exporters/file/component.h"

SLUICE_ENTRY("exporter_file", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::exporters::File>(
                 {.type = "file", .inputs = sluice::kAllSignals, .stability = SLUICE_ALPHA}))
