// SPDX-License-Identifier: Apache-2.0
// How a call ended, as the core passes it on. Most are plain DONE and allocate nothing; details are copied out of the
// plugin's sluice_result, which is valid only during its call.
#ifndef SLUICE_CORE_GRAPH_OUTCOME_H
#define SLUICE_CORE_GRAPH_OUTCOME_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/flow/fan_out.h"
#include "core/flow/reason.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::graph {

struct Details {
  int32_t code = 0;
  uint64_t rejected_items = 0;
  uint64_t retry_after_ns = 0;
  uint64_t max_items = 0;
  uint64_t max_bytes = 0;
  std::string text;
  std::vector<sluice_range> ranges;
};

struct Outcome {
  sluice_status status = SLUICE_DONE;
  uint32_t flags = 0;
  // Who counts the items that were not taken: somebody further down has done so already, or this very edge, by
  // `reason`.
  bool counted_below = false;
  flow::Reason reason = flow::Reason::none;
  std::unique_ptr<Details> details;

  Outcome() = default;
  explicit Outcome(sluice_status s, flow::Reason r = flow::Reason::none) : status(s), reason(r) {}

  // Reads only what the plugin's version of the struct has. A status that is no result becomes INVALID.
  static Outcome copy(const sluice_result& result);
  static Outcome failed(sluice_status status, int32_t code, flow::Reason reason, std::string text,
                        uint64_t retry_after_ns = 0);

  bool answered() const { return status != SLUICE_PENDING; }
  uint64_t rejected() const { return details ? details->rejected_items : 0; }
  // Of `items`, so many were not taken.
  uint64_t not_taken(uint64_t items) const;
  // The same items may be offered again.
  bool retryable() const;
  // Why items were not taken, for a book.
  flow::Reason why() const;
  std::string_view text() const { return details ? std::string_view(details->text) : std::string_view(); }

  // Both point into this object.
  sluice_result view() const;
  flow::Outcome branch() const;
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_OUTCOME_H
