// SPDX-License-Identifier: Apache-2.0
// Settings of the memory limiter, and the two limits that they make of the memory there is.
#ifndef SLUICE_PROCESSORS_MEMORY_LIMITER_CONFIG_H
#define SLUICE_PROCESSORS_MEMORY_LIMITER_CONFIG_H

#include <cstdint>

#include "plugins/sdk/settings.h"

namespace sluice::processors {

using namespace literals;

struct MemoryLimiterConfig {
  Duration check_interval{0};
  uint32_t limit_mib = 0;
  uint32_t spike_limit_mib = 0;
  uint32_t limit_percentage = 0;
  uint32_t spike_limit_percentage = 0;
  Duration min_gc_interval_when_soft_limited = 10s;
  Duration min_gc_interval_when_hard_limited = 0s;
  Duration max_gc_interval_when_soft_limited = 30s;
  Duration max_gc_interval_when_hard_limited = 30s;

  void settings(Settings& s) {
    s("check_interval", check_interval, "Time between two looks at the memory of the process; must be written.")
        .min(0s)
        .example("1s");
    s("limit_mib", limit_mib, "Hard limit: above it, free memory is given back to the system.").unit("MiB");
    s("spike_limit_mib", spike_limit_mib,
      "Data are refused from so much below limit_mib on (soft limit); 0: a fifth of limit_mib.")
        .unit("MiB");
    s("limit_percentage", limit_percentage,
      "Hard limit, in percent of what the container or else the machine has; only without limit_mib.")
        .max(100)
        .unit("%");
    s("spike_limit_percentage", spike_limit_percentage,
      "Data are refused from so much below limit_percentage on; 0: a fifth of limit_percentage.")
        .max(100)
        .unit("%");
    s("min_gc_interval_when_soft_limited", min_gc_interval_when_soft_limited,
      "Give memory back at most so often above the soft limit.")
        .min(0s);
    s("min_gc_interval_when_hard_limited", min_gc_interval_when_hard_limited,
      "Give memory back at most so often above the hard limit; 0: at each check.")
        .min(0s);
    s("max_gc_interval_when_soft_limited", max_gc_interval_when_soft_limited,
      "Where that does not help, the interval doubles up to this; 0: it stays.")
        .min(0s);
    s("max_gc_interval_when_hard_limited", max_gc_interval_when_hard_limited, "The same above the hard limit.").min(0s);
    s.first_in_pipeline("what stands before it takes memory for data that are refused afterwards");

    s.check(check_interval > 0s, "check_interval", "'check_interval' must be greater than zero");
    s.check(limit_mib > 0 || limit_percentage > 0, "limit_mib",
            "'limit_mib' or 'limit_percentage' must be greater than zero");
    s.check(limit_mib == 0 || spike_limit_mib < limit_mib, "spike_limit_mib",
            "'spike_limit_mib' must be smaller than 'limit_mib'");
    s.check(limit_percentage == 0 || spike_limit_percentage < limit_percentage, "spike_limit_percentage",
            "'spike_limit_percentage' must be smaller than 'limit_percentage'");
    s.check(min_gc_interval_when_soft_limited >= min_gc_interval_when_hard_limited, "min_gc_interval_when_soft_limited",
            "'min_gc_interval_when_soft_limited' should be larger than 'min_gc_interval_when_hard_limited'");
    s.check(is_cap(max_gc_interval_when_soft_limited, min_gc_interval_when_soft_limited),
            "max_gc_interval_when_soft_limited",
            "'max_gc_interval_when_soft_limited' must be greater than or equal to 'min_gc_interval_when_soft_limited' "
            "(or 0 to disable)");
    s.check(is_cap(max_gc_interval_when_hard_limited, min_gc_interval_when_hard_limited),
            "max_gc_interval_when_hard_limited",
            "'max_gc_interval_when_hard_limited' must be greater than or equal to 'min_gc_interval_when_hard_limited' "
            "(or 0 to disable)");
    s.check(is_cap(max_gc_interval_when_soft_limited, max_gc_interval_when_hard_limited),
            "max_gc_interval_when_soft_limited",
            "'max_gc_interval_when_soft_limited' should be larger than or equal to 'max_gc_interval_when_hard_limited' "
            "(when both are set)");
  }

 private:
  static bool is_cap(Duration cap, Duration at_least) { return cap == 0s || cap >= at_least; }
};

struct MemoryLimits {
  uint64_t hard = 0, soft = 0;  // bytes
};

// `total_bytes`: what the process may use; only asked for where the limit is a percentage.
inline MemoryLimits limits_of(const MemoryLimiterConfig& config, uint64_t total_bytes) {
  const auto percent = [total_bytes](uint32_t part) {
    return total_bytes / 100 * part + total_bytes % 100 * part / 100;
  };
  const bool fixed = config.limit_mib > 0;
  const uint64_t hard = fixed ? uint64_t{config.limit_mib} << 20 : percent(config.limit_percentage);
  const uint64_t spike = fixed ? uint64_t{config.spike_limit_mib} << 20 : percent(config.spike_limit_percentage);
  return {hard, hard - (spike > 0 ? spike : hard / 5)};
}

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_MEMORY_LIMITER_CONFIG_H
