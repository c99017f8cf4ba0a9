// SPDX-License-Identifier: Apache-2.0
// Why an item ended otherwise than delivered: one closed set, shared by the wrapper's book, the edges and the ledger.
// `dropped{reason}` and `returned{reason}` use the same names; which of the two it is depends on what the sender was
// told (docs/delivery.md), never on the reason.
#ifndef SLUICE_CORE_FLOW_REASON_H
#define SLUICE_CORE_FLOW_REASON_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::flow {

enum class Reason : uint8_t {
  none,
  queue_full,    // no place in the queue
  disk_full,     // no place on disk
  budget,        // the process is over its memory budget
  stopping,      // the collector stops and takes nothing new
  deadline,      // the sender's own deadline passed
  fsync,         // the commit to disk failed
  permanent,     // the destination will never take it
  partial,       // the destination took the request without these items
  blocked,       // the destination's operator blocks this data
  invalid,       // the exporter's answer contradicts itself
  too_large,     // one item alone is over the destination's limit
  expired,       // gave up: max_elapsed_time passed, or there is no retry
  plugin_error,  // the exporter threw again and again
  shutdown,      // still in memory when the grace period was over
  ttl,           // older than max_age
  corrupt,       // damaged on disk
  removed,       // the exporter was taken out of the configuration
  rejected,      // at a receiver's door: the items of DONE + rejected_items
};
inline constexpr size_t kReasons = static_cast<size_t>(Reason::rejected) + 1;

inline constexpr std::array<std::string_view, kReasons> kReasonNames = {
    "none",      "queue_full", "disk_full", "budget",  "stopping",  "deadline", "fsync",
    "permanent", "partial",    "blocked",   "invalid", "too_large", "expired",  "plugin_error",
    "shutdown",  "ttl",        "corrupt",   "removed", "rejected"};

constexpr std::string_view name(Reason reason) {
  return kReasonNames[static_cast<size_t>(reason)];
}

// The same items may end better when they are sent again.
constexpr bool may_pass(Reason reason) {
  switch (reason) {
    case Reason::queue_full:
    case Reason::disk_full:
    case Reason::budget:
    case Reason::stopping:
    case Reason::deadline:
    case Reason::fsync:
    case Reason::expired:
    case Reason::shutdown:
      return true;
    default:
      return false;
  }
}

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_REASON_H
