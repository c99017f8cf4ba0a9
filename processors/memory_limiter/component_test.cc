// SPDX-License-Identifier: Apache-2.0
// What is refused and when memory is given back, with a budget and a memory that the test sets to the byte.
#include "processors/memory_limiter/component.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "plugins/sdk/entry.h"
#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry processor_memory_limiter_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;
using processors::Memory;
using processors::MemoryLimiter;

constexpr uint64_t kMiB = 1 << 20;

struct FakeMemory final : Memory {
  uint64_t resident_bytes() override { return resident; }
  uint64_t total_bytes() override { return total; }
  void trim() override {
    ++trims;
    resident -= std::min(resident, gives_back);
  }

  uint64_t resident = 0, total = 0, gives_back = 0;
  int trims = 0;
};
FakeMemory* memory = nullptr;  // of the test that runs

class Tested final : public MemoryLimiter {
 public:
  Tested(Host host, Config config) : MemoryLimiter(host, config, *memory) {}
};

// A limiter with the limits 80 and 100 MiB, before a sink that takes everything.
class Limiter {
 protected:
  Limiter() {
    fake_.resident = 10 * kMiB;
    memory = &fake_;
  }
  ~Limiter() {
    subject_.reset();
    for (const sluice_signal signal : kSignals) CHECK(host_.imbalance(signal) == "");
    CHECK(host_.violations() == std::vector<std::string>{});
  }

  sluice_status start(Tree settings = Tree::map({{"check_interval", 1s}, {"limit_mib", 100}})) {
    static constexpr detail::Declared kDeclared =
        component<Tested>({.type = "memory_limiter", .inputs = kAllSignals, .outputs = kAllSignals});
    static constexpr sluice_component kComponent = detail::describe(kDeclared);
    subject_ = std::make_unique<Subject>(host_, kComponent, std::move(settings));
    return subject_->start();
  }
  std::shared_ptr<const CallRecord> consume(sluice_signal signal = SLUICE_TRACES, uint64_t items = 3) {
    return subject_->consume(signal, message(signal, items));
  }
  bool takes() { return consume()->answer() == SLUICE_DONE; }
  int64_t counted(const std::string& what) const {
    return host_.metric("otelcol_processor_memory_limiter_" + what)->sum;
  }
  std::vector<std::string> said() const {
    std::vector<std::string> all;
    for (const LogRecord& record : host_.logs())
      if (record.level >= SLUICE_INFO) all.push_back(record.text);
    return all;
  }
  int64_t times(const std::string& text) const {
    const auto all = said();
    return std::count(all.begin(), all.end(), text);
  }

  FakeMemory fake_;
  FakeHost host_;
  std::unique_ptr<Subject> subject_;
};

const std::string kRefusing = "Memory usage is above soft limit. Refusing data.";
const std::string kResuming = "Memory usage back within limits. Resuming normal operation.";
const std::string kSoftTrim = "Memory usage is above soft limit. Forcing a GC.";
const std::string kHardTrim = "Memory usage is above hard limit. Forcing a GC.";
const std::string kNoHelp =
    "Forced GC did not reclaim enough memory. Will back off GC frequency to preserve CPU for recovery.";

TEST_CASE_METHOD(Limiter, "memory_limiter: below the soft limit, batches pass as they are",
                 "[processor][memory_limiter]") {
  REQUIRE(start() == SLUICE_DONE);
  const BatchRef in = host_.batch(SLUICE_LOGS, message(SLUICE_LOGS, 5));
  CHECK(subject_->consume(in)->answer() == SLUICE_DONE);
  REQUIRE(host_.sends().size() == 1);
  CHECK(host_.sends()[0].batch.get() == in.get());
  CHECK(counted("accepted_log_records") == 5);
  CHECK(counted("refused_log_records") == 0);
}

TEST_CASE_METHOD(Limiter, "memory_limiter: soft limit, refused from that byte on, without a check in between",
                 "[processor][memory_limiter]") {
  REQUIRE(start() == SLUICE_DONE);  // 10 MiB are no telemetry
  const BatchRef batch = host_.batch(SLUICE_TRACES, message(SLUICE_TRACES, 3));
  const uint64_t room = 70 * kMiB - host_.used_bytes();
  host_.set_used_by_others(room - 1);
  CHECK(subject_->consume(batch)->answer() == SLUICE_DONE);
  host_.set_used_by_others(room);
  const auto refused = subject_->consume(batch);
  REQUIRE(refused->completed);
  CHECK(refused->completed->status() == SLUICE_FAILED_RETRYABLE);
  CHECK(refused->completed->code() == Code::unavailable);
  CHECK(refused->completed->text() == "data refused due to high memory usage");
  CHECK(refused->completed->retry_after() == 0ns);
  host_.set_used_by_others(room - 1);
  CHECK(subject_->consume(batch)->answer() == SLUICE_DONE);
  CHECK(counted("accepted_spans") == 6);
  CHECK(counted("refused_spans") == 3);
  CHECK(host_.sends().size() == 2);
}

