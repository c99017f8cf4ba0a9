// SPDX-License-Identifier: Apache-2.0
// How much memory this process may use: what its container or its operator says, else what the machine has.
#ifndef SLUICE_CORE_BASE_MEMORY_LIMIT_H
#define SLUICE_CORE_BASE_MEMORY_LIMIT_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::base {

struct MemoryLimit {
  uint64_t bytes = 0;
  std::string from;  // "GOMEMLIMIT", "cgroup", "machine"
};

// GOMEMLIMIT is honoured because charts of the OpenTelemetry Collector set it from the container's limit. `root` is put
// in front of /sys and /proc: tests have a tree of their own.
MemoryLimit memory_limit(const char* gomemlimit, const std::string& root = "");

// "512MiB", "1GiB", "1000000", as Go reads GOMEMLIMIT; nothing for "off" and for what is no size.
std::optional<uint64_t> parse_gomemlimit(std::string_view text);

}  // namespace sluice::base
#endif  // SLUICE_CORE_BASE_MEMORY_LIMIT_H
