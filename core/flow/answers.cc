// SPDX-License-Identifier: Apache-2.0
// How items end, and what their senders are told. The one rule: items are dropped only if their sender was told OK;
// who is told no still has them, so they are returned.
#include <algorithm>
#include <utility>

#include "core/flow/core.h"

namespace sluice::flow {
namespace {

const std::string kSearchCutShort =
    "the search for refused items did not end within the sender's deadline, so some were refused untried; ";

// Ascending, touching ones of the same code joined.
void unite(std::vector<Range>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  size_t kept = 0;
  for (const Range& range : ranges) {
    if (kept != 0 && ranges[kept - 1].first + ranges[kept - 1].count == range.first &&
        ranges[kept - 1].code == range.code) {
      ranges[kept - 1].count += range.count;
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

// One line of the log tells of all items of a search, at its end.
void count_in_search(Search& search, Reason reason, uint64_t items, const sluice_result* result) {
  if (items == 0) return;
  search.refused_items += items;
  search.reason = reason;
  if (!result) return;
  search.code = result->code;
  search.text.assign(result->text.ptr ? result->text.ptr : "", std::min<uint64_t>(result->text.len, kLongestText));
}

}  // namespace

// Every item of the request ends: `rejected` of them by `reason`, the others are delivered.
void Delivery::Core::end_request(uint32_t index, Reason reason, uint64_t rejected, const sluice_result* result,
                                 uint64_t now, Actions& out) {
  Request& request = requests_[index];
  uint64_t items = request.items;
  if (request.search != kNothing) {
    count_in_search(searches_[request.search], reason, rejected, result);
  } else if (rejected != 0 && !cut_) {
    Notice::Kind kind = rejected < items ? Notice::Kind::partial
                        : waits_         ? Notice::Kind::rejecting
                                         : Notice::Kind::dropping;
    note(kind, reason, rejected, 0, result, out);
  }
  bool many = !request.parts.empty() && request.parts.front().source != request.parts.back().source;
  if (rejected == 0 || rejected >= items) {
    for (const Part& part : request.parts) {
      end_part(part, rejected == 0 ? Reason::none : reason, &request, result, now, out);
    }
  } else if (!many) {
    Source& source = sources_[request.parts.front().source];
    source.counted_only = true;
    end_items(source, rejected, reason, &request, result, now);
    end_items(source, items - rejected, Reason::none, &request, result, now);
    end_source_if_done(request.parts.front().source, now, out);
  } else {  // whose items they are is not guessed: this wrapper answers for them, whatever the senders are told
    see(Seen::count_over_merge);
    for (const Part& part : request.parts) {
      sources_[part.source].flags |= SLUICE_RESULT_UNATTRIBUTED;
      end_part(part, Reason::none, &request, result, now, out);
    }
    book_.delivered -= rejected;
    book_.dropped[static_cast<size_t>(reason)] += rejected;
    book_.send_failed += rejected;
  }
  uint32_t search = request.state == State::parked ? kNothing : request.search;
  bool was_sample = request.sample;
  free_request(index);
  if (search != kNothing) part_ended(search, was_sample, reason, result, now, out);
}

void Delivery::Core::end_part(const Part& part, Reason reason, const Request* request, const sluice_result* result,
                              uint64_t now, Actions& out) {
  Source& source = sources_[part.source];
  end_items(source, part.count, reason, request, result, now);
  if (waits_ && reason != Reason::none && !may_pass(reason)) {
    source.ranges.push_back({part.first, part.count, result ? result->code : source.code});
  }
  end_source_if_done(part.source, now, out);
}

// `request` null: the items were still forming.
void Delivery::Core::end_items(Source& source, uint64_t items, Reason reason, const Request* request,
                               const sluice_result* result, uint64_t now) {
  bool started = request && request->started;
  (started ? book_.in_flight : book_.queued) -= items;
  source.left -= items;
  if (result) source.flags |= result->flags & SLUICE_RESULT_EARLY;
  if (started && !may_pass(reason)) last_progress_ = now, told_stuck_ = false;
  if (reason == Reason::none) {
    book_.delivered += items;
    source.delivered += items;
    if (waits_ && !source.owed) book_.duplicates_possible += items;  // its sender gave up and may send it again
    return;
  }
  bool told_no = waits_ && rules_.returned_is_not_dropped;
  (told_no ? book_.returned : book_.dropped)[static_cast<size_t>(reason)] += items;
  if (started) {
    book_.send_failed += items;
    if (reason == Reason::expired && request->unknown) book_.expired_unknown += items;
    if (request->unknown) source.flags |= SLUICE_RESULT_UNKNOWN;
  } else if (reason == Reason::queue_full) {
    book_.enqueue_failed += items;
  }
  if (may_pass(reason)) {
    source.retryable = true;
  } else {
    source.rejected += items;
  }
  if (result && waits_ && source.blamed == Reason::none) {
    source.code = result->code;
    source.retry_after = std::max(source.retry_after, result->retry_after_ns);
    source.text.assign(result->text.ptr ? result->text.ptr : "", std::min<uint64_t>(result->text.len, kLongestText));
  }
}

void Delivery::Core::end_source_if_done(uint32_t index, uint64_t now, Actions& out) {
  Source& source = sources_[index];
  if (source.owed && (source.left == 0 || !rules_.answer_when_all_ended)) answer_with_its_end(source, out);
  if (source.left != 0) return;
  if (source.paced) answer_early(source, out);
  used_ -= source.units;
  placed_bytes_ -= source.bytes;
  if (source.started) count_drained(source.units, now);
  out.released.push_back(source.user);
  sources_.give_back(index);
}

void Delivery::Core::free_request(uint32_t index) {
  in_flight_requests_ -= requests_[index].started;
  requests_.give_back(index);
}

// ---- answers -------------------------------------------------------------------------------------------------------
void Delivery::Core::answer(Source& source, sluice_status status, uint64_t retry_after, Actions& out) {
  source.owed = false;
  Answer& answer = out.answers.emplace_back();
  answer.source = source.user;
  answer.status = status;
  answer.code = source.code;
  answer.flags = source.flags;
  answer.retry_after_ns = retry_after;
  answer.text = source.untried ? kSearchCutShort + source.text : source.text;
}

void Delivery::Core::answer_early(Source& source, Actions& out) {
  source.paced = false;
  const uint32_t flags = std::exchange(source.flags, SLUICE_RESULT_EARLY);
  answer(source, SLUICE_DONE, 0, out);
  source.flags = flags;
}

// The worst that happened to any item: what may pass wins, since the sender then sends all of it again.
void Delivery::Core::answer_with_its_end(Source& source, Actions& out) {
  if (source.retryable) {
    book_.duplicates_possible += source.delivered;
    return answer(source, cut_ ? SLUICE_CANCELLED : SLUICE_FAILED_RETRYABLE, source.retry_after, out);
  }
  bool all = source.rejected == source.items;
  answer(source, all ? SLUICE_FAILED_PERMANENT : SLUICE_DONE, 0, out);
  Answer& told = out.answers.back();
  if (all) return;
  if (source.rejected == 0) {
    told.code = kOk;
    told.text.clear();
  }
  told.rejected_items = source.rejected;
  if (!source.counted_only) {
    unite(source.ranges);
    told.ranges = std::move(source.ranges);
  }
}

// ---- taking back ---------------------------------------------------------------------------------------------------
void Delivery::Core::take_back_gone(std::vector<Part>& parts, uint64_t& items, uint64_t& bytes, Reason reason,
                                    const Request* request, uint64_t now, Actions& out) {
  auto is_gone = [&](const Part& part) { return sources_[part.source].gone; };
  std::vector<Part> gone;
  std::copy_if(parts.begin(), parts.end(), std::back_inserter(gone), is_gone);
  std::erase_if(parts, is_gone);
  for (const Part& part : gone) {
    items -= part.count;
    bytes -= std::min(bytes, bytes_of(part));
  }
  for (const Part& part : gone) end_part(part, reason, request, nullptr, now, out);
}

// Takes the items of sources marked `gone` out of everything that is not at the exporter.
void Delivery::Core::take_back_gone(Reason queued_reason, uint64_t now, Actions& out) {
  for (auto forming = forming_.begin(); forming != forming_.end();) {
    auto next = std::next(forming);
    take_back_gone(forming->parts, forming->items, forming->bytes, queued_reason, nullptr, now, out);
    if (forming->items == 0) {
      by_key_.erase(by_key_.find(forming->key));
      forming_.erase(forming);
    }
    forming = next;
  }
  for (uint32_t index = 0; index < requests_.capacity(); ++index) {
    Request& request = requests_[index];
    if (request.state == State::unused || request.state == State::open) continue;
    uint64_t before = request.items;
    Reason reason = request.started ? Reason::expired : queued_reason;
    take_back_gone(request.parts, request.items, request.bytes, reason, &request, now, out);
    if (request.items != before) request.changed = true;
    if (request.items != 0) continue;
    detach(index);
    end_request(index, Reason::deadline, 0, nullptr, now, out);
  }
}

// ---- memory --------------------------------------------------------------------------------------------------------
// A request that waits keeps its sources in memory whole, also those of which little is left: one span could hold a
// message of many megabytes.
void Delivery::Core::spare(const Request& request) {
  for (const Part& part : request.parts) {
    Source& source = sources_[part.source];
    if (source.left > source.kept / 2) continue;
    source.kept = source.left;
    spared_.emplace_back(part.source, source.serial);
  }
}

void Delivery::Core::tell_kept(Actions& out) {
  for (auto [index, serial] : spared_) {
    const Source& source = sources_[index];
    if (source.serial != serial) continue;  // it has ended in the same step
    auto first = static_cast<uint32_t>(out.slices.size());
    auto take = [&, index = index](const std::vector<Part>& parts) {
      for (const Part& part : parts) {
        if (part.source == index) out.slices.push_back({source.user, part.first, part.count});
      }
    };
    for (const Forming& forming : forming_) take(forming.parts);
    for (uint32_t r = 0; r < requests_.capacity(); ++r) take(requests_[r].parts);
    out.keeps.push_back({source.user, first, static_cast<uint32_t>(out.slices.size()) - first});
  }
  spared_.clear();
}

void Delivery::Core::count_drained(uint64_t units, uint64_t now) {
  uint64_t second = now / kSecond;
  if (second >= drained_second_ + kDrainSeconds) {
    drained_.fill(0);
  } else {
    for (uint64_t s = drained_second_ + 1; s <= second; ++s) drained_[s % kDrainSeconds] = 0;
  }
  drained_second_ = std::max(drained_second_, second);
  drained_[second % kDrainSeconds] += units;
}

void Delivery::Core::note(Notice::Kind kind, Reason reason, uint64_t items, uint64_t delay, const sluice_result* result,
                          Actions& out) {
  Notice& notice = out.notices.emplace_back();
  notice.kind = kind;
  notice.reason = reason;
  notice.items = items;
  notice.requests = in_flight_requests_;
  notice.delay_ns = delay;
  if (!result) return;
  notice.code = result->code;
  notice.text.assign(result->text.ptr ? result->text.ptr : "", std::min<uint64_t>(result->text.len, kLongestText));
}

}  // namespace sluice::flow