TEST_CASE_METHOD(Limiter, "memory_limiter: signals are counted by their own names", "[processor][memory_limiter]") {
  REQUIRE(start() == SLUICE_DONE);
  for (const sluice_signal signal : kSignals) consume(signal, 2);
  host_.set_used_by_others(200 * kMiB);
  for (const sluice_signal signal : kSignals) consume(signal, 1);
  for (const std::string items : {"spans", "metric_points", "log_records"}) {
    CHECK(counted("accepted_" + items) == 2);
    CHECK(counted("refused_" + items) == 1);
  }
}

TEST_CASE_METHOD(Limiter, "memory_limiter: memory that is no telemetry, counts as of the last check",
                 "[processor][memory_limiter]") {
  REQUIRE(start() == SLUICE_DONE);
  fake_.resident = 80 * kMiB;
  CHECK(takes());
  host_.advance(999ms);
  CHECK(takes());
  host_.advance(1ms);
  CHECK_FALSE(takes());
  fake_.resident = 79 * kMiB;
  CHECK_FALSE(takes());
  host_.advance(1s);
  CHECK(takes());
}

TEST_CASE_METHOD(Limiter, "memory_limiter: telemetry is resident too, and counts once", "[processor][memory_limiter]") {
  host_.set_used_by_others(40 * kMiB);
  fake_.resident = 79 * kMiB;
  REQUIRE(start() == SLUICE_DONE);  // 39 MiB are no telemetry
  CHECK(takes());
  host_.set_used_by_others(41 * kMiB);
  CHECK_FALSE(takes());
  fake_.resident = 30 * kMiB;  // charged for what is still to come: less is resident
  host_.set_used_by_others(79 * kMiB);
  host_.advance(1s);
  CHECK(takes());
}

TEST_CASE_METHOD(Limiter, "memory_limiter: refusing begins and ends with one line and one change of health",
                 "[processor][memory_limiter]") {
  REQUIRE(start() == SLUICE_DONE);
  host_.set_used_by_others(75 * kMiB);
  for (int i = 0; i < 5; ++i) consume();
  CHECK(times(kRefusing) == 1);
  CHECK(host_.logs().back().field("cur_mem_mib") == "85");
  CHECK(host_.health().first == SLUICE_HEALTH_DEGRADED);
  host_.set_used_by_others(0);
  CHECK(takes());
  CHECK(times(kResuming) == 0);  // that waits for a check, so that the log does not flutter
  host_.advance(1s);
  CHECK(times(kResuming) == 1);
  CHECK(host_.health().first == SLUICE_HEALTH_OK);
  host_.advance(10s);
  CHECK(times(kRefusing) == 1);
  CHECK(times(kResuming) == 1);
}

TEST_CASE_METHOD(Limiter, "memory_limiter: hard limit, memory is given back at each check while that helps",
                 "[processor][memory_limiter]") {
  REQUIRE(start() == SLUICE_DONE);
  fake_.resident = 400 * kMiB;
  fake_.gives_back = 100 * kMiB;
  host_.advance(3s);
  CHECK(fake_.trims == 3);
  CHECK(times(kHardTrim) == 3);
  CHECK(times("Memory usage after GC.") == 3);
  CHECK(times(kRefusing) == 1);
  host_.advance(1s);  // 100 MiB are at the hard limit still
  CHECK(fake_.trims == 4);
  CHECK(times(kResuming) == 1);
  CHECK(takes());
}

TEST_CASE_METHOD(Limiter, "memory_limiter: soft limit, memory is given back before data are refused",
                 "[processor][memory_limiter]") {
  REQUIRE(start() == SLUICE_DONE);
  fake_.resident = 85 * kMiB;
  fake_.gives_back = 10 * kMiB;
  host_.advance(1s);
  CHECK(times(kSoftTrim) == 1);
  CHECK(times(kRefusing) == 0);
  CHECK(takes());
  fake_.resident = 85 * kMiB;
  host_.advance(9s);  // not more often than every 10 s
  CHECK(fake_.trims == 1);
  CHECK_FALSE(takes());
  host_.advance(1s);
  CHECK(fake_.trims == 2);
  CHECK(takes());
}

TEST_CASE_METHOD(Limiter, "memory_limiter: giving back that does not help, becomes rarer up to the maximum",
                 "[processor][memory_limiter]") {
  REQUIRE(start() == SLUICE_DONE);
  fake_.resident = 120 * kMiB;
  std::vector<int> seconds;
  for (int second = 1; second <= 80; ++second) {
    const int before = fake_.trims;
    host_.advance(1s);
    if (fake_.trims > before) seconds.push_back(second);
  }
  CHECK(seconds == std::vector<int>{1, 3, 7, 15, 31, 61});
  CHECK(times(kNoHelp) == 6);
  fake_.resident = 200 * kMiB;
  fake_.gives_back = 50 * kMiB;
  host_.advance(12s);  // at 91 s by the slow pace; that helps, so at 92 s again
  CHECK(fake_.trims == 6 + 2);
}

