// SPDX-License-Identifier: Apache-2.0
// The batch processor: gathers what comes into larger batches, by number of items and time, one gathering for each
// signal and combination of request headers. It merges by sharing messages and copies only where it cuts one.
#ifndef SLUICE_PROCESSORS_BATCH_COMPONENT_H
#define SLUICE_PROCESSORS_BATCH_COMPONENT_H

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "plugins/sdk/component.h"
#include "plugins/sdk/log.h"
#include "processors/batch/config.h"
#include "processors/batch/partition.h"
#include "processors/batch/shard.h"

namespace sluice::processors {

class Batch final : public Processor {
 public:
  using Config = BatchConfig;
  Batch(Host host, Config config);
  sluice_status init() override;
  void drain() override;
  void stop(uint64_t deadline_mono_ns) override;
  sluice_status consume(const Call& call) override;
  void sent(void* user, const sluice_result& result) override;
  void resume(uint32_t output) override;
  void timer(uint32_t index) override;

 private:
  static constexpr uint32_t kDueTimer = 0, kRetryTimer = 1;

  // All of one signal.
  struct Signal {
    Signal(Host host, sluice_signal signal, uint32_t to) : held(host, signal), output(to) {}
    HeldLevel held;
    const uint32_t output;
    std::unordered_map<std::string, std::unique_ptr<Shard>> shards;  // by partition
  };

  Shard* shard_of(const Call& call);  // null: too many combinations
  Shard* find(const Signal& signal, const std::string& key) const;
  std::vector<Shard*> all_shards() const;
  void arm(uint64_t due_mono_ns);
  void retry_later();

  const Config config_;
  const Partitioner partitioner_;
  BatchMetrics metrics_;
  LogLimit log_limit_;

  mutable std::shared_mutex shards_mutex_;
  std::array<std::unique_ptr<Signal>, 3> signals_;
  bool draining_ = false;

  std::mutex timer_mutex_;
  uint64_t timer_due_ = 0;  // of the timer for what is held and whom it owes an answer; 0: off
  std::atomic<bool> retry_armed_{false};
};

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_BATCH_COMPONENT_H
