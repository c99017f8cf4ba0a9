// SPDX-License-Identifier: Apache-2.0
// The plugin exporter_prometheus.
#include "plugins/sdk/entry.h"

#include "exporters/prometheus/component.h"

SLUICE_ENTRY("exporter_prometheus", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::exporters::Prometheus>(
                 {.type = "prometheus", .inputs = SLUICE_MASK(SLUICE_METRICS), .stability = SLUICE_BETA}))
