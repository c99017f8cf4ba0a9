// SPDX-License-Identifier: Apache-2.0
// What a FakeHost knows, behind the C functions of the border. Internal to plugins/testing.
#ifndef SLUICE_PLUGINS_TESTING_FAKE_STATE_H
#define SLUICE_PLUGINS_TESTING_FAKE_STATE_H

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "plugins/testing/fake_host.h"

namespace sluice::testing {

struct FakeHost::State {
  explicit State(Options options);

  // ---- into the component: lined up if it is SERIAL, and counted so that a test can see who is in a call
  void enter(std::function<void()> call, bool wait);

  void violation(std::string text);
  sluice_status complete(sluice_token token, const sluice_result* result);
  sluice_status send(const sluice_send& send, const sluice_result** result);
  void settle(size_t send, const sluice_result& result);
  bool charge(uint64_t bytes);

  sluice_host host{};
  const Options options;
  std::string version = "0.0.0-test";
  std::deque<std::string> pipelines;
  std::vector<sluice_port> inputs, outputs;

  mutable std::mutex mutex;  // guards what follows; never held while the component's code runs
  std::condition_variable idle;
  const sluice_instance* instance = nullptr;
  bool serial = false, running = false;
  std::deque<std::function<void()>> lined_up;

  uint64_t mono = 1'000'000'000, wall = 1'700'000'000'000'000'000;
  std::array<uint64_t, 16> timers{};
  bool refusing = false;

  std::function<Reply(const SendRecord&)> script;
  std::deque<SendRecord> sends;
  sluice_token next_token = 0;
  std::map<sluice_token, std::shared_ptr<CallRecord>> calls;
  std::map<sluice_token, bool> cancelled;

  std::vector<LogRecord> logs;
  int32_t log_level = SLUICE_TRACE;
  std::string error;
  std::vector<ProblemRecord> problems;
  std::pair<int32_t, std::string> health{SLUICE_HEALTH_OK, ""};
  std::array<Accounts, 3> accounts;
  std::array<uint64_t, 3> lost_of_held{};  // refused for good behind a component that had answered: the core drops them
  std::array<uint64_t, 3> passed{};        // taken by what is behind
  std::deque<std::string> metric_texts;
  std::vector<MetricRecord> metrics;
  uint64_t writable_calls = 0;
  std::optional<sluice_limits> limits;
  std::map<std::string, const void*> interfaces;
  std::map<std::pair<std::string, std::string>, std::pair<const void*, void*>> services;
  std::vector<std::string> violations;

  std::atomic<uint64_t> used{0}, used_by_others{0}, live_batches{0}, live_contexts{0};
  std::map<const uint8_t*, std::pair<std::unique_ptr<uint8_t[]>, uint64_t>> buffers;
};

// The C functions that make and count batches and contexts (fake_batch.cc), and their slots in the host struct.
void fill_memory_slots(sluice_host& host);
// The interfaces of the core (fake_interfaces.cc).
void fill_interface_slots(FakeHost::State& state);
FakeHost::State& state_of(const sluice_host* host);

}  // namespace sluice::testing
#endif  // SLUICE_PLUGINS_TESTING_FAKE_STATE_H
