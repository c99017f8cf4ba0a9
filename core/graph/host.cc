// SPDX-License-Identifier: Apache-2.0
#include "core/graph/host.h"

#include <span>
#include <string_view>
#include <utility>

#include "core/batch/context.h"
#include "core/graph/frame.h"
#include "core/graph/node.h"

namespace sluice::graph {
namespace {

std::string_view view(sluice_str text) {
  return {text.ptr, text.len};
}

flow::Reason reason_of(const char* name) {
  for (size_t i = 0; name && i < flow::kReasons; ++i) {
    if (flow::kReasonNames[i] == name) return static_cast<flow::Reason>(i);
  }
  return flow::Reason::permanent;
}

}  // namespace

// Every function is called by plugins: nothing thrown may leave it. What can be thrown here is std::bad_alloc, and
// without memory the process is better ended than wrong, so `noexcept` does that.
struct HostFunctions {
  static Node& node(const sluice_host* host) { return *static_cast<Node*>(host->impl); }

  // ---- say ----
  static int32_t log_enabled(const sluice_host* h, int32_t level) noexcept {
    return node(h).log_.enabled(static_cast<telemetry::LogLevel>(level)) ? 1 : 0;
  }
  static void log(const sluice_host* h, const sluice_log* entry) noexcept { node(h).log_.log(*entry); }
  static void set_error(const sluice_host* h, int32_t, sluice_str text) noexcept { node(h).error_ = view(text); }
  static void config_problem(const sluice_host* h, const sluice_value* at, int32_t severity, sluice_str id,
                             sluice_str text) noexcept {
    if (node(h).problem_) node(h).problem_(at, severity, view(id), view(text));
  }
  static void set_health(const sluice_host* h, int32_t health, sluice_str text) noexcept {
    Node& n = node(h);
    if (n.at_least(Life::stopped) || health < SLUICE_HEALTH_OK || health > SLUICE_HEALTH_FATAL) return;
    n.services_.health.set({static_cast<sluice_kind>(n.about_.kind), n.about_.id, n.about_.pipeline},
                           static_cast<telemetry::HealthState>(health), view(text));
  }
  static void account(const sluice_host* h, sluice_signal signal, int32_t what, const char* reason,
                      uint64_t items) noexcept {
    node(h).account(signal, what, reason_of(reason), items);
  }
  static uint64_t now_mono_ns(const sluice_host* h) noexcept { return node(h).services_.clock.mono_ns(); }
  static uint64_t now_unix_ns(const sluice_host* h) noexcept { return node(h).services_.clock.unix_ns(); }

  // ---- bytes ----
  // What receivers bring in may be refused; what others make of what they hold may not.
  static batch::Charge charge(const Node& n) {
    return n.about_.kind == config::Kind::receiver ? batch::Charge::entry : batch::Charge::inside;
  }
  static sluice_status reserve(const sluice_host* h, uint64_t bytes) noexcept {
    Node& n = node(h);
    if (n.at_least(Life::stopped)) return SLUICE_CANCELLED;
    if (charge(n) == batch::Charge::inside) {
      n.services_.budget.charge(bytes);
      return SLUICE_DONE;
    }
    return n.services_.budget.enter(bytes) ? SLUICE_DONE : SLUICE_BUSY;
  }
  static void unreserve(const sluice_host* h, uint64_t bytes) noexcept { node(h).services_.budget.release(bytes); }
  static uint8_t* buffer_new(const sluice_host* h, uint64_t capacity) noexcept {
    Node& n = node(h);
    return n.at_least(Life::stopped) ? nullptr : batch::buffer_new(n.services_.budget, charge(n), capacity);
  }
  static void buffer_free(const sluice_host*, uint8_t* buffer) noexcept { batch::buffer_free(buffer); }

