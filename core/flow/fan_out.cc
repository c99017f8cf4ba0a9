// SPDX-License-Identifier: Apache-2.0
#include "core/flow/fan_out.h"

#include <algorithm>

namespace sluice::flow {
namespace {

int badness(sluice_status status) {
  switch (status) {
    case SLUICE_DONE:
      return 0;
    case SLUICE_FAILED_PERMANENT:
    case SLUICE_TOO_LARGE:  // the sender was already split as far as it goes
      return 1;
    default:  // FAILED_RETRYABLE, CANCELLED, BUSY
      return 2;
  }
}

// Sorted, overlapping and touching ranges joined.
std::vector<sluice_range> united(std::vector<sluice_range> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<sluice_range> out;
  for (const sluice_range& range : ranges) {
    if (!out.empty() && range.first <= out.back().first + out.back().count) {
      out.back().count = std::max(out.back().first + out.back().count, range.first + range.count) - out.back().first;
    } else {
      out.push_back(range);
    }
  }
  return out;
}

}  // namespace

Plan plan(std::span<const Room> rooms) {
  Plan p;
  size_t stuck = 0;
  for (Room room : rooms) {
    stuck += room == Room::stuck;
    p.refuse |= room == Room::full || room == Room::stopping;
  }
  // All of them stuck: nobody would get it, so it is plain back-pressure, also for an early owner, which keeps it.
  p.refuse |= stuck == rooms.size() && stuck != 0;
  for (Room room : rooms) p.hands.push_back(room == Room::stuck ? Hand::pass_over : Hand::out);
  return p;
}

Joined join(std::span<const Outcome> outcomes, uint64_t items) {
  Joined joined;
  bool some_took_it = false, ranges_known = true, all_busy = !outcomes.empty();
  const Outcome* worst = nullptr;
  std::vector<sluice_range> ranges;
  for (const Outcome& outcome : outcomes) {
    all_busy &= outcome.status == SLUICE_BUSY;
    joined.flags |= outcome.flags;
    joined.retry_after_ns = std::max(joined.retry_after_ns, outcome.retry_after_ns);
    if (!worst || badness(outcome.status) > badness(worst->status) ||
        (badness(outcome.status) == badness(worst->status) && outcome.rejected_items > worst->rejected_items)) {
      worst = &outcome;
    }
    if (badness(outcome.status) == 0) {
      some_took_it = true;
      joined.rejected_items = std::max(joined.rejected_items, std::min(outcome.rejected_items, items));
      ranges_known &= outcome.rejected_items == 0 || !outcome.ranges.empty();
      ranges.insert(ranges.end(), outcome.ranges.begin(), outcome.ranges.end());
    }
  }
  if (!worst) return joined;
  joined.text = worst->text;
  joined.code = worst->code;
  switch (badness(worst->status)) {
    case 2:
      joined.status = all_busy ? SLUICE_BUSY : SLUICE_FAILED_RETRYABLE;
      joined.rejected_items = 0;
      return joined;
    case 1:
      joined.retry_after_ns = 0;
      if (some_took_it) {
        joined.rejected_items = items;
      } else {
        joined.status = SLUICE_FAILED_PERMANENT;
      }
      return joined;
    default:
      joined.retry_after_ns = 0;
      if (ranges_known && !ranges.empty()) {
        joined.ranges = united(std::move(ranges));
        joined.rejected_items = 0;
        for (const sluice_range& range : joined.ranges) joined.rejected_items += range.count;
      }
      return joined;
  }
}

}  // namespace sluice::flow
