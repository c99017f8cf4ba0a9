// SPDX-License-Identifier: Apache-2.0
// The plugin extension_telemetry.
#include "plugins/sdk/entry.h"

#include "extensions/telemetry/component.h"

SLUICE_ENTRY("extension_telemetry", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::extensions::Telemetry>({.type = "telemetry",
                                                               .interfaces = {sluice::extensions::kPrometheusReaderId},
                                                               .stability = SLUICE_BETA}))
