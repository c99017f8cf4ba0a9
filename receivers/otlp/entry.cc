// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "receivers/otlp/component.h"

SLUICE_ENTRY("receiver_otlp", SLUICE_PLUGIN_VERSION,
             sluice::component<sluice::otlp::OtlpReceiver>(
                 {.type = "otlp", .outputs = sluice::kAllSignals, .stability = SLUICE_BETA}))
