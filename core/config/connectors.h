// SPDX-License-Identifier: Apache-2.0
// Connectors stand between pipelines: what must hold for their two ends.
#ifndef SLUICE_CORE_CONFIG_CONNECTORS_H
#define SLUICE_CORE_CONFIG_CONNECTORS_H

#include <string>
#include <vector>

#include "core/config/state.h"

namespace sluice::config {

struct ConnectorEnd {  // a connector in a list of a pipeline
  const Component* connector;
  Kind kind;         // receiver or exporter: as what it stands there
  const Node* item;  // of the list
  std::string pipeline;
  sluice_signal signal;
};

// Each connector that is used has both ends and, if its schema says that it keeps the signal, of the same signals.
void check_connectors(Loaded::State& state, const std::vector<ConnectorEnd>& ends);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_CONNECTORS_H
