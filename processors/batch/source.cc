// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/source.h"

#include <algorithm>
#include <span>
#include <utility>

namespace sluice::processors {

void Source::end(Host host, const Ended& ended, const sluice_result& result, uint32_t flags) {
  Answer answer;
  Result all = Result::done();
  uint64_t again = 0;
  {
    std::lock_guard lock(mutex_);
    left_ -= ended.delivered + ended.rejected + ended.retryable;
    sum_.delivered += ended.delivered;
    sum_.rejected += ended.rejected;
    sum_.retryable += ended.retryable;
    flags_ |= flags;
    if (ended.retryable && !retryable_) retryable_.emplace(result);
    if (ended.rejected && !rejected_) rejected_.emplace(result);
    if (left_ != 0) return;
    all = answer_of_all();
    if (!all.ok() && sum_.retryable) again = sum_.delivered;
    answer = std::move(answer_);
  }
  // The sender still has these and sends them again: they have left here without having been taken.
  if (again) host.added(signal_, "resent", again);
  answer(all);
}

Result Source::answer_of_all() const {
  if (sum_.retryable) {
    if (retryable_->status() == SLUICE_CANCELLED) return Result::cancelled(retryable_->text());
    Result result = Result::retryable(retryable_->code(), retryable_->text(), retryable_->retry_after());
    if (flags_ & SLUICE_RESULT_UNKNOWN) result.outcome_unknown();
    return result;
  }
  if (sum_.rejected == items_) return Result::permanent(rejected_->code(), rejected_->text());
  Result result = sum_.rejected ? Result::partial(sum_.rejected, rejected_->text()) : Result::done();
  if (flags_ & SLUICE_RESULT_UNATTRIBUTED) result.unattributed();
  if (flags_ & SLUICE_RESULT_EARLY) result.early();
  return result;
}

namespace {

// How many items of [first, first + count) lie in ranges of this status.
uint64_t in_ranges(std::span<const sluice_range> ranges, uint64_t first, uint64_t count, sluice_status status) {
  uint64_t items = 0;
  for (const sluice_range& range : ranges) {
    const uint64_t begin = std::max(first, range.first);
    const uint64_t end = std::min(first + count, range.first + range.count);
    if (range.status == status && begin < end) items += end - begin;
  }
  return items;
}

}  // namespace

void end_slices(Host host, sluice_signal signal, const std::vector<Slice>& slices, const sluice_result& result) {
  const std::span ranges(result.ranges, result.range_count);
  const bool unattributed =
      result.status == SLUICE_DONE && ranges.empty() && result.rejected_items && slices.size() > 1;
  if (unattributed) host.dropped(signal, "partial", result.rejected_items);
  const uint32_t flags = unattributed ? result.flags | SLUICE_RESULT_UNATTRIBUTED : result.flags;
  uint64_t first = 0;
  for (const Slice& slice : slices) {
    Source::Ended ended;
    if (result.status == SLUICE_DONE) {
      ended.rejected = in_ranges(ranges, first, slice.items, SLUICE_FAILED_PERMANENT);
      ended.retryable = in_ranges(ranges, first, slice.items, SLUICE_FAILED_RETRYABLE);
      if (ranges.empty() && !unattributed) ended.rejected = std::min(result.rejected_items, slice.items);
      ended.delivered = slice.items - ended.rejected - ended.retryable;
    } else if (result.status == SLUICE_FAILED_RETRYABLE || result.status == SLUICE_CANCELLED) {
      ended.retryable = slice.items;
    } else {
      ended.rejected = slice.items;
    }
    first += slice.items;
    slice.source->end(host, ended, result, flags);
  }
}

}  // namespace sluice::processors
