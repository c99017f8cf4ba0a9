// SPDX-License-Identifier: Apache-2.0
// The host functions of the border, as one instance sees them.
#ifndef SLUICE_CORE_GRAPH_HOST_H
#define SLUICE_CORE_GRAPH_HOST_H

#include <string>

#include "plugins/abi/sluice_plugin.h"

namespace sluice::graph {

class Node;

// Ports and id are filled in by the node. `node` and `version` stay as long as the struct.
sluice_host make_host(Node& node, const std::string& version);

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_HOST_H