TEST_CASE_METHOD(Limiter, "memory_limiter: a maximum of 0, no back-off", "[processor][memory_limiter]") {
  REQUIRE(start(Tree::map({{"check_interval", 1s},
                           {"limit_mib", 100},
                           {"min_gc_interval_when_hard_limited", 2s},
                           {"max_gc_interval_when_hard_limited", 0s}})) == SLUICE_DONE);
  fake_.resident = 120 * kMiB;
  host_.advance(11s);
  CHECK(fake_.trims == 6);
}

TEST_CASE_METHOD(Limiter, "memory_limiter: percentages are of the memory there is", "[processor][memory_limiter]") {
  fake_.total = 1000 * kMiB;
  REQUIRE(start(Tree::map({{"check_interval", 1s}, {"limit_percentage", 50}, {"spike_limit_percentage", 30}})) ==
          SLUICE_DONE);
  const auto logs = host_.logs();
  REQUIRE(logs.size() >= 2);
  CHECK(logs[0].text == "Using percentage memory limiter");
  CHECK(logs[0].field("total_memory_mib") == "1000");
  CHECK(logs[0].field("limit_percentage") == "50");
  CHECK(logs[0].field("spike_limit_percentage") == "30");
  CHECK(logs[1].text == "Memory limiter configured");
  CHECK(logs[1].field("limit_mib") == "500");
  CHECK(logs[1].field("spike_limit_mib") == "300");
  CHECK(logs[1].field("check_interval") == "1");
  host_.set_used_by_others(189 * kMiB);
  CHECK(takes());
  host_.set_used_by_others(190 * kMiB);
  CHECK_FALSE(takes());
}

TEST_CASE_METHOD(Limiter, "memory_limiter: a percentage of nobody knows what, start fails",
                 "[processor][memory_limiter]") {
  CHECK(start(Tree::map({{"check_interval", 1s}, {"limit_percentage", 50}})) != SLUICE_DONE);
  CHECK(host_.last_error().starts_with("failed to get total memory, use fixed memory settings (limit_mib)"));
}

TEST_CASE_METHOD(Limiter, "memory_limiter: limits that do not count, are named", "[processor][memory_limiter]") {
  fake_.total = 1000 * kMiB;
  const bool both = GENERATE(true, false);
  REQUIRE(start(both ? Tree::map({{"check_interval", 1s}, {"limit_mib", 100}, {"limit_percentage", 50}})
                     : Tree::map({{"check_interval", 1s}, {"limit_percentage", 50}, {"spike_limit_mib", 5}})) ==
          SLUICE_DONE);
  CHECK(times(both ? "limit_percentage and spike_limit_percentage are not used beside limit_mib"
                   : "spike_limit_mib is not used without limit_mib") == 1);
}

TEST_CASE_METHOD(Limiter, "memory_limiter: a core without a budget, resident memory alone counts",
                 "[processor][memory_limiter]") {
  host_.offer_interface(SLUICE_MEMORY_ID, nullptr);
  REQUIRE(start() == SLUICE_DONE);
  host_.set_used_by_others(500 * kMiB);
  CHECK(takes());
  fake_.resident = 90 * kMiB;
  host_.advance(1s);
  CHECK_FALSE(takes());
}

TEST_CASE_METHOD(Limiter, "memory_limiter: what follows is full, the batch is not counted as passed on",
                 "[processor][memory_limiter]") {
  host_.on_send([](const SendRecord&) { return Reply::busy(); });
  REQUIRE(start() == SLUICE_DONE);
  CHECK(consume()->answer() == SLUICE_BUSY);
  CHECK(counted("accepted_spans") == 0);
}

TEST_CASE_METHOD(Limiter, "memory_limiter: the answer of what follows is passed back", "[processor][memory_limiter]") {
  host_.on_send([](const SendRecord&) { return Reply::pending(); });
  REQUIRE(start() == SLUICE_DONE);
  const auto call = consume();
  CHECK_FALSE(call->answer());
  host_.answer(0, Result::partial(1, "one was too old"));
  REQUIRE(call->completed);
  CHECK(call->completed->rejected_items() == 1);
  CHECK(counted("accepted_spans") == 3);
}

TEST_CASE("memory_limiter: keeps the rules of the border", "[processor][memory_limiter]") {
  ConformanceOptions options;
  options.settings = Tree::map({{"check_interval", 1s}, {"limit_mib", 1 << 20}});
  CHECK(conformance_problems(processor_memory_limiter_sluice_plugin_entry_v0, "memory_limiter", options) ==
        std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
