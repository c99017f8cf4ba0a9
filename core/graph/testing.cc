// SPDX-License-Identifier: Apache-2.0
#include "core/graph/testing.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "plugins/sdk/entry.h"
#include "plugins/sdk/relay.h"
#include "plugins/testing/messages.h"
#include "plugins/wire/views.h"

#define SLUICE_GRAPH_TEST_ENTRY graph_test_sluice_plugin_entry_v0
#undef SLUICE_STATIC_ENTRY
#define SLUICE_STATIC_ENTRY SLUICE_GRAPH_TEST_ENTRY

SLUICE_ENTRY(
    "graph-test", "1",
    sluice::component<sluice::graph::testing::Source>({.type = "source", .outputs = sluice::kAllSignals}),
    sluice::component<sluice::graph::testing::Sink>({.type = "sink", .inputs = sluice::kAllSignals}),
    sluice::component<sluice::graph::testing::Pass>(
        {.type = "pass", .inputs = sluice::kAllSignals, .outputs = sluice::kAllSignals}),
    sluice::component<sluice::graph::testing::Pass>(
        {.type = "serial", .inputs = sluice::kAllSignals, .outputs = sluice::kAllSignals, .flags = SLUICE_SERIAL}),
    sluice::component<sluice::graph::testing::Keeper>(
        {.type = "keeper", .inputs = sluice::kAllSignals, .outputs = sluice::kAllSignals, .flags = SLUICE_ACKS_EARLY}))

namespace sluice::graph::testing {

std::map<std::string, Source*> Stage::sources;
std::map<std::string, Sink*> Stage::sinks;
std::map<std::string, Pass*> Stage::passes;
std::map<std::string, Keeper*> Stage::keepers;
sluice_limits Sink::limits{};

void demand(bool truth, const char* file, int line) {
  if (truth) return;
  std::fprintf(stderr, "%s:%d: what the test demands does not hold\n", file, line);
  std::abort();
}

void wait_for(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    demand(std::chrono::steady_clock::now() < end);
    std::this_thread::yield();
  }
}

namespace {

Source::Told tell(const sluice_result& result) {
  return {result.status, result.rejected_items, result.code, std::string(view(result.text)), result.retry_after_ns};
}

}  // namespace

// ---- source ---------------------------------------------------------------------------------------------------------

Source::Source(Host host, Config) : Receiver(host) {
  Stage::sources[std::string(host.component_id())] = this;
}
Source::~Source() {
  Stage::sources.erase(std::string(host().component_id()));
}

NewBatch Source::make(uint64_t items, sluice_signal signal) {
  return host().copy(signal, wire::to_bytes(sluice::testing::message(signal, items)));
}

Sent Source::send(uint64_t items, uintptr_t user, uint64_t deadline, sluice_signal signal,
                  const sluice_context* context) {
  NewBatch made = make(items, signal);
  demand(made.status == SLUICE_DONE);
  return host().send(*host().output(signal), made.batch.get(), context, reinterpret_cast<void*>(user), deadline);
}

Sent Source::send(const BatchRef& batch, uintptr_t user, uint64_t deadline) {
  return host().send(*host().output(batch.signal()), batch.get(), nullptr, reinterpret_cast<void*>(user), deadline);
}

Source::Told Source::deliver(uint64_t items) {
  NewBatch made = make(items);
  demand(made.status == SLUICE_DONE);
  return deliver(made.batch);
}

Source::Told Source::deliver(const BatchRef& batch) {
  const uintptr_t user = next_user_++;
  const Sent answer = send(batch, user);
  return answer.pending() ? told(user) : tell(answer.result ? *answer.result : Result(answer.status).view());
}

void Source::sent(void* user, const sluice_result& result) {
  std::lock_guard lock(mutex_);
  const auto number = reinterpret_cast<uintptr_t>(user);
  demand(told_.count(number) == 0);  // once
  told_[number] = tell(result);
  changed_.notify_all();
}

void Source::resume(uint32_t) {
  ++resumes_;
}

Source::Told Source::told(uintptr_t user) {
  std::unique_lock lock(mutex_);
  demand(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return told_.count(user) != 0; }));
  return told_[user];
}

size_t Source::told_count() const {
  std::lock_guard lock(mutex_);
  return told_.size();
}

// ---- sink -----------------------------------------------------------------------------------------------------------

Sink::Sink(Host host, Config) : Exporter(host) {
  Stage::sinks[std::string(host.component_id())] = this;
}
Sink::~Sink() {
  Stage::sinks.erase(std::string(host().component_id()));
}

sluice_status Sink::init() {
  if (limits.max_items || limits.max_bytes || limits.max_in_flight) {
    return host().set_limits(limits.max_items, limits.max_bytes, limits.max_in_flight);
  }
  return SLUICE_DONE;
}

sluice_status Sink::consume(const Call& call) {
  Behaviour behaviour;
  {
    std::lock_guard lock(mutex_);
    sizes_.push_back(call.batch().item_count);
    if (call.signal() == SLUICE_LOGS) {
      for (const sluice_segment& segment : segments(call.batch())) {
        for (const wire::ResourceLogs& resource : wire::logs(bytes(segment))) {
          for (const wire::ScopeLogs& scope : resource.scopes) {
            for (const wire::LogRecord& record : scope.items) bodies_.emplace_back(record.body.text());
          }
        }
      }
    }
    behaviour = behaviour_;
  }
  changed_.notify_all();
  const sluice_status status = behaviour ? behaviour(*this, call) : SLUICE_DONE;
  if (status == SLUICE_DONE) items_ += call.batch().item_count;
  return status;
}

