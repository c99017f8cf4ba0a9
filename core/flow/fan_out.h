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
  pass_over,  // not now: call Delivery::pass_over(). Outcome: DONE if the owner is early, else FAILED_RETRYABLE + hint
};
struct Plan {
  bool refuse = false;  // nobody gets it: cancel the reservations, answer BUSY with the largest hint
  std::vector<Hand> hands;
};
// A branch without a queue in front is Room::always.
Plan plan(std::span<const Room> rooms);

// How one branch answered.
struct Outcome {
  sluice_status status = SLUICE_DONE;
  int32_t code = 0;
  uint32_t flags = 0;
  uint64_t rejected_items = 0;
  uint64_t retry_after_ns = 0;
  std::string_view text;
  std::span<const sluice_range> ranges;  // permanent ones; empty: not known which
};
struct Joined {
  sluice_status status = SLUICE_DONE;
  int32_t code = 0;
  uint32_t flags = 0;
  uint64_t rejected_items = 0;
  uint64_t retry_after_ns = 0;
  std::string_view text;             // of the worst branch; valid as long as the outcomes
  std::vector<sluice_range> ranges;  // union, if every rejecting branch named its items
};
// Worst of the branches, to be asked when none is PENDING any more: RETRYABLE and BUSY > PERMANENT > partial > DONE.
// Two things would be a lie: PERMANENT where another branch took it (it is DONE with all items rejected), and BUSY
// where any branch answered otherwise (it is FAILED_RETRYABLE: something was kept).
Joined join(std::span<const Outcome> outcomes, uint64_t items);

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_FAN_OUT_H
