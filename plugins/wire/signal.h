// SPDX-License-Identifier: Apache-2.0
//
// The kinds of telemetry, and how encoded bytes are passed around in this folder.
#ifndef SLUICE_PLUGINS_WIRE_SIGNAL_H
#define SLUICE_PLUGINS_WIRE_SIGNAL_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::wire {

/// Same numbers as sluice_signal of the border.
enum class Signal : int32_t { traces = 0, metrics = 1, logs = 2 };

/// Encoded bytes, not owned.
using Bytes = std::span<const uint8_t>;

inline Bytes to_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline std::string_view to_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_SIGNAL_H
