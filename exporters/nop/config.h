// SPDX-License-Identifier: Apache-2.0
// Settings of the nop exporter: none.
#ifndef SLUICE_EXPORTERS_NOP_CONFIG_H
#define SLUICE_EXPORTERS_NOP_CONFIG_H

#include "plugins/sdk/settings.h"

namespace sluice::exporters {

struct NopConfig {
  void settings(Settings&) {}
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_NOP_CONFIG_H
