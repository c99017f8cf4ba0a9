// SPDX-License-Identifier: Apache-2.0
#include "receivers/nop/component.h"

namespace sluice::receivers {

Nop::Nop(Host host, Config) : Receiver(host) {}

}  // namespace sluice::receivers
