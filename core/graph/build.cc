// SPDX-License-Identifier: Apache-2.0
// From a checked configuration to nodes, queues and edges.
#include <algorithm>
#include <functional>
#include <mutex>
#include <set>

#include "core/graph/graph.h"

namespace sluice::graph {
namespace {

using config::Component;
using config::Kind;
using config::Pipeline;

bool contains(const std::vector<const Component*>& list, const Component& component) {
  return std::find(list.begin(), list.end(), &component) != list.end();
}

telemetry::ComponentName name_of(const Component& component) {
  return {static_cast<sluice_kind>(component.kind), component.id};
}

// Kept until the process ends, see node.h; known, so that a leak checker does not take them for lost.
Node& new_node(Services& services, Node::About about) {
  static std::mutex mutex;
  static auto* const all = new std::vector<std::unique_ptr<Node>>;
  std::lock_guard lock(mutex);
  return *all->emplace_back(std::make_unique<Node>(services, std::move(about)));
}

// What stands before an exporter that has no delivery settings: every call goes straight through, once.
config::Delivery straight_through() {
  config::Delivery delivery;
  delivery.timeout = Duration(0);
  return delivery;
}

}  // namespace

Node& Graph::make_node(const Component& component, std::string pipeline) {
  Node& node = new_node(services_, {component.kind, component.id, pipeline, plugins_.component(*component.type)});
  nodes_[{&component, std::move(pipeline)}] = &node;
  return node;
}

Node& Graph::node_of(const Component& component, const Pipeline& pipeline) {
  return *nodes_.at({&component, component.kind == Kind::processor ? pipeline.id : std::string()});
}

void Graph::make_nodes(const config::Loaded& loaded) {
  const auto& pipelines = loaded.pipelines();
  for (const auto& owned : loaded.components()) {
    const Component& component = *owned;
    if (!component.used || !component.valid) continue;
    if (component.kind == Kind::extension) continue;
    if (component.kind == Kind::processor) {
      for (const Pipeline& pipeline : pipelines) {
        if (!contains(pipeline.processors, component)) continue;
        Node& node = make_node(component, pipeline.id);
        node.add_input({pipeline.id, pipeline.signal, false});
        node.add_output({pipeline.id, pipeline.signal, false});
        node.add_output({"", pipeline.signal, true});
      }
      continue;
    }
    Node& node = make_node(component, "");
    std::set<sluice_signal> in, out;
    for (const Pipeline& pipeline : pipelines) {
      if (contains(pipeline.exporters, component)) {
        if (component.kind == Kind::connector) node.add_input({pipeline.id, pipeline.signal, false});
        in.insert(pipeline.signal);
      }
      if (contains(pipeline.receivers, component)) {
        node.add_output({pipeline.id, pipeline.signal, false});
        out.insert(pipeline.signal);
      }
    }
    if (component.kind == Kind::exporter) {
      for (sluice_signal signal : in) node.add_input({"", signal, false});
    }
    for (sluice_signal signal : out) node.add_output({"", signal, true});
  }
}

void Graph::make_queues(const config::Loaded& loaded) {
  for (const auto& [key, node] : nodes_) {
    const Component& component = *key.first;
    if (component.kind != Kind::exporter) continue;
    std::map<sluice_signal, std::vector<std::string>> feeds;  // the pipelines that end here
    for (const Pipeline& pipeline : loaded.pipelines()) {
      if (contains(pipeline.exporters, component)) feeds[pipeline.signal].push_back(pipeline.id);
    }
    uint32_t input = 0;
    for (auto& [signal, ids] : feeds) {
      std::sort(ids.begin(), ids.end());
      const config::Delivery settings = component.delivery ? *component.delivery : straight_through();
      queues_[{&component, signal}] =
          std::make_unique<ExporterQueue>(services_, *node, input++, signal, settings, std::move(ids));
    }
    node->on_writable([this, exporter = &component] {
      for (auto& [key, queue] : queues_) {
        if (key.first == exporter) queue->writable();
      }
    });
  }
}

Target& Graph::way_out(const Pipeline& pipeline, const Component& exporter) {
  if (exporter.kind == Kind::exporter) return *queues_.at({&exporter, pipeline.signal});
  Node& node = node_of(exporter, pipeline);
  return node.input(node.input_of(pipeline.id));
}

Target& Graph::way_in(const Pipeline& pipeline, size_t position, const telemetry::ComponentName& from, bool entry,
                      telemetry::EdgeBook*& book) {
  auto edge = [&](const telemetry::ComponentName& to) {
    return &services_.ledger.edge({pipeline.id, pipeline.signal, from, to, entry});
  };
  if (position < pipeline.processors.size()) {
    const Component& processor = *pipeline.processors[position];
    book = edge(name_of(processor));
    return node_of(processor, pipeline).input(0);
  }
  if (pipeline.exporters.size() == 1) {
    book = edge(name_of(*pipeline.exporters[0]));
    return way_out(pipeline, *pipeline.exporters[0]);
  }
  book = edge({});
  Fork& fork = *forks_.emplace_back(std::make_unique<Fork>(*book));
  for (const Component* exporter : pipeline.exporters) {
    fork.add_branch(services_.ledger.edge({pipeline.id, pipeline.signal, {}, name_of(*exporter), false}),
                    way_out(pipeline, *exporter));
  }
  return fork;
}

// A receiver, or a connector in its role as one: an output for each pipeline, then one a signal for all of them.
void Graph::connect_source(Node& node, const Component& component, const config::Loaded& loaded) {
  const bool entry = component.kind == Kind::receiver;
  uint32_t output = 0;
  std::map<sluice_signal, std::vector<const Pipeline*>> fed;
  for (const Pipeline& pipeline : loaded.pipelines()) {
    if (!contains(pipeline.receivers, component)) continue;
    telemetry::EdgeBook* book = nullptr;
    Target& target = way_in(pipeline, 0, name_of(component), entry, book);
    node.connect(output++, *book, target);
    fed[pipeline.signal].push_back(&pipeline);
  }
  for (const auto& [signal, pipelines] : fed) {
    telemetry::EdgeBook* book = nullptr;
    if (pipelines.size() == 1) {
      Target& target = way_in(*pipelines[0], 0, name_of(component), entry, book);
      node.connect(output++, *book, target);
      continue;
    }
    telemetry::EdgeBook& into = services_.ledger.edge({"", signal, name_of(component), {}, false});
    Fork& fork = *forks_.emplace_back(std::make_unique<Fork>(into));
    for (const Pipeline* pipeline : pipelines) {
      Target& target = way_in(*pipeline, 0, {}, entry, book);
      fork.add_branch(*book, target);
    }
    node.connect(output++, into, fork);
  }
}

void Graph::connect(const config::Loaded& loaded) {
  for (const auto& [key, node] : nodes_) {
    const Component& component = *key.first;
    if (component.kind == Kind::receiver || component.kind == Kind::connector) {
      connect_source(*node, component, loaded);
    } else if (component.kind == Kind::processor) {
      for (const Pipeline& pipeline : loaded.pipelines()) {
        if (pipeline.id != key.second) continue;
        const auto at = std::find(pipeline.processors.begin(), pipeline.processors.end(), &component);
        const auto next = static_cast<size_t>(at - pipeline.processors.begin()) + 1;
        for (uint32_t output : {0u, 1u}) {  // of the pipeline, and of all pipelines of its signal: the same one
          telemetry::EdgeBook* book = nullptr;
          Target& target = way_in(pipeline, next, name_of(component), false, book);
          node->connect(output, *book, target);
        }
      }
    }
  }
}

// Every component before those that it sends to. The configuration has been checked for circles.
void Graph::order(const config::Loaded& loaded) {
  std::map<std::pair<const Component*, std::string>, std::vector<std::pair<const Component*, std::string>>> next;
  auto key = [](const Component& component, const Pipeline& pipeline) {
    return std::pair(&component, component.kind == Kind::processor ? pipeline.id : std::string());
  };
  for (const Pipeline& pipeline : loaded.pipelines()) {
    std::vector<std::pair<const Component*, std::string>> before;
    for (const Component* receiver : pipeline.receivers) before.push_back(key(*receiver, pipeline));
    for (const Component* processor : pipeline.processors) {
      for (const auto& from : before) next[from].push_back(key(*processor, pipeline));
      before = {key(*processor, pipeline)};
    }
    for (const Component* exporter : pipeline.exporters) {
      for (const auto& from : before) next[from].push_back(key(*exporter, pipeline));
    }
  }
  std::set<std::pair<const Component*, std::string>> seen;
  std::function<void(const std::pair<const Component*, std::string>&)> visit = [&](const auto& at) {
    if (!seen.insert(at).second) return;
    for (const auto& to : next[at]) visit(to);
    if (auto node = nodes_.find(at); node != nodes_.end()) {
      sources_first_.insert(sources_first_.begin(), {node->second, at.first->settings});
    }
  };
  for (const auto& [at, node] : nodes_) {
    if (at.first->kind != Kind::extension) visit(at);
  }
  // Receivers in front of everything: they are the first to drain and the last to start.
  std::stable_partition(sources_first_.begin(), sources_first_.end(),
                        [](const auto& entry) { return entry.first->about().kind == Kind::receiver; });
}

ConfigProblem Graph::reporter(config::Loaded& loaded, const Component& component) const {
  return [&loaded, &component](const sluice_value* at, int32_t severity, std::string_view id, std::string_view text) {
    loaded.add_problem(component, at, severity, id, text);
  };
}

// What no pipeline uses is not built, but its settings are checked all the same.
void Graph::create_unused(config::Loaded& loaded) {
  for (const auto& component : loaded.components()) {
    if (component->used || !component->valid || !plugins_.component(*component->type)) continue;
    Node& node = make_node(*component, "");
    const size_t errors = loaded.diagnostics().errors();
    const std::string error = node.create(component->settings, reporter(loaded, *component));
    if (!error.empty() && loaded.diagnostics().errors() == errors) {
      loaded.add_problem(*component, nullptr, SLUICE_ERROR, "", error);
    }
    node.destroy();
    nodes_.erase({component.get(), ""});
  }
}

void Graph::create(config::Loaded& loaded, const std::vector<ImpliedExtension>& implied) {
  create_unused(loaded);
  for (const Component* extension : loaded.extensions()) {
    if (!extension->valid) continue;
    Node& node = make_node(*extension, "");
    extensions_[extension->id] = &node;
    extension_order_.emplace_back(&node, extension->settings);
  }
  const bool whole = loaded.ok();
  if (whole) {
    make_nodes(loaded);
    make_queues(loaded);
    connect(loaded);
    order(loaded);
  } else {
    // With mistakes elsewhere there is no graph to build, but each component can still say what is wrong with its own.
    for (const auto& component : loaded.components()) {
      if (!component->used || !component->valid || component->kind == Kind::extension) continue;
      sources_first_.emplace_back(&make_node(*component, ""), component->settings);
    }
  }
  std::map<const Node*, const Component*> component_of;
  for (const auto& [key, node] : nodes_) component_of[node] = key.first;
  auto create_all = [&](auto& list) {
    for (auto entry = list.rbegin(); entry != list.rend(); ++entry) {
      const Component& component = *component_of.at(entry->first);
      const size_t errors = loaded.diagnostics().errors();
      const std::string error = entry->first->create(entry->second, reporter(loaded, component));
      if (!error.empty() && loaded.diagnostics().errors() == errors) {
        loaded.add_problem(component, nullptr, SLUICE_ERROR, "", error);
      }
    }
  };
  create_all(extension_order_);
  create_all(sources_first_);
  if (!whole) return;
  for (const ImpliedExtension& extension : implied) {
    Node& node = new_node(services_, {Kind::extension, extension.id, "", plugins_.component(*extension.type)});
    const std::string error = node.create(extension.settings, {});
    if (error.empty()) {
      extension_order_.emplace_back(&node, nullptr);
    } else {
      log_.error(error);
    }
  }
  for (const Pipeline& pipeline : loaded.pipelines()) levels_.push_back(level_of(pipeline));
}

// The weakest link decides: who answers early hides everything behind it.
Graph::Level Graph::level_of(const Pipeline& pipeline) const {
  for (const Component* processor : pipeline.processors) {
    if (processor->type->flags & SLUICE_ACKS_EARLY) {
      return {pipeline.id, 1, "processor \"" + processor->id + "\" answers before it sends"};
    }
  }
  for (const Component* exporter : pipeline.exporters) {
    auto queue = queues_.find({exporter, pipeline.signal});
    if (queue != queues_.end() && !queue->second->waits_for_result()) {
      return {pipeline.id, 1, "the sending_queue of \"" + exporter->id + "\" is in memory"};
    }
    if (exporter->type->flags & SLUICE_ACKS_EARLY) {
      return {pipeline.id, 1, std::string(config::name_of(exporter->kind)) + " \"" + exporter->id + "\" answers early"};
    }
  }
  return {pipeline.id, 4, "every destination answers first"};
}

}  // namespace sluice::graph
