// SPDX-License-Identifier: Apache-2.0
// Many small worlds, each from one seed. A run fails if a rule is broken in any of them, or if something rare that the
// wrapper knows how to handle happened in none: then the worlds have become too tame to prove anything.
//
//   SLUICE_SIM_SEEDS=100000 ./sim_test      more of them
//   SLUICE_SIM_SEED=4711 ./sim_test         one of them again
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "tests/sim/world.h"

namespace sluice::sim {
namespace {

constexpr uint64_t kSeeds = 1000;

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct Sum {
  uint64_t failures = 0, first_failure = 0, requests = 0, events = 0;
  std::string failure;
  flow::SeenCounts seen{};
  std::array<uint64_t, kRare> rare{};

  // What never happened, although it should have.
  std::string missing() const {
    std::string names;
    for (size_t i = 0; i < flow::kSeen; ++i) {
      if (seen[i] == 0 && i != static_cast<size_t>(flow::Seen::flush_partitions)) {  // needs 1000: has its own test
        names += std::string(flow::kSeenNames[i]) + " ";
      }
    }
    for (size_t i = 0; i < kRare; ++i) {
      if (rare[i] == 0) names += std::string(kRareNames[i]) + " ";
    }
    return names;
  }
};

Sum run_all(uint64_t first, uint64_t seeds, const Rules& rules, bool stop_at_failure) {
  Sum sum;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    Report report = World(seed, rules).run();
    sum.requests += report.requests;
    sum.events += report.events;
    for (size_t i = 0; i < flow::kSeen; ++i) sum.seen[i] += report.seen[i];
    for (size_t i = 0; i < kRare; ++i) sum.rare[i] += report.rare[i];
    if (report.failure.empty()) continue;
    if (sum.failures++ == 0) {
      sum.first_failure = seed;
      sum.failure = report.failure;
    }
    if (stop_at_failure) break;
  }
  return sum;
}

}  // namespace

TEST_CASE("simulation: no world breaks a rule, and every rare thing has happened", "[sim]") {
  uint64_t one = from_environment("SLUICE_SIM_SEED", 0);
  uint64_t seeds = one != 0 ? 1 : from_environment("SLUICE_SIM_SEEDS", kSeeds);
  auto began = std::chrono::steady_clock::now();
  Sum sum = run_all(one != 0 ? one : 1, seeds, {}, true);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << seeds << " worlds, " << sum.requests << " requests, " << sum.events << " events, "
            << static_cast<uint64_t>(static_cast<double>(seeds) / took.count()) << " worlds/s\n";
  if (std::getenv("SLUICE_SIM_COUNTS")) {
    for (size_t i = 0; i < flow::kSeen; ++i) std::cout << flow::kSeenNames[i] << " " << sum.seen[i] << "\n";
    for (size_t i = 0; i < kRare; ++i) std::cout << kRareNames[i] << " " << sum.rare[i] << "\n";
  }
  INFO("again with SLUICE_SIM_SEED=" << sum.first_failure);
  CHECK(sum.failure == "");
  if (seeds >= kSeeds && sum.failure.empty()) CHECK(sum.missing() == "");
}

TEST_CASE("simulation: one seed is one history", "[sim]") {
  for (uint64_t seed : {3, 14, 159}) {
    Report a = World(seed, {}).run(), b = World(seed, {}).run();
    CHECK(a.events == b.events);
    CHECK(a.requests == b.requests);
    CHECK(a.seen == b.seen);
  }
}

// A rule that can be switched off without the simulation noticing is either needless or unproven.
TEST_CASE("simulation: each rule switched off is noticed", "[sim]") {
  struct Switch {
    const char* name;
    std::function<void(Rules&)> off;
  };
  const Switch switches[] = {
      {"who is told no keeps his items", [](Rules& r) { r.flow.returned_is_not_dropped = false; }},
      {"who waits longest for a place gets it", [](Rules& r) { r.flow.longest_waiter_first = false; }},
      {"a source is answered at its last item", [](Rules& r) { r.flow.answer_when_all_ended = false; }},
      {"a late OK ends the request", [](Rules& r) { r.flow.late_ok_counts = false; }},
      {"a silent call keeps its place where order is promised", [](Rules& r) { r.flow.silent_keeps_place = false; }},
      {"stale results are ignored", [](Rules& r) { r.flow.stale_results_ignored = false; }},
      {"head-room before dispatch", [](Rules& r) { r.flow.headroom_before_dispatch = false; }},
      {"a full queue flushes", [](Rules& r) { r.flow.flush_when_full = false; }},
      {"waiting senders flush", [](Rules& r) { r.flow.flush_when_idle = false; }},
      {"the purse and the samples", [](Rules& r) { r.flow.purse_and_samples = false; }},
      {"a search ends before its sender's deadline", [](Rules& r) { r.flow.search_ends_in_time = false; }},
      {"parts go on in front", [](Rules& r) { r.flow.parts_in_front = false; }},
      {"a fan-out reserves first", [](Rules& r) { r.reserve_first = false; }},
  };
  for (const Switch& s : switches) {
    INFO(s.name);
    Rules rules;
    s.off(rules);
    Sum sum = run_all(1, kSeeds, rules, true);
    std::cout << "without \"" << s.name << "\": "
              << (sum.failures != 0 ? "seed " + std::to_string(sum.first_failure) + ", " + sum.failure
                                    : "never " + sum.missing())
              << "\n";
    CHECK((sum.failures != 0 || sum.missing() != ""));
  }
}

}  // namespace sluice::sim
