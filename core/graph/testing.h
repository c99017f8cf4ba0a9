// SPDX-License-Identifier: Apache-2.0
// What the graph's tests share: components whose every move the test decides, and a graph of them made from YAML, with
// real threads and clock. The components are reached by id through the Stage that is alive.
//
//   Stage stage(R"(... receivers: {source: } ... exporters: {sink: } ...)");
//   auto sent = stage.source().send(10);
//   stage.stop();   // checks the books to the item
#ifndef SLUICE_CORE_GRAPH_TESTING_H
#define SLUICE_CORE_GRAPH_TESTING_H

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/tasks.h"
#include "core/graph/graph.h"
#include "core/telemetry/balance.h"
#include "plugins/sdk/component.h"

namespace sluice::graph::testing {

// For what runs on many threads, where Catch2's macros must not stand: ends the program.
void demand(bool truth, const char* file = __builtin_FILE(), int line = __builtin_LINE());

struct NoConfig {
  void settings(Settings&) {}
};

// Sends what the test says, and remembers what it is told.
class Source final : public Receiver {
 public:
  using Config = NoConfig;
  Source(Host host, Config);
  ~Source() override;
  void sent(void* user, const sluice_result& result) override;
  void resume(uint32_t output) override;

  struct Told {
    sluice_status status;
    uint64_t rejected;
    int32_t code;
    std::string text;
    uint64_t retry_after_ns;
  };
  // `user` is a number of the test's choice; 0 deadline: none.
  Sent send(uint64_t items, uintptr_t user = 0, uint64_t deadline_mono_ns = 0, sluice_signal signal = SLUICE_LOGS,
            const sluice_context* context = nullptr);
  Sent send(const BatchRef& batch, uintptr_t user = 0, uint64_t deadline_mono_ns = 0);
  NewBatch make(uint64_t items, sluice_signal signal = SLUICE_LOGS);
  // Sends and waits for the answer, whichever way it comes.
  Told deliver(uint64_t items);
  Told deliver(const BatchRef& batch);
  // Waits until `user` was told; fails the test after some seconds.
  Told told(uintptr_t user = 0);
  size_t told_count() const;
  uint64_t resumes() const { return resumes_.load(); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uintptr_t, Told> told_;
  std::atomic<uintptr_t> next_user_{1'000'000};
  std::atomic<uint64_t> resumes_{0};
};

// Answers what the test says; by default takes everything.
class Sink final : public Exporter {
 public:
  struct Config {
    bool queue = false, retry = false;
    void settings(Settings& s) { s.delivery(queue, retry, Duration(0)); }
  };
  Sink(Host host, Config);
  ~Sink() override;
  sluice_status init() override;
  sluice_status consume(const Call& call) override;
  void stop(uint64_t deadline_mono_ns) override;

  using Behaviour = std::function<sluice_status(Sink&, const Call&)>;
  void behave(Behaviour behaviour);
  // Keeps calls open until answer().
  void hold();
  // Answers the oldest held call, on this thread.
  sluice_status answer(const Result& result = Result(SLUICE_DONE));
  size_t wait_for_calls(size_t count);  // so many calls in all
  size_t held() const;
  uint64_t items() const { return items_.load(); }  // answered DONE here or by answer(DONE)
  std::vector<std::string> bodies() const;          // of the log records of every call, in order
  std::vector<uint64_t> call_sizes() const;

  static sluice_limits limits;  // of the next Sink that is made

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Behaviour behaviour_;
  std::deque<std::pair<Answer, uint64_t>> held_;
  std::vector<uint64_t> sizes_;
  std::vector<std::string> bodies_;
  std::atomic<uint64_t> items_{0};
};

// Passes every call on and its answer back.
class Pass final : public Processor {
 public:
  using Config = NoConfig;
  Pass(Host host, Config);
  ~Pass() override;
  sluice_status consume(const Call& call) override;
  void sent(void* user, const sluice_result& result) override;
  void timer(uint32_t index) override;

  std::function<sluice_status(Pass&, const Call&)> behaviour;
  std::function<void(Pass&)> on_timer;
};

// Answers early and holds what it took until flush() or drain(); keeps what is not taken.
class Keeper final : public Processor {
 public:
  using Config = NoConfig;
  Keeper(Host host, Config);
  ~Keeper() override;
  sluice_status consume(const Call& call) override;
  void sent(void* user, const sluice_result& result) override;
  void resume(uint32_t output) override;
  void drain() override;

  void flush();
  uint64_t held() const;

 private:
  void ended(const BatchRef& batch, const sluice_result& result);

  mutable std::mutex mutex_;
  std::deque<BatchRef> kept_;
  uint64_t held_ = 0;
};

class Stage {
 public:
  // `plugin_folder`: plugins besides those of this file.
  explicit Stage(const std::string& yaml, uint64_t budget_bytes = 0, const std::string& plugin_folder = "");
  ~Stage();

  Source& source(const std::string& id = "source") { return *find(sources, id); }
  Sink& sink(const std::string& id = "sink") { return *find(sinks, id); }
  Pass& pass(const std::string& id = "pass") { return *find(passes, id); }
  Keeper& keeper(const std::string& id = "keeper") { return *find(keepers, id); }

  // Stops within `grace`, then demands that every book balances and that what was received is accounted for.
  bool stop(uint64_t grace_ns = 5'000'000'000);
  telemetry::Balance balance(sluice_signal signal = SLUICE_LOGS);
  uint64_t imbalance();

  base::SystemClock clock;
  telemetry::Log log{clock};
  telemetry::Ledger ledger;
  telemetry::Metrics metrics;
  telemetry::Health health{clock};
  telemetry::Observatory observatory;
  flow::Budget budget;
  CallTable calls;
  Commons commons;
  Services services;
  loader::Plugins plugins;
  std::unique_ptr<config::Loaded> loaded;
  std::unique_ptr<Graph> graph;
  base::ThreadTasks tasks{clock, 2};  // last: what is posted still runs when this goes

  static std::map<std::string, Source*> sources;
  static std::map<std::string, Sink*> sinks;
  static std::map<std::string, Pass*> passes;
  static std::map<std::string, Keeper*> keepers;

 private:
  template <class T>
  static T* find(const std::map<std::string, T*>& all, const std::string& id) {
    return all.at(id);
  }
  bool stopped_ = false;
};

// Waits for a condition; fails the test after ten seconds.
void wait_for(const std::function<bool()>& condition);

}  // namespace sluice::graph::testing
#endif  // SLUICE_CORE_GRAPH_TESTING_H
