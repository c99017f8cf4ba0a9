// SPDX-License-Identifier: Apache-2.0
// The wrapper's book: where each item that was ever offered is now, or how it ended. Plain integers, under the lock
// that the wrapper is under anyway. Every move takes from one cell and gives to another, so
//   offered + recovered = waiting + queued + in_flight + delivered + Σ dropped + Σ returned + left
// holds after every step; that the level cells are also what the queue really holds is checked by recounting.
#ifndef SLUICE_CORE_FLOW_BOOK_H
#define SLUICE_CORE_FLOW_BOOK_H

#include <array>
#include <cstdint>

#include "core/flow/reason.h"

namespace sluice::flow {

struct Book {
  uint64_t offered = 0, recovered = 0;
  uint64_t waiting = 0, queued = 0, in_flight = 0;  // levels
  uint64_t delivered = 0, left = 0;
  std::array<uint64_t, kReasons> dropped{};
  std::array<uint64_t, kReasons> returned{};

  // Outside the identity.
  uint64_t resent = 0;               // items sent again after an attempt whose outcome is unknown
  uint64_t duplicates_possible = 0;  // items that the destination may have twice
  uint64_t expired_unknown = 0;      // of dropped and returned{expired}: may have arrived
  uint64_t send_failed = 0;          // dropped or returned after at least one attempt
  uint64_t enqueue_failed = 0;       // returned before a place was taken, and dropped{queue_full}

  // 0, or by how much the sums differ.
  uint64_t imbalance() const {
    uint64_t in = offered + recovered, out = waiting + queued + in_flight + delivered + left;
    for (uint64_t n : dropped) out += n;
    for (uint64_t n : returned) out += n;
    return in > out ? in - out : out - in;
  }
};

// How often something rare happened: shown as metrics, and the simulation's proof that it has been there.
enum class Seen : uint8_t {
  full,
  waited,
  paced,
  reservation_cancelled,
  flush_size,
  flush_time,
  flush_full,
  flush_idle,
  flush_partitions,
  source_cut,
  sources_merged,
  count_over_merge,
  ranges,
  bisect_sources,
  bisect_items,
  purse_empty,
  all_refused,
  search_cut_short,
  sent_alone,
  split_hint,
  split_half,
  cut_by_limit,
  late_ok,
  late_ignored,
  unknown_outcome,
  paused,
  probe,
  probe_rotated,
  rested,
  hold,
  gave_up,
  deadline_waiting,
  deadline_queued,
  deadline_in_flight,
  stuck,
  evicted,
  passed_over,
  headroom_waited,
  exporter_busy,
  silent,
  plugin_error,
  misbehaved,
  drained,
  cut_with_backlog,
  stale_result,
};
inline constexpr size_t kSeen = static_cast<size_t>(Seen::stale_result) + 1;
inline constexpr std::array<std::string_view, kSeen> kSeenNames = {"full",
                                                                   "waited",
                                                                   "paced",
                                                                   "reservation_cancelled",
                                                                   "flush_size",
                                                                   "flush_time",
                                                                   "flush_full",
                                                                   "flush_idle",
                                                                   "flush_partitions",
                                                                   "source_cut",
                                                                   "sources_merged",
                                                                   "count_over_merge",
                                                                   "ranges",
                                                                   "bisect_sources",
                                                                   "bisect_items",
                                                                   "purse_empty",
                                                                   "all_refused",
                                                                   "search_cut_short",
                                                                   "sent_alone",
                                                                   "split_hint",
                                                                   "split_half",
                                                                   "cut_by_limit",
                                                                   "late_ok",
                                                                   "late_ignored",
                                                                   "unknown_outcome",
                                                                   "paused",
                                                                   "probe",
                                                                   "probe_rotated",
                                                                   "rested",
                                                                   "hold",
                                                                   "gave_up",
                                                                   "deadline_waiting",
                                                                   "deadline_queued",
                                                                   "deadline_in_flight",
                                                                   "stuck",
                                                                   "evicted",
                                                                   "passed_over",
                                                                   "headroom_waited",
                                                                   "exporter_busy",
                                                                   "silent",
                                                                   "plugin_error",
                                                                   "misbehaved",
                                                                   "drained",
                                                                   "cut_with_backlog",
                                                                   "stale_result"};
using SeenCounts = std::array<uint64_t, kSeen>;

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_BOOK_H
