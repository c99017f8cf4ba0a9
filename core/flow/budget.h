// SPDX-License-Identifier: Apache-2.0
// The byte budget of the process. Every block of telemetry is charged once, by the bytes that stay allocated. Only
// entry is refused, above 80 % of the limit; the rest is head-room for what the collector itself must make to get rid
// of what it holds (encoded requests, split batches). Head-room is reserved before a dispatch, and one dispatch in the
// process is always let through, so a full budget can always drain. Thread-safe; all functions are wait-free.
#ifndef SLUICE_CORE_FLOW_BUDGET_H
#define SLUICE_CORE_FLOW_BUDGET_H

#include <atomic>
#include <cstdint>

namespace sluice::flow {

class Budget {
 public:
  // `limit_bytes` 0: no limit; everything is counted, nothing refused.
  explicit Budget(uint64_t limit_bytes);

  // At the door: charges `bytes`, or refuses and charges nothing when 80 % of the limit are used, or all of it together
  // with the head-room that dispatches have set aside. Soft by one message: it asks whether there is room at all, not
  // whether this one fits, so a message larger than the rest still gets in.
  bool enter(uint64_t bytes);
  // Inside: charges what a component makes while it holds a call. Never refused.
  void charge(uint64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  // The counterpart of enter() and charge().
  void release(uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  // Before a dispatch: sets `bytes` of head-room aside, or answers false: try again later. True at least for one
  // dispatch at a time in the process. Each true needs one end_dispatch() with the same `bytes`.
  bool begin_dispatch(uint64_t bytes);
  void end_dispatch(uint64_t bytes);

  uint64_t limit_bytes() const { return limit_; }
  uint64_t entry_limit_bytes() const { return entry_limit_; }
  uint64_t used_bytes() const { return used_.load(std::memory_order_relaxed); }
  uint64_t reserved_bytes() const { return reserved_.load(std::memory_order_relaxed); }

 private:
  const uint64_t limit_;
  const uint64_t entry_limit_;
  std::atomic<uint64_t> used_{0};
  std::atomic<uint64_t> reserved_{0};
  std::atomic<uint64_t> dispatches_{0};
};

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_BUDGET_H
