// SPDX-License-Identifier: Apache-2.0
// The life of a graph: start, and the stop under one deadline.
#include "core/graph/graph.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include "core/base/threads.h"
#include "core/graph/frame.h"

namespace sluice::graph {

Graph::Graph(Services& services, const loader::Plugins& plugins)
    : services_(services), plugins_(plugins), log_(services.log) {}

Graph::~Graph() {
  for (auto* list : {&sources_first_, &extension_order_}) {
    for (auto& [node, settings] : *list) node->destroy();
  }
}

std::vector<Graph::Level> Graph::delivery_levels() const {
  return levels_;
}

std::string Graph::start() {
  const FindService find_service = [this](std::string_view id) -> const sluice_instance* {
    auto found = extensions_.find(std::string(id));
    return found == extensions_.end() ? nullptr : found->second->instance();
  };
  running_ = true;
  log_.info("Starting extensions...");
  for (auto& [node, settings] : extension_order_) {
    std::string error = node->init(find_service);
    if (error.empty()) error = node->start();
    if (!error.empty()) return "failed to start " + node->name() + ": " + error;
  }
  for (auto entry = sources_first_.rbegin(); entry != sources_first_.rend(); ++entry) {
    std::string error = entry->first->init(find_service);
    if (!error.empty()) return "failed to initialise " + entry->first->name() + ": " + error;
  }
  for (auto& [key, queue] : queues_) queue->apply_limits();
  for (auto entry = sources_first_.rbegin(); entry != sources_first_.rend(); ++entry) {
    std::string error = entry->first->start();
    if (!error.empty()) return "failed to start " + entry->first->name() + ": " + error;
  }
  services_.health.set_phase(telemetry::Phase::running);
  return {};
}

bool Graph::quiet() const {
  return std::all_of(queues_.begin(), queues_.end(),
                     [](const auto& entry) { return entry.second->empty() && entry.second->exporter_idle(); }) &&
         std::all_of(sources_first_.begin(), sources_first_.end(),
                     [](const auto& entry) { return entry.first->held() == 0 && entry.first->idle(); });
}

template <class Condition>
bool Graph::wait_until(uint64_t deadline_mono_ns, Condition&& condition) const {
  while (!condition()) {
    if (services_.clock.mono_ns() >= deadline_mono_ns) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

bool Graph::stop_node(Node& node, uint64_t deadline_mono_ns) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> stopped = done->get_future();
  std::thread thread = base::start_thread("sluice-stop", [&node, done, deadline_mono_ns] {
    node.stop(deadline_mono_ns);
    done->set_value();
  });
  const uint64_t now = services_.clock.mono_ns();
  const uint64_t left = deadline_mono_ns > now ? deadline_mono_ns - now : 0;
  if (stopped.wait_for(std::chrono::nanoseconds(left) + std::chrono::milliseconds(100)) == std::future_status::ready) {
    thread.join();
    node.destroy();
    return true;
  }
  thread.detach();
  log_.error(node.name() + " did not stop in time and is left behind");
  return false;
}

bool Graph::stop(uint64_t grace_ns) {
  if (!running_) return true;
  running_ = false;
  services_.health.set_phase(telemetry::Phase::stopping);
  const uint64_t now = services_.clock.mono_ns();
  const uint64_t deadline = now + grace_ns, cut_at = now + flow::cut_after_ns(grace_ns);

  for (auto& [node, settings] : sources_first_) node->drain();
  for (auto& [key, queue] : queues_) queue->drain(flow::drain_backoff_cap_ns(grace_ns));
  wait_until(cut_at, [this] { return quiet() || hurry_.load(); });

  for (auto& [key, queue] : queues_) queue->cut();
  for (auto entry = sources_first_.rbegin(); entry != sources_first_.rend(); ++entry) {
    Frame::Entry frame;
    entry->first->cancel_calls();
  }
  const bool through = wait_until(deadline, [this] {
    return std::all_of(queues_.begin(), queues_.end(), [](const auto& e) { return e.second->exporter_idle(); }) &&
           std::all_of(sources_first_.begin(), sources_first_.end(), [](const auto& e) { return e.first->idle(); });
  });
  if (!through) log_.error("a component has not come back from a call by the end of the grace period");

  bool clean = through;
  for (auto& [node, settings] : sources_first_) clean &= stop_node(*node, deadline);
  for (auto entry = extension_order_.rbegin(); entry != extension_order_.rend(); ++entry) {
    clean &= stop_node(*entry->first, deadline);
  }
  services_.health.set_phase(telemetry::Phase::stopped);
  return clean;
}

}  // namespace sluice::graph