  // What batch_error() lends to the thread that calls it.
  static std::string& last_batch_error() {
    static thread_local std::string text;
    return text;
  }
  static sluice_str batch_error(const sluice_host*) noexcept {
    const std::string& text = last_batch_error();
    return {text.data(), text.size()};
  }
  static const sluice_batch* give(Node& n, batch::Made& made) {
    if (made.status == SLUICE_INVALID) n.misbehaving(made.error);
    if (made.status == SLUICE_FAILED_PERMANENT) n.log_.debug(made.error);
    last_batch_error() = std::move(made.error);
    return made.batch.release();
  }
  static sluice_status batch_seal(const sluice_host* h, sluice_signal signal, uint8_t* buffer, uint64_t length,
                                  const sluice_batch** batch) noexcept {
    batch::Made made = batch::seal(signal, buffer, length);
    *batch = give(node(h), made);
    return made.status;
  }
  static sluice_status batch_adopt(const sluice_host* h, const sluice_adopt* adopt,
                                   const sluice_batch** batch) noexcept {
    Node& n = node(h);
    batch::Made made = n.at_least(Life::stopped) ? batch::Made{SLUICE_CANCELLED, {}, "the component is stopped"}
                                                 : batch::adopt(*adopt, n.services_.budget, charge(n));
    *batch = give(n, made);
    return made.status;
  }
  static const sluice_batch* batch_gather(const sluice_host* h, const sluice_piece* pieces, uint32_t count) noexcept {
    batch::Made made = batch::gather({pieces, count});
    return give(node(h), made);
  }
  static void batch_retain(const sluice_batch* batch) noexcept { batch::retain(batch); }
  static void batch_release(const sluice_batch* batch) noexcept { batch::release(batch); }
  static const sluice_context* context_new(const sluice_host*, const sluice_context* fields) noexcept {
    return batch::context_new(*fields);
  }
  static void context_retain(const sluice_context* context) noexcept { batch::retain(context); }
  static void context_release(const sluice_context* context) noexcept { batch::release(context); }

  // ---- flow ----
  static sluice_status send(const sluice_host* h, const sluice_send* send, const sluice_result** result) noexcept {
    Outcome outcome = [&] {
      Frame::Entry entry;
      return node(h).send(*send);
    }();
    // Only now: what ran at the end of the entry may have sent as well.
    const sluice_status status = outcome.status;
    if (!result) return status;
    *result = nullptr;
    if (outcome.answered() && (outcome.details || outcome.flags || status != SLUICE_DONE)) {
      // What the caller may look at until this thread's next send().
      static thread_local Outcome last;
      static thread_local sluice_result last_view;
      last = std::move(outcome);
      last_view = last.view();
      *result = &last_view;
    }
    return status;
  }
  static sluice_status complete(const sluice_host* h, sluice_token token, const sluice_result* result) noexcept {
    Frame::Entry entry;
    Node& n = node(h);
    const sluice_status status = n.services_.calls.complete(&n, token, Outcome::copy(*result));
    if (status == SLUICE_INVALID) n.misbehaving("complete() of a call that is not open, or twice");
    return status;
  }
  static void writable(const sluice_host* h) noexcept {
    Frame::Entry entry;
    Node& n = node(h);
    if (!n.running()) return;
    if (n.writable_) n.writable_();
    n.notify_room();
  }
  static void set_timer(const sluice_host* h, uint32_t timer, uint64_t due) noexcept { node(h).set_timer(timer, due); }
  static sluice_status set_limits(const sluice_host* h, const sluice_limits* limits) noexcept {
    Node& n = node(h);
    if (n.life() != Life::created || n.about_.kind != config::Kind::exporter) return SLUICE_INVALID;
    if (SLUICE_HAS(limits, sluice_limits, max_in_flight)) n.limits_.max_in_flight = limits->max_in_flight;
    if (SLUICE_HAS(limits, sluice_limits, max_items)) n.limits_.max_items = limits->max_items;
    if (SLUICE_HAS(limits, sluice_limits, max_bytes)) n.limits_.max_bytes = limits->max_bytes;
    return SLUICE_DONE;
  }

