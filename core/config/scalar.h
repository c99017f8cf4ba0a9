// SPDX-License-Identifier: Apache-2.0
// What a plain scalar means, as Go's yaml v3 has it, and the two notations of settings: durations and sizes.
#ifndef SLUICE_CORE_CONFIG_SCALAR_H
#define SLUICE_CORE_CONFIG_SCALAR_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/value.h"

namespace sluice::config {

struct Scalar {
  NodeKind kind = NodeKind::string;
  int64_t integer = 0;
  double number = 0;
};

// Of an unquoted scalar. Not YAML 1.1: yes, no, on and off are texts, and so are dates.
Scalar resolve_scalar(std::string_view text);

std::optional<int64_t> parse_duration(std::string_view text);  // "1h30m", "-1.5s", "0": nanoseconds
std::optional<uint64_t> parse_bytes(std::string_view text);    // "20MiB", "64 kB", "512"
std::string format_duration(int64_t nanoseconds);              // "1h30m0s" is written "1h30m"
std::string format_number(double number);                      // the shortest text that reads back as the same number

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_SCALAR_H
