// SPDX-License-Identifier: Apache-2.0
#include "core/base/memory_limit.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <utility>

namespace sluice::base {
namespace {

std::optional<uint64_t> read_number(const std::string& file) {
  std::ifstream in(file);
  uint64_t number = 0;
  return in >> number ? std::optional(number) : std::nullopt;
}

// The group of this process in a hierarchy of version 2 (no controller name) or of version 1 ("memory").
std::optional<std::string> group(const std::string& root, std::string_view controller) {
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

// The smallest limit from the group up to the root of its hierarchy: each of them binds.
std::optional<uint64_t> smallest(const std::string& hierarchy, std::string group, const std::string& file) {
  std::optional<uint64_t> limit;
  for (;;) {
    if (auto here = read_number(hierarchy + group + "/" + file)) limit = std::min(limit.value_or(*here), *here);
    const size_t slash = group.find_last_of('/');
    if (slash == std::string::npos) return limit;
    group.resize(slash);
  }
}

uint64_t machine_bytes(const std::string& root) {
  std::ifstream in(root + "/proc/meminfo");
  std::string word;
  for (uint64_t kilobytes = 0; in >> word;) {
    if (word == "MemTotal:" && in >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

std::optional<uint64_t> parse_gomemlimit(std::string_view text) {
  uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(rest, static_cast<size_t>(text.data() + text.size() - rest));
  constexpr std::pair<std::string_view, int> kUnits[] = {{"", 0},     {"B", 0},    {"KiB", 10},
                                                         {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  for (const auto& [name, shift] : kUnits) {
    if (unit == name && number <= UINT64_MAX >> shift) return number << shift;
  }
  return std::nullopt;
}

MemoryLimit memory_limit(const char* gomemlimit, const std::string& root) {
  if (auto bytes = gomemlimit ? parse_gomemlimit(gomemlimit) : std::nullopt) return {*bytes, "GOMEMLIMIT"};
  MemoryLimit limit{machine_bytes(root), "machine"};
  auto bound = [&](std::optional<uint64_t> bytes) {
    if (bytes && *bytes && (limit.bytes == 0 || *bytes < limit.bytes)) limit = {*bytes, "cgroup"};
  };
  if (auto path = group(root, "")) bound(smallest(root + "/sys/fs/cgroup", *path, "memory.max"));
  if (auto path = group(root, "memory"))
    bound(smallest(root + "/sys/fs/cgroup/memory", *path, "memory.limit_in_bytes"));
  return limit;
}

}  // namespace sluice::base