  // ---- look-ups ----
  static uint32_t metric_define(const sluice_host* h, const sluice_metric* metric) noexcept {
    return node(h).life() == Life::created ? node(h).metrics_.define(*metric) : 0;
  }
  static void metric_add(const sluice_host* h, uint32_t id, int64_t value) noexcept { node(h).metrics_.add(id, value); }
  static void metric_record(const sluice_host* h, uint32_t id, double value) noexcept {
    node(h).metrics_.record(id, value);
  }
  static sluice_status snapshot(const sluice_host* h, const char* what, void (*write)(void*, sluice_str),
                                void* arg) noexcept {
    // An instance may have a text of its own: two readers of metrics differ in how they name them.
    Node& n = node(h);
    const telemetry::Observatory& observatory = n.services_.observatory;
    const sluice_status own = observatory.snapshot(std::string(what) + "@" + n.about_.id, write, arg);
    return own == SLUICE_UNIMPLEMENTED ? observatory.snapshot(what, write, arg) : own;
  }
  static uint64_t memory_used(const sluice_host* h) noexcept { return node(h).services_.budget.used_bytes(); }
  static uint64_t memory_limit(const sluice_host* h) noexcept {
    const flow::Budget& budget = node(h).services_.budget;
    return budget.limit_bytes() == UINT64_MAX ? 0 : budget.entry_limit_bytes();
  }
  static void* common_take(const sluice_host* h, const char* name, void* (*make)(), void (*end)(void*)) noexcept {
    return node(h).services_.commons.take(name, make, end);
  }
  static void common_put(const sluice_host* h, const char* name) noexcept { node(h).services_.commons.put(name); }
  static const void* get_interface(const sluice_host*, const char* id) noexcept {
    static const sluice_metrics metrics{sizeof(sluice_metrics), 0, &metric_define, &metric_add, &metric_record};
    static const sluice_observe observe{sizeof(sluice_observe), 0, &snapshot};
    static const sluice_commons commons{sizeof(sluice_commons), 0, &common_take, &common_put};
    static const sluice_memory memory{sizeof(sluice_memory), 0, &memory_used, &memory_limit};
    if (std::string_view(id) == SLUICE_METRICS_ID) return &metrics;
    if (std::string_view(id) == SLUICE_COMMONS_ID) return &commons;
    if (std::string_view(id) == SLUICE_MEMORY_ID) return &memory;
    if (std::string_view(id) == SLUICE_OBSERVE_ID) return &observe;
    return nullptr;
  }
  static const void* get_service(const sluice_host* h, sluice_str component, const char* id, void** self) noexcept {
    Node& n = node(h);
    const sluice_instance* provider = n.find_service_ ? n.find_service_(view(component)) : nullptr;
    if (!provider || !provider->get_interface) return nullptr;
    if (self) *self = provider->self;
    return provider->get_interface(provider->self, id);
  }
};

sluice_host make_host(Node& node, const std::string& version) {
  using F = HostFunctions;
  sluice_host host{};
  host.struct_size = sizeof host;
  host.abi_minor = SLUICE_ABI_MINOR;
  host.impl = &node;
  host.collector_version = {version.data(), version.size()};
  host.log_enabled = &F::log_enabled;
  host.log = &F::log;
  host.set_error = &F::set_error;
  host.config_problem = &F::config_problem;
  host.set_health = &F::set_health;
  host.account = &F::account;
  host.now_mono_ns = &F::now_mono_ns;
  host.now_unix_ns = &F::now_unix_ns;
  host.reserve = &F::reserve;
  host.unreserve = &F::unreserve;
  host.buffer_new = &F::buffer_new;
  host.buffer_free = &F::buffer_free;
  host.batch_seal = &F::batch_seal;
  host.batch_adopt = &F::batch_adopt;
  host.batch_gather = &F::batch_gather;
  host.batch_retain = &F::batch_retain;
  host.batch_release = &F::batch_release;
  host.context_new = &F::context_new;
  host.context_retain = &F::context_retain;
  host.context_release = &F::context_release;
  host.send = &F::send;
  host.complete = &F::complete;
  host.writable = &F::writable;
  host.set_timer = &F::set_timer;
  host.set_limits = &F::set_limits;
  host.get_interface = &F::get_interface;
  host.get_service = &F::get_service;
  host.batch_error = &F::batch_error;
  return host;
}

}  // namespace sluice::graph
