// SPDX-License-Identifier: Apache-2.0
#include "core/base/memory_limit.h"

#include <charconv>
#include <utility>

#include "plugins/sdk/available_memory.h"

namespace sluice::base {

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
  const AvailableMemory memory = available_memory(root);
  return {memory.bytes, memory.from_group ? "cgroup" : "machine"};
}

}  // namespace sluice::base
