// SPDX-License-Identifier: Apache-2.0
#include "processors/memory_limiter/config.h"

#include <catch2/catch.hpp>

#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

using processors::limits_of;
using processors::MemoryLimiterConfig;
using Said = std::vector<std::string>;
using namespace std::chrono_literals;

constexpr uint64_t kMiB = 1 << 20;

Said said(const std::string& more) {
  return config<MemoryLimiterConfig>("check_interval: 1s\n" + more).said;
}

TEST_CASE("memory_limiter settings: declared soundly", "[processor][memory_limiter]") {
  CHECK(declaration_mistakes<MemoryLimiterConfig>() == Said{});
}

TEST_CASE("memory_limiter settings: defaults are those of the OpenTelemetry Collector", "[processor][memory_limiter]") {
  const auto read = config<MemoryLimiterConfig>("{check_interval: 1s, limit_mib: 512}");
  CHECK(read.said == Said{});
  CHECK(read.settings.spike_limit_mib == 0);
  CHECK(read.settings.limit_percentage == 0);
  CHECK(read.settings.spike_limit_percentage == 0);
  CHECK(read.settings.min_gc_interval_when_soft_limited == 10s);
  CHECK(read.settings.min_gc_interval_when_hard_limited == 0s);
  CHECK(read.settings.max_gc_interval_when_soft_limited == 30s);
  CHECK(read.settings.max_gc_interval_when_hard_limited == 30s);
}

TEST_CASE("memory_limiter settings: a file with every key is read", "[processor][memory_limiter]") {
  const auto read = config<MemoryLimiterConfig>(R"(
check_interval: 500ms
limit_mib: 4000
spike_limit_mib: 800
limit_percentage: 80
spike_limit_percentage: 20
min_gc_interval_when_soft_limited: 20s
min_gc_interval_when_hard_limited: 5s
max_gc_interval_when_soft_limited: 2m
max_gc_interval_when_hard_limited: 1m
)");
  CHECK(read.said == Said{});
  CHECK(read.settings.check_interval == 500ms);
  CHECK(read.settings.limit_mib == 4000);
  CHECK(read.settings.spike_limit_mib == 800);
  CHECK(read.settings.limit_percentage == 80);
  CHECK(read.settings.spike_limit_percentage == 20);
  CHECK(read.settings.min_gc_interval_when_soft_limited == 20s);
  CHECK(read.settings.min_gc_interval_when_hard_limited == 5s);
  CHECK(read.settings.max_gc_interval_when_soft_limited == 2min);
  CHECK(read.settings.max_gc_interval_when_hard_limited == 1min);
}

TEST_CASE("memory_limiter settings: mistakes are named as upstream names them", "[processor][memory_limiter]") {
  CHECK(config<MemoryLimiterConfig>("limit_mib: 512").said ==
        Said{"check_interval: 'check_interval' must be greater than zero [config.check]"});
  CHECK(said("") == Said{"limit_mib: 'limit_mib' or 'limit_percentage' must be greater than zero [config.check]"});
  CHECK(said("limit_mib: 10\nspike_limit_mib: 10") ==
        Said{"spike_limit_mib: 'spike_limit_mib' must be smaller than 'limit_mib' [config.check]"});
  CHECK(said("limit_percentage: 50\nspike_limit_percentage: 50") ==
        Said{"spike_limit_percentage: 'spike_limit_percentage' must be smaller than 'limit_percentage' "
             "[config.check]"});
  CHECK(said("limit_percentage: 101") ==
        Said{"limit_percentage: 101 is out of range; accepted: 0 to 100 % [config.range]"});
  const std::string limit = "limit_mib: 10\n";
  CHECK(said(limit + "min_gc_interval_when_hard_limited: 11s") ==
        Said{"min_gc_interval_when_soft_limited: 'min_gc_interval_when_soft_limited' should be larger than "
             "'min_gc_interval_when_hard_limited' [config.check]"});
  CHECK(said(limit + "max_gc_interval_when_soft_limited: 9s\nmax_gc_interval_when_hard_limited: 0s") ==
        Said{"max_gc_interval_when_soft_limited: 'max_gc_interval_when_soft_limited' must be greater than or equal to "
             "'min_gc_interval_when_soft_limited' (or 0 to disable) [config.check]"});
  CHECK(said(limit + "min_gc_interval_when_hard_limited: 5s\nmax_gc_interval_when_hard_limited: 4s") ==
        Said{"max_gc_interval_when_hard_limited: 'max_gc_interval_when_hard_limited' must be greater than or equal to "
             "'min_gc_interval_when_hard_limited' (or 0 to disable) [config.check]"});
  CHECK(said(limit + "max_gc_interval_when_hard_limited: 31s") ==
        Said{"max_gc_interval_when_soft_limited: 'max_gc_interval_when_soft_limited' should be larger than or equal to "
             "'max_gc_interval_when_hard_limited' (when both are set) [config.check]"});
  CHECK(said(limit + "max_gc_interval_when_soft_limited: 0s\nmax_gc_interval_when_hard_limited: 0s") == Said{});
}

TEST_CASE("memory_limiter settings: the soft limit, a fifth below the hard one unless said",
          "[processor][memory_limiter]") {
  MemoryLimiterConfig fixed;
  fixed.limit_mib = 100;
  fixed.limit_percentage = 1;  // limit_mib goes first
  CHECK(limits_of(fixed, 0).hard == 100 * kMiB);
  CHECK(limits_of(fixed, 0).soft == 80 * kMiB);
  fixed.spike_limit_mib = 1;
  CHECK(limits_of(fixed, 0).soft == 99 * kMiB);

  MemoryLimiterConfig part;
  part.limit_percentage = 75;
  CHECK(limits_of(part, 1000).hard == 750);
  CHECK(limits_of(part, 1000).soft == 600);
  part.spike_limit_percentage = 25;
  CHECK(limits_of(part, 1000).soft == 500);
  part.limit_percentage = 100;
  CHECK(limits_of(part, UINT64_MAX).hard == UINT64_MAX);  // and nothing overflows on the way
}

}  // namespace
}  // namespace sluice::testing