void Sink::stop(uint64_t) {
  std::deque<std::pair<Answer, uint64_t>> held;
  std::lock_guard lock(mutex_);
  held.swap(held_);
}

void Sink::behave(Behaviour behaviour) {
  std::lock_guard lock(mutex_);
  behaviour_ = std::move(behaviour);
}

void Sink::hold() {
  behave([](Sink& self, const Call& call) {
    std::lock_guard lock(self.mutex_);
    self.held_.emplace_back(call.answer_later(), call.batch().item_count);
    self.changed_.notify_all();
    return SLUICE_PENDING;
  });
}

sluice_status Sink::answer(const Result& result) {
  std::pair<Answer, uint64_t> oldest;
  {
    std::unique_lock lock(mutex_);
    demand(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return !held_.empty(); }));
    oldest = std::move(held_.front());
    held_.pop_front();
  }
  if (result.status() == SLUICE_DONE) items_ += oldest.second;
  return oldest.first(result);
}

size_t Sink::wait_for_calls(size_t count) {
  std::unique_lock lock(mutex_);
  demand(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return sizes_.size() >= count; }));
  return sizes_.size();
}

size_t Sink::held() const {
  std::lock_guard lock(mutex_);
  return held_.size();
}

std::vector<std::string> Sink::bodies() const {
  std::lock_guard lock(mutex_);
  return bodies_;
}

std::vector<uint64_t> Sink::call_sizes() const {
  std::lock_guard lock(mutex_);
  return sizes_;
}

// ---- processors -----------------------------------------------------------------------------------------------------

Pass::Pass(Host host, Config) : Processor(host) {
  Stage::passes[std::string(host.component_id())] = this;
}
Pass::~Pass() {
  Stage::passes.erase(std::string(host().component_id()));
}

sluice_status Pass::consume(const Call& call) {
  return behaviour ? behaviour(*this, call) : relay(host(), call, 0, call.batch());
}
void Pass::sent(void* user, const sluice_result& result) {
  relay_answer(host(), user, result);
}
void Pass::timer(uint32_t) {
  if (on_timer) on_timer(*this);
}

Keeper::Keeper(Host host, Config) : Processor(host) {
  Stage::keepers[std::string(host.component_id())] = this;
}
Keeper::~Keeper() {
  Stage::keepers.erase(std::string(host().component_id()));
}

sluice_status Keeper::consume(const Call& call) {
  std::lock_guard lock(mutex_);
  kept_.push_back(call.keep_batch());
  held_ += call.batch().item_count;
  host().held(call.signal(), held_);
  return SLUICE_DONE;
}

void Keeper::flush() {
  std::deque<BatchRef> batches;
  {
    std::lock_guard lock(mutex_);
    batches.swap(kept_);
  }
  for (BatchRef& batch : batches) {
    auto* user = new BatchRef(batch);
    const Sent sent = host().send(0, batch.get(), nullptr, user);
    if (sent.pending()) continue;
    std::unique_ptr<BatchRef> own(user);
    ended(*own, sent.result ? *sent.result : Result(sent.status).view());
  }
}

void Keeper::ended(const BatchRef& batch, const sluice_result& result) {
  std::lock_guard lock(mutex_);
  if (result.status == SLUICE_DONE || result.status == SLUICE_FAILED_PERMANENT) {
    held_ -= batch.item_count();
  } else {
    kept_.push_back(batch);
  }
  host().held(batch.signal(), held_);
}

void Keeper::sent(void* user, const sluice_result& result) {
  std::unique_ptr<BatchRef> own(static_cast<BatchRef*>(user));
  ended(*own, result);
}
void Keeper::resume(uint32_t) {
  flush();
}
void Keeper::drain() {
  flush();
}
uint64_t Keeper::held() const {
  std::lock_guard lock(mutex_);
  return held_;
}

// ---- stage ----------------------------------------------------------------------------------------------------------

Stage::Stage(const std::string& yaml, uint64_t budget_bytes, const std::string& plugin_folder)
    : budget(budget_bytes), services{clock,  tasks,       budget, log,     ledger, metrics,
                                     health, observatory, calls,  commons, "test", 1} {
  plugins.add(SLUICE_GRAPH_TEST_ENTRY, "graph_test");
  REQUIRE(plugins.errors().empty());
  if (!plugin_folder.empty()) plugins.add_user_folder(plugin_folder);
  config::LoadOptions options;
  options.configs = {"yaml:" + yaml};
  loaded = std::make_unique<config::Loaded>(config::load(options, plugins, config::process_environment()));
  graph = std::make_unique<Graph>(services, plugins);
  graph->create(*loaded, {});
  INFO(loaded->render({}));
  REQUIRE(loaded->ok());
  const std::string error = graph->start();
  INFO(error);
  REQUIRE(error.empty());
}

Stage::~Stage() {
  if (!stopped_) graph->stop(1'000'000'000);
}

telemetry::Balance Stage::balance(sluice_signal signal) {
  return telemetry::process_balance(ledger.read(), signal);
}

uint64_t Stage::imbalance() {
  uint64_t sum = 0;
  for (const telemetry::Imbalance& found : telemetry::imbalances(ledger.read())) sum += found.items;
  return sum;
}

bool Stage::stop(uint64_t grace_ns) {
  stopped_ = true;
  const bool clean = graph->stop(grace_ns);
  INFO(telemetry::account_line(ledger.read()));
  CHECK(imbalance() == 0);
  for (sluice_signal signal : kSignals) CHECK(balance(signal).in_transit() == 0);
  CHECK(budget.used_bytes() == 0);
  return clean;
}

}  // namespace sluice::graph::testing
