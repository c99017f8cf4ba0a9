// SPDX-License-Identifier: Apache-2.0
// FakeHost: all host functions of the border in one process, without the core. A component under test talks to it as
// to the real one; the test reads what was sent, said and accounted, scripts the answers of what is behind the
// component, and turns the clock. It keeps the rules of the border: answers join calls by token, batches are counted
// and checked, a stopped component is refused. What a component does against a rule is collected in violations().
//
//   FakeHost host;
//   Subject subject(host, entry, "batch", Tree::map({{"timeout", 1s}}));   // subject.h
//   subject.start();
//   auto call = subject.consume(SLUICE_TRACES, message(SLUICE_TRACES, 3));
//   host.advance(1s);
//   CHECK(host.sends().size() == 1);
//
// All functions from any thread, but for scripts, which are set before the component runs.
#ifndef SLUICE_PLUGINS_TESTING_FAKE_HOST_H
#define SLUICE_PLUGINS_TESTING_FAKE_HOST_H

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/batch.h"
#include "plugins/sdk/context.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/status.h"

namespace sluice::testing {

// One call of send(), and what was answered.
struct SendRecord {
  uint32_t output = 0;
  BatchRef batch;
  ContextRef context;
  uint64_t deadline_mono_ns = 0;
  void* user = nullptr;
  sluice_status status = SLUICE_INVALID;  // what send() returned
  bool open = false;                      // PENDING and not answered yet
};

// What a scripted destination does with a send().
struct Reply {
  sluice_status status = SLUICE_DONE;
  std::optional<Result> details{};       // handed out with an immediate answer or BUSY
  std::optional<Result> early_answer{};  // with PENDING: sent() runs on another thread before send() returns
  bool early_resume = false;             // with BUSY: resume() runs before send() returns

  static Reply done() { return {}; }
  static Reply pending() { return {SLUICE_PENDING}; }
  static Reply busy() { return {SLUICE_BUSY}; }
  static Reply answer(Result result) {
    const sluice_status status = result.status();
    return {status, std::move(result)};
  }
};

// One call of consume(): joins what it returned with complete().
struct CallRecord {
  sluice_token token = 0;
  uint64_t items = 0;
  sluice_signal signal = SLUICE_TRACES;
  sluice_status returned = SLUICE_INVALID;
  std::optional<Result> completed;  // while other threads may complete the call: only after answer() has told of it
  int completions = 0;
  std::atomic<bool> is_completed{false};

  // The answer, once there is one. BUSY counts as one: nothing was taken. From any thread.
  std::optional<sluice_status> answer() const {
    if (is_completed.load(std::memory_order_acquire)) return completed->status();
    if (returned == SLUICE_PENDING) return std::nullopt;
    return returned;
  }
};

struct LogRecord {
  int32_t level = 0;
  std::string text;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string field(std::string_view key) const {
    for (const auto& [name, value] : fields)
      if (name == key) return value;
    return {};
  }
};

struct MetricRecord {
  MetricAbout about;
  int64_t sum = 0;
  std::vector<double> records;
};

struct ProblemRecord {
  const sluice_value* at = nullptr;
  int32_t severity = 0;
  std::string id, text;
};

// Items by reason, one signal. `held` is a level.
struct Accounts {
  std::map<std::string, uint64_t> filtered, dropped, added;
  uint64_t held = 0;
};

class FakeHost {
 public:
  struct Options {
    std::string component_id = "test";
    std::vector<sluice_signal> inputs{};   // one pipeline a signal
    std::vector<sluice_signal> outputs{};  // one pipeline a signal, and the output to all of it
    uint64_t budget_bytes = UINT64_MAX;
    uint32_t abi_minor = SLUICE_ABI_MINOR;
  };
  FakeHost();  // inputs and outputs of all signals
  explicit FakeHost(Options options);
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;
  ~FakeHost();

  const sluice_host* get() const;
  operator Host() const { return Host(get()); }  // NOLINT(google-explicit-constructor)
  uint32_t output(sluice_signal signal) const;   // the one to all pipelines of a signal

  // ---- the clock: mono starts at 1 s, wall time at 2023-11-14 22:13:20 UTC ----------------------------------------
  // Timers that come due fire in order, each at its own time.
  void advance(std::chrono::nanoseconds by);
  uint64_t now_mono_ns() const;
  std::optional<uint64_t> timer_due(uint32_t index) const;

  // ---- what is behind the component --------------------------------------------------------------------------------
  // Default: everything is taken. The send is recorded after the script has spoken; its batch is in `send`.
  void on_send(std::function<Reply(const SendRecord& send)> script);
  std::vector<SendRecord> sends() const;
  void clear_sends();
  // Answers the n-th send, which must be open.
  void answer(size_t send, const Result& result);
  void answer_all(const Result& result);
  void resume(uint32_t output);

  // ---- calls into the component ------------------------------------------------------------------------------------
  void attach(const sluice_instance* instance, uint32_t flags);
  std::shared_ptr<const CallRecord> consume(const sluice_batch& batch, const sluice_context* context = nullptr,
                                            uint64_t deadline_mono_ns = 0, uint32_t input = 0);
  // As the core at a deadline: answers for the component, whose own answer comes too late.
  void cancel(const CallRecord& call);
  // From now on the component is refused as after stop().
  void refuse_all();

  // ---- makes -------------------------------------------------------------------------------------------------------
  // Throws std::invalid_argument if it is no message of that signal.
  BatchRef batch(sluice_signal signal, std::string_view message);
  BatchRef batch(sluice_signal signal, const std::vector<std::string>& messages);
  ContextRef context(std::initializer_list<std::pair<const char*, const char*>> metadata = {});

  // ---- what the component said -------------------------------------------------------------------------------------
  std::vector<LogRecord> logs() const;
  void set_log_level(int32_t level);  // default: all
  std::string last_error() const;
  std::vector<ProblemRecord> problems() const;
  std::pair<int32_t, std::string> health() const;
  Accounts accounts(sluice_signal signal) const;
  std::optional<MetricRecord> metric(std::string_view name) const;
  std::vector<MetricRecord> metrics() const;
  uint64_t writable_calls() const;
  std::optional<sluice_limits> limits() const;

  // ---- what the component finds ------------------------------------------------------------------------------------
  void offer_interface(std::string id, const void* interface);
  void offer_service(std::string component_id, std::string id, const void* interface, void* self);

  // ---- the rules ---------------------------------------------------------------------------------------------------
  uint64_t used_bytes() const;              // of the budget: batches, buffers, reservations
  void set_used_by_others(uint64_t bytes);  // what sluice.memory/0 shows besides used_bytes()
  uint64_t live_batches() const;
  uint64_t live_contexts() const;
  // "batch processor completed call 3 twice" ... Empty if it kept all rules.
  std::vector<std::string> violations() const;
  // taken + added = sent on + filtered + dropped + held, for each signal where nothing is open; else what is off.
  std::string imbalance(sluice_signal signal) const;

  struct State;  // the border's side of it

 private:
  std::shared_ptr<State> state_;
};

}  // namespace sluice::testing
#endif  // SLUICE_PLUGINS_TESTING_FAKE_HOST_H
