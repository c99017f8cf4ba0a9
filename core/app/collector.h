// SPDX-License-Identifier: Apache-2.0
// One collector from its configuration to its last word: what stands behind `sluice run` and `sluice validate`. Holds
// everything that a graph stands on; two can live in one process.
#ifndef SLUICE_CORE_APP_COLLECTOR_H
#define SLUICE_CORE_APP_COLLECTOR_H

#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/heap.h"
#include "core/base/tasks.h"
#include "core/config/configuration.h"
#include "core/flow/budget.h"
#include "core/graph/calls.h"
#include "core/graph/graph.h"
#include "core/graph/services.h"
#include "core/loader/plugins.h"
#include "core/telemetry/health.h"
#include "core/telemetry/ledger.h"
#include "core/telemetry/log.h"
#include "core/telemetry/metrics.h"
#include "core/telemetry/observe.h"
#include "core/telemetry/resource.h"

namespace sluice::app {

class Collector {
 public:
  // `plugins` outlives this. `memory_bytes` 0: no budget.
  Collector(loader::Plugins& plugins, uint64_t memory_bytes);
  ~Collector();

  // Reads and checks the whole configuration and creates every component. False: render() tells all mistakes.
  bool load(const config::LoadOptions& options);
  const config::Loaded& loaded() const { return *loaded_; }
  std::vector<graph::Graph::Level> delivery_levels() const { return graph_->delivery_levels(); }

  // After load(). Empty: everything runs. Else why not; then stop() it.
  std::string start();
  // False if something did not stop in time. Logs the account.
  bool stop(uint64_t grace_ns);
  void hurry() { graph_->hurry(); }

  telemetry::Log& log() { return log_; }
  telemetry::Health& health() { return health_; }

 private:
  std::vector<graph::ImpliedExtension> imply_readers();
  void provide();
  void tidy_up_later();

  loader::Plugins& plugins_;
  base::SystemClock clock_;
  const uint64_t began_mono_ns_;
  telemetry::Log log_;
  telemetry::Ledger ledger_;
  telemetry::Metrics metrics_;
  telemetry::Health health_;
  telemetry::Observatory observatory_;
  telemetry::Resource resource_;
  flow::Budget budget_;
  base::HeapWatch heap_;
  graph::CallTable calls_;
  graph::Commons commons_;
  graph::Services services_;
  std::unique_ptr<config::Loaded> loaded_;
  std::vector<telemetry::Metrics::Registration> sources_;
  struct ReaderSettings;
  std::vector<std::unique_ptr<ReaderSettings>> reader_settings_;
  std::unique_ptr<graph::Graph> graph_;
  base::ThreadTasks tasks_;  // last: what is posted still runs when this goes, on all of the above
};

}  // namespace sluice::app
#endif  // SLUICE_CORE_APP_COLLECTOR_H
