// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/entry.h"

#include "tally.h"

SLUICE_ENTRY(
    "exporter_tally", "0.1.0",
    sluice::component<tally::Tally>({.type = "tally", .inputs = sluice::kAllSignals, .stability = SLUICE_DEVELOPMENT}))
