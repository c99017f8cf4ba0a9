// SPDX-License-Identifier: Apache-2.0
// BatchRef: a counted reference to an immutable batch of the core. Reading one needs no call and no lock. A batch that
// a call brings is only lent; make a BatchRef of it to keep it longer than that call.
#ifndef SLUICE_PLUGINS_SDK_BATCH_H
#define SLUICE_PLUGINS_SDK_BATCH_H

#include <cstdint>
#include <span>
#include <string_view>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/counted.h"

namespace sluice {

inline constexpr uint32_t kAllSignals =
    SLUICE_MASK(SLUICE_TRACES) | SLUICE_MASK(SLUICE_METRICS) | SLUICE_MASK(SLUICE_LOGS);

inline constexpr sluice_signal kSignals[] = {SLUICE_TRACES, SLUICE_METRICS, SLUICE_LOGS};

inline std::string_view signal_name(sluice_signal signal) {
  constexpr std::string_view kNames[] = {"traces", "metrics", "logs", "profiles"};
  return signal >= 0 && signal <= SLUICE_PROFILES ? kNames[signal] : "unknown signal";
}

// One whole OTLP message.
inline std::span<const uint8_t> bytes(const sluice_segment& segment) {
  return {segment.data, static_cast<size_t>(segment.length_bytes)};
}

inline std::span<const sluice_segment> segments(const sluice_batch& batch) {
  return {batch.segments, batch.segment_count};
}

// Calls f(std::span<const uint8_t> message, uint64_t item_count) for each OTLP message of the batch, in wire order.
// Nothing spans two messages: a resource or scope that both have is written in both.
template <class F>
void for_each_message(const sluice_batch& batch, F&& f) {
  for (const sluice_segment& segment : segments(batch)) f(bytes(segment), segment.item_count);
}

class BatchRef
    : public detail::Counted<BatchRef, sluice_batch, &sluice_host::batch_retain, &sluice_host::batch_release> {
 public:
  using Counted::Counted;

  sluice_signal signal() const { return get()->signal; }
  uint64_t item_count() const { return get() ? get()->item_count : 0; }
  uint64_t length_bytes() const { return get() ? get()->length_bytes : 0; }
  std::span<const sluice_segment> segments() const {
    return get() ? sluice::segments(*get()) : std::span<const sluice_segment>();
  }
};

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_BATCH_H
