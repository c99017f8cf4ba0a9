// SPDX-License-Identifier: Apache-2.0
// The whole of a running configuration: every component an instance, every pipeline a way of edges from receivers to
// the queues of exporters. Started sinks first, stopped sources first, under one deadline.
#ifndef SLUICE_CORE_GRAPH_GRAPH_H
#define SLUICE_CORE_GRAPH_GRAPH_H

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/config/configuration.h"
#include "core/graph/exporter_queue.h"
#include "core/graph/fork.h"
#include "core/graph/node.h"
#include "core/graph/services.h"
#include "core/loader/plugins.h"

namespace sluice::graph {

// An extension that the configuration does not name but asks for, such as the one that serves own metrics.
struct ImpliedExtension {
  const config::ComponentType* type = nullptr;
  std::string id;
  const sluice_value* settings = nullptr;
};

class Graph {
 public:
  // All of them outlive the graph.
  Graph(Services& services, const loader::Plugins& plugins);
  ~Graph();  // stopped, or never started
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // Creates every instance, without threads, sockets or files. What components find wrong with their settings is added
  // to `loaded`: look at loaded.ok() afterwards. `settings` of both stay until this returns.
  void create(config::Loaded& loaded, const std::vector<ImpliedExtension>& implied);

  // Initialises and starts. Empty: all runs. Else why not, and nothing runs.
  std::string start();

  // Drains, stops and destroys. What is not through at the cut of the grace period is answered and counted. False if a
  // component did not stop in time: its code may still run.
  bool stop(uint64_t grace_ns);
  // From a signal handler's thread: stop() does not wait any longer.
  void hurry() { hurry_.store(true); }

  // "traces/2: OK means the queue has it (L1) ...": how surely a pipeline has an item when its sender is told OK.
  struct Level {
    std::string pipeline;
    int level = 1;  // 1: in memory; 4: every destination has answered
    std::string why;
  };
  std::vector<Level> delivery_levels() const;

 private:
  Node& make_node(const config::Component& component, std::string pipeline);
  void make_nodes(const config::Loaded& loaded);
  void make_queues(const config::Loaded& loaded);
  void connect(const config::Loaded& loaded);
  // Where what leaves `from` enters the pipeline's chain at `position`; `book` is the edge's.
  Target& way_in(const config::Pipeline& pipeline, size_t position, const telemetry::ComponentName& from, bool entry,
                 telemetry::EdgeBook*& book);
  void connect_source(Node& node, const config::Component& component, const config::Loaded& loaded);
  Target& way_out(const config::Pipeline& pipeline, const config::Component& exporter);
  void order(const config::Loaded& loaded);
  Node& node_of(const config::Component& component, const config::Pipeline& pipeline);
  Level level_of(const config::Pipeline& pipeline) const;
  void create_unused(config::Loaded& loaded);
  ConfigProblem reporter(config::Loaded& loaded, const config::Component& component) const;

  bool quiet() const;
  template <class Condition>
  bool wait_until(uint64_t deadline_mono_ns, Condition&& condition) const;
  bool stop_node(Node& node, uint64_t deadline_mono_ns);

  Services& services_;
  const loader::Plugins& plugins_;
  telemetry::Logger log_;
  std::map<std::pair<const config::Component*, std::string>, Node*> nodes_;  // pipeline: of processors
  std::map<std::string, Node*> extensions_;
  std::vector<std::pair<Node*, const sluice_value*>> sources_first_;  // pipeline components with their settings
  std::vector<std::pair<Node*, const sluice_value*>> extension_order_;
  std::map<std::pair<const config::Component*, sluice_signal>, std::unique_ptr<ExporterQueue>> queues_;
  std::vector<std::unique_ptr<Fork>> forks_;
  std::vector<Level> levels_;
  std::atomic<bool> hurry_{false};
  bool running_ = false;
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_GRAPH_H
