// SPDX-License-Identifier: Apache-2.0
// One instance of a component and the core around it: its host functions, its ports, its books, its timers, its life.
//
//   created --init--> inited --start--> started --drain--> draining --stop--> stopped --destroy--> destroyed
//
// A node is never freed: threads that a plugin forgot may call its host until the process ends and are refused.
#ifndef SLUICE_CORE_GRAPH_NODE_H
#define SLUICE_CORE_GRAPH_NODE_H

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch/batch.h"
#include "core/config/components.h"
#include "core/graph/edge.h"
#include "core/graph/lane.h"
#include "core/graph/services.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::graph {

enum class Life : uint8_t { created, inited, started, draining, stopped, destroyed };

// Where a component says what is wrong with its configuration.
using ConfigProblem =
    std::function<void(const sluice_value* at, int32_t severity, std::string_view id, std::string_view text)>;
// Finds the running extension that the configuration names.
using FindService = std::function<const sluice_instance*(std::string_view component_id)>;

class Node final : public Sender, public Waiter {
 public:
  // What edges lead to. An exporter's inputs have no edges: its queues call it.
  class Input final : public Target {
   public:
    Input(Node& node, uint32_t index) : node_(node), index_(index) {}
    Outcome offer(const Parcel& parcel, const Reply& reply) override { return node_.call(index_, parcel, reply); }
    uint64_t counted_below(const Outcome&, uint64_t not_taken) override { return node_.give_back(not_taken); }

   private:
    Node& node_;
    const uint32_t index_;
  };

  struct About {
    config::Kind kind = config::Kind::receiver;
    std::string id;
    std::string pipeline;  // of a processor
    const sluice_component* component = nullptr;
  };
  struct Port {
    std::string pipeline;
    sluice_signal signal = SLUICE_TRACES;
    bool to_all = false;
  };

  Node(Services& services, About about);
  ~Node();

  const About& about() const { return about_; }
  std::string name() const;  // `exporter "otlp/tempo"`
  Life life() const { return life_.load(std::memory_order_acquire); }

  // ---- before create ----
  // Returns the index of the port. Exporters get one input per signal, everybody else one per pipeline.
  uint32_t add_input(Port port);
  uint32_t add_output(Port port);
  Input& input(uint32_t index) { return *inputs_taken_[index]; }
  uint32_t input_of(std::string_view pipeline) const;
  void connect(uint32_t output, telemetry::EdgeBook& book, Target& target);
  bool early() const { return (about_.component->flags & SLUICE_ACKS_EARLY) != 0; }

  // ---- life, on one thread at a time. Empty: it went well; else why not ----
  std::string create(const sluice_value* settings, const ConfigProblem& problem);
  std::string init(const FindService& find_service);
  std::string start();
  void drain();
  void stop(uint64_t deadline_mono_ns);
  void destroy();
  // No call is open into it, no send of it is open.
  bool idle() const;
  uint64_t held() const;  // what it has answered for and not passed on, all signals
  size_t cancel_calls() { return services_.calls.cancel(this); }

  // ---- data ----
  Outcome call(uint32_t input, const Parcel& parcel, const Reply& reply);
  void answered(uint64_t mark, telemetry::Load load, Outcome outcome) override;
  void room(Edge& edge) override;

  const sluice_instance* instance() const { return instance_; }
  const sluice_limits& limits() const { return limits_; }
  void on_writable(std::function<void()> listener) { writable_ = std::move(listener); }

 private:
  friend struct HostFunctions;
  struct Door;
  struct Send;

  Outcome send(const sluice_send& send);
  void settle(const Send& record, const Outcome& outcome);
  // Of items that it did not take, so many had come back to it from further down.
  uint64_t give_back(uint64_t not_taken);
  void notify_room();
  void arm(Send* record);
  void tell(void* user, Outcome outcome);
  void run_callback(base::Task callback);
  telemetry::DoorBook& door(sluice_signal signal, std::string_view transport);
  void account(sluice_signal signal, int32_t what, flow::Reason reason, uint64_t items);
  telemetry::ComponentBook& book(sluice_signal signal);
  void set_timer(uint32_t timer, uint64_t due_mono_ns);
  void fire(uint32_t timer, uint64_t generation);
  void misbehaving(std::string_view what);
  bool at_least(Life least) const { return life() >= least; }
  bool running() const { return life() == Life::started || life() == Life::draining; }
  std::string last_error(std::string_view what);

  Services& services_;
  const About about_;
  telemetry::Logger log_;
  telemetry::PluginMetrics metrics_;
  std::atomic<Life> life_{Life::created};
  const sluice_instance* instance_ = nullptr;
  sluice_host host_{};
  sluice_limits limits_{};
  Lane lane_;

  std::vector<Port> inputs_, outputs_;
  std::vector<sluice_port> input_views_, output_views_;
  std::vector<std::unique_ptr<Input>> inputs_taken_;
  std::vector<std::unique_ptr<Edge>> edges_;  // one an output; null where nothing is connected
  std::function<void()> writable_;
  ConfigProblem problem_;     // in create only
  FindService find_service_;  // in init only
  std::string error_;         // of set_error

  std::atomic<uint32_t> callbacks_{0};  // sent, resume, timer, drain: running or waiting for the lane
  // Of what it passed on, so much came back and has not been given back to its own senders yet.
  std::atomic<uint64_t> came_back_{0};
  std::atomic<uint64_t> busy_hint_ns_{0};  // of its last send() that was answered BUSY
  std::array<std::atomic<telemetry::ComponentBook*>, 3> books_{};
  std::array<std::atomic<uint64_t>, 3> held_{};
  std::array<std::atomic<Door*>, 3> doors_{};

  struct Timer {
    base::TimerHandle handle;
    uint64_t generation = 0;
  };
  static constexpr uint32_t kTimers = 16;
  std::mutex mutex_;  // guards timers_ and the making of doors and books
  std::array<Timer, kTimers> timers_;
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_NODE_H
