// SPDX-License-Identifier: Apache-2.0
// The plugin extension_health_check.
#include "plugins/sdk/entry.h"

#include "extensions/health_check/component.h"

SLUICE_ENTRY("extension_health_check", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::extensions::HealthCheck>({.type = "health_check", .stability = SLUICE_BETA}))
