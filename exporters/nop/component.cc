// SPDX-License-Identifier: Apache-2.0
#include "exporters/nop/component.h"

namespace sluice::exporters {

Nop::Nop(Host host, Config) : Exporter(host) {}

sluice_status Nop::consume(const Call&) {
  return SLUICE_DONE;
}

}  // namespace sluice::exporters
