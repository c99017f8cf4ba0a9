// SPDX-License-Identifier: Apache-2.0
// What a graph stands on. The owner outlives the graph and every thread that a plugin has started.
#ifndef SLUICE_CORE_GRAPH_SERVICES_H
#define SLUICE_CORE_GRAPH_SERVICES_H

#include <string>

#include "core/base/clock.h"
#include "core/base/tasks.h"
#include "core/flow/budget.h"
#include "core/graph/calls.h"
#include "core/graph/commons.h"
#include "core/telemetry/health.h"
#include "core/telemetry/ledger.h"
#include "core/telemetry/log.h"
#include "core/telemetry/metrics.h"
#include "core/telemetry/observe.h"

namespace sluice::graph {

struct Services {
  const base::Clock& clock;
  base::Tasks& tasks;
  flow::Budget& budget;
  telemetry::Log& log;
  telemetry::Ledger& ledger;
  telemetry::Metrics& metrics;
  telemetry::Health& health;
  telemetry::Observatory& observatory;
  CallTable& calls;
  Commons& commons;
  std::string version;
  uint64_t seed = 0;  // of what is random in the flow
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_SERVICES_H
