// SPDX-License-Identifier: Apache-2.0
// One batch, several ways out: who gets it when a queue is full, and what the sender is told when the branches answer
// differently. Pure functions; the shell does the calls in between.
//
//   reserve() in every branch → plan() → offer/consume, pass_over() or cancel() → join() of the outcomes
#ifndef SLUICE_CORE_FLOW_FAN_OUT_H
#define SLUICE_CORE_FLOW_FAN_OUT_H

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/flow/events.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::flow {

enum class Hand : uint8_t {
  out,        // offer the batch to this branch
  pass_over,  // not now: call pass_over(); its outcome is kPassedOver if the sender waits for an answer, else DONE
};
struct Plan {
  bool refuse = false;  // nobody gets it: cancel the reservations, answer BUSY with the largest hint
  std::vector<Hand> hands;
};
// A branch without a queue in front is Room::always. `owner_is_early`: the sender has answered its own sender already.
Plan plan(std::span<const Room> rooms, bool owner_is_early);

// How one branch answered. BUSY of a branch that got no reservation counts as FAILED_RETRYABLE here.
struct Outcome {
  sluice_status status = SLUICE_DONE;
  int32_t code = 0;
  uint32_t flags = 0;
  uint64_t rejected_items = 0;
  uint64_t retry_after_ns = 0;
  std::string_view text;
  std::span<const sluice_range> ranges;  // permanent ones; empty: not known which
};
inline constexpr uint64_t kStuckHintNs = 30'000'000'000;

struct Joined {
  sluice_status status = SLUICE_DONE;
  int32_t code = 0;
  uint32_t flags = 0;
  uint64_t rejected_items = 0;
  uint64_t retry_after_ns = 0;
  std::string_view text;             // of the worst branch; valid as long as the outcomes
  std::vector<sluice_range> ranges;  // union, if every rejecting branch named its items
};
// Worst of the answered branches (PENDING ones must have answered): RETRYABLE > PERMANENT > partial > DONE, but with at
// least one branch that took it, PERMANENT is DONE with all items rejected: it has been delivered elsewhere.
Joined join(std::span<const Outcome> outcomes, uint64_t items);

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_FAN_OUT_H
