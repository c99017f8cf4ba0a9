// SPDX-License-Identifier: Apache-2.0
// How much memory a process may use: the smallest limit of the control groups it is in, versions 2 and 1, nested ones
// included; else what the machine has. The core sets its budget by this, components the limits that users give in
// percent.
#ifndef SLUICE_PLUGINS_SDK_AVAILABLE_MEMORY_H
#define SLUICE_PLUGINS_SDK_AVAILABLE_MEMORY_H

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct AvailableMemory {
  uint64_t bytes = 0;       // 0: could not be read
  bool from_group = false;  // a control group has less than the machine
};

namespace detail {

// The group of this process in a hierarchy of version 2 (no controller's name) or of version 1 ("memory").
inline std::optional<std::string> control_group(const std::string& root, std::string_view controller) {
  std::ifstream in(root + "/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    if (controller.empty() ? names == ",," : names.find("," + std::string(controller) + ",") != std::string::npos) {
      return line.substr(second + 1);
    }
  }
  return std::nullopt;
}

// The smallest number in `file` from the group up to the root of its hierarchy: each of them binds.
inline std::optional<uint64_t> smallest_limit(const std::string& hierarchy, std::string group,
                                              const std::string& file) {
  std::optional<uint64_t> limit;
  for (;;) {
    std::ifstream in(hierarchy + group + "/" + file);
    if (uint64_t here = 0; in >> here) limit = std::min(limit.value_or(here), here);
    const size_t slash = group.find_last_of('/');
    if (slash == std::string::npos) return limit;
    group.resize(slash);
  }
}

inline uint64_t machine_memory(const std::string& root) {
  std::ifstream in(root + "/proc/meminfo");
  std::string word;
  for (uint64_t kilobytes = 0; in >> word;) {
    if (word == "MemTotal:" && in >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace detail

// `root` is put in front of /sys and /proc: tests have a tree of their own.
inline AvailableMemory available_memory(const std::string& root = "") {
  AvailableMemory memory{detail::machine_memory(root), false};
  const auto bind = [&memory](std::optional<uint64_t> bytes) {
    if (bytes && *bytes && (memory.bytes == 0 || *bytes < memory.bytes)) memory = {*bytes, true};
  };
  if (const auto group = detail::control_group(root, "")) {
    bind(detail::smallest_limit(root + "/sys/fs/cgroup", *group, "memory.max"));
  }
  if (const auto group = detail::control_group(root, "memory")) {
    bind(detail::smallest_limit(root + "/sys/fs/cgroup/memory", *group, "memory.limit_in_bytes"));
  }
  return memory;
}

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_AVAILABLE_MEMORY_H
