// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "exporters/otlp_http/component.h"

SLUICE_ENTRY("exporter_otlp_http", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::exporters::OtlpHttp>({.type = "otlp_http",
                                                             .aliases = {"otlphttp"},
                                                             .inputs = sluice::kAllSignals,
                                                             .stability = SLUICE_BETA}))
