// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "exporters/otlp_grpc/component.h"

SLUICE_ENTRY("exporter_otlp_grpc", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::exporters::OtlpGrpc>(
                 {.type = "otlp_grpc", .aliases = {"otlp"}, .inputs = sluice::kAllSignals, .stability = SLUICE_BETA}))
