// SPDX-License-Identifier: Apache-2.0
// The memory limiter refuses data while the process is short of memory, so that their senders keep them, and gives free
// memory back to the system. What counts is the telemetry that the collector holds at this moment, to the byte, and all
// other memory of the process as of the last check.
#ifndef SLUICE_PROCESSORS_MEMORY_LIMITER_COMPONENT_H
#define SLUICE_PROCESSORS_MEMORY_LIMITER_COMPONENT_H

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "plugins/sdk/component.h"
#include "processors/memory_limiter/config.h"
#include "processors/memory_limiter/memory.h"

namespace sluice::processors {

class MemoryLimiter : public Processor {
 public:
  using Config = MemoryLimiterConfig;
  MemoryLimiter(Host host, Config config, Memory& memory = process_memory());
  sluice_status init() override;
  sluice_status start() override;
  sluice_status consume(const Call& call) override;
  void sent(void* user, const sluice_result& result) override;
  void timer(uint32_t index) override;

 private:
  struct Signal {
    std::optional<uint32_t> output;
    Metric accepted, refused;
  };
  // How often memory is given back: at least `min` apart, and further where it did not help.
  struct Pace {
    Duration min, max;
    Duration now{0};
    void helped() { now = min; }
    void did_not_help(Duration check_interval);
  };

  uint64_t charged_bytes() const { return budget_ ? budget_->used_bytes(host().get()) : 0; }
  uint64_t measure();  // the memory used now, with a new look at what is no telemetry
  void check();
  bool trim_is_due(const Pace& pace) const;
  uint64_t trim(uint64_t used);
  void refuse_from_now_on(uint64_t used);
  void accept_from_now_on(uint64_t used);

  const Config config_;
  Memory& memory_;
  const Result refusal_;
  const sluice_memory* budget_ = nullptr;
  std::array<Signal, 3> signals_;
  MemoryLimits limits_;
  std::atomic<uint64_t> other_bytes_{0};  // resident without being charged, as of the last check
  std::atomic<bool> refusing_{false};     // was said so; each batch is measured for itself
  // Of the timer alone.
  Pace soft_pace_, hard_pace_;
  uint64_t last_used_ = 0;
};

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_MEMORY_LIMITER_COMPONENT_H
