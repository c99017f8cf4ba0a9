// SPDX-License-Identifier: Apache-2.0
// Cutting requests: to a size that passes, and in halves to find the items that are refused.
#include <algorithm>
#include <tuple>
#include <utility>

#include "core/flow/core.h"

namespace sluice::flow {

// A new request of the first `items` of this one, which keeps the rest (at least one item). Both begin anew, except for
// the time of their first try and what is known of their size.
uint32_t Delivery::Core::take_front(uint32_t index, uint64_t items) {
  uint32_t front_index = requests_.take();
  Request& request = requests_[index];
  Request& front = requests_[front_index];
  size_t whole = 0;
  for (uint64_t left = items; left != 0;) {
    Part& part = request.parts[whole];
    Part taken = part;
    if (part.count <= left) {
      ++whole;
    } else {
      taken.count = left;
      part.first += left;
      part.count -= left;
    }
    left -= taken.count;
    front.parts.push_back(taken);
  }
  request.parts.erase(request.parts.begin(), request.parts.begin() + static_cast<std::ptrdiff_t>(whole));
  auto size = [&](Request& r) {
    r.items = r.bytes = 0;
    for (const Part& part : r.parts) r.items += part.count, r.bytes += bytes_of(part);
  };
  size(front);
  size(request);

  front.started = request.started;
  front.unknown = request.unknown;
  front.search = request.search;
  front.first_try = request.first_try;
  front.successes_seen = request.successes_seen;
  front.rotated_at = request.rotated_at;
  front.max_items = request.max_items;
  front.max_bytes = request.max_bytes;
  in_flight_requests_ += front.started;
  ++request.generation;  // an answer to the whole fits neither
  request.tries = request.probes = request.throws = request.exhausted = request.own_failures = 0;
  request.interval = 0;
  return front_index;
}

uint32_t Delivery::Core::cut_to_limits(uint32_t index, uint64_t now) {
  while (learnt_bytes_ != 0 && now >= learnt_at_ + kLearntDoublesAfter) {
    learnt_at_ += kLearntDoublesAfter;
    learnt_bytes_ = learnt_bytes_ * 2 < refused_bytes_ ? learnt_bytes_ * 2 : 0;
  }
  const Request& request = requests_[index];
  auto smaller = [](uint64_t a, uint64_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); };
  uint64_t max_items = smaller(limits_.max_items, request.max_items);
  uint64_t max_bytes = smaller(limits_.max_bytes, request.max_bytes);
  if (!request.unknown) max_bytes = smaller(max_bytes, learnt_bytes_);  // what may have arrived is sent the same again
  if ((max_items == 0 || request.items <= max_items) && (max_bytes == 0 || request.bytes <= max_bytes)) return index;

  uint64_t items = 0, room = max_bytes;
  for (const Part& part : request.parts) {
    uint64_t fit = part.count;
    if (max_items != 0) fit = std::min(fit, max_items - items);
    if (max_bytes != 0) {
      uint64_t bytes = bytes_of(part);
      if (bytes > room) {
        fit = std::min(fit, items_within(part, room));
        bytes = room;
      }
      room -= bytes;
    }
    items += fit;
    if (fit < part.count) break;
  }
  items = std::max<uint64_t>(items, 1);
  if (items >= request.items) return index;
  see(Seen::cut_by_limit);
  uint32_t piece = take_front(index, items);
  if (request.search != kNothing) {
    requests_[index].state = State::parked;
    searches_[request.search].parked.push_back(index);
  } else {
    push_front(index);
  }
  return piece;
}

void Delivery::Core::too_large(uint32_t index, const Decision& decision, bool learn, uint64_t now) {
  Request& request = requests_[index];
  request.max_items = decision.piece_items;
  request.max_bytes = decision.piece_bytes;
  if (learn && decision.piece_bytes != 0) {
    refused_bytes_ = request.bytes;
    learnt_bytes_ = decision.piece_bytes;
    if (largest_passed_ > learnt_bytes_ && largest_passed_ < refused_bytes_) learnt_bytes_ = largest_passed_;
    learnt_at_ = now;
    largest_passed_ = 0;
  }
  ++request.generation;
  request.tries = request.probes = request.throws = request.exhausted = request.own_failures = 0;
  request.interval = 0;
  push_front(index);  // where it is cut when its turn comes
}

// How many items are the first half: up to the border between sources that is nearest, so that one sender's bad items
// do not keep another's.
uint64_t Delivery::Core::half_of(const Request& request) const {
  uint64_t best = 0, at = 0, middle = request.items / 2;
  for (size_t i = 0; i + 1 < request.parts.size(); ++i) {
    at += request.parts[i].count;
    if (request.parts[i].source == request.parts[i + 1].source) continue;
    auto distance = [&](uint64_t n) { return n > middle ? n - middle : middle - n; };
    if (best == 0 || distance(at) < distance(best)) best = at;
  }
  return best != 0 ? best : middle;
}

// Fails alone, again and again, without a verdict: its halves go on independently of each other.
void Delivery::Core::halve(uint32_t index) {
  see(requests_[index].parts.size() > 1 ? Seen::bisect_sources : Seen::bisect_items);
  uint32_t front = take_front(index, half_of(requests_[index]));
  push_front(index);
  push_front(front);
}

// Refused for good, with more than one item. The search is serial, left half first, and what is left of it stays in
// front of all that came later.
void Delivery::Core::bisect(uint32_t index, const sluice_result& result, uint64_t now, Actions& out) {
  Request& request = requests_[index];
  bool threw = result.status != SLUICE_FAILED_PERMANENT;
  if (request.search == kNothing) {
    request.search = searches_.take();
    searches_[request.search].items = request.items;
    note(Notice::Kind::bisecting, Reason::none, request.items, 0, &result, out);
  }
  uint32_t search_index = request.search;
  Search& search = searches_[search_index];
  ++search.refused;
  if (rules_.purse_and_samples && search.refused >= kRefusedUntilSample && search.passed == 0) {
    sample(index);
  } else {
    uint64_t half = half_of(request);
    bool at_border = request.parts.front().source != request.parts.back().source;
    see(at_border ? Seen::bisect_sources : Seen::bisect_items);
    uint32_t front = take_front(index, half);
    search.parked.push_back(index);
    search.parked.push_back(front);
    if (threw) request.throws = requests_[front].throws = kThrowsUntilGivenUp - 1;
  }
  for (uint32_t part : search.parked) requests_[part].state = State::parked;
  next_part(search_index, now, out);
}

// Who waits for the outcome hears of it before its own deadline; otherwise it would send the same again, and the search
// would begin anew, for ever.
void Delivery::Core::blame(const Request& request, Reason reason, const sluice_result& result, uint64_t now) {
  uint32_t index = request.parts.front().source;
  if (index != request.parts.back().source) {
    for (const Part& part : request.parts) sources_[part.source].suspect = true;
    return;
  }
  Source& source = sources_[index];
  if (!source.owed || source.blamed != Reason::none) return;
  source.blamed = reason;
  source.code = result.code;
  source.text.assign(result.text.ptr ? result.text.ptr : "", std::min<uint64_t>(result.text.len, kLongestText));
  if (source.deadline == 0) source.search_until = now + kSearchWithoutDeadline;
  set_alarm(source.search_until, index, source.serial, Alarm::Kind::search);
}

bool Delivery::Core::search_is_over(const Request& request, uint64_t now) const {
  const Source& source = sources_[request.parts.front().source];
  return source.blamed != Reason::none && source.owed && now >= source.search_until && gate_ == Gate::open &&
         request.parts.front().source == request.parts.back().source && rules_.search_ends_in_time;
}

// Its time is over: what is left of it is refused like the items that were found, except what is at the exporter.
void Delivery::Core::end_search(uint32_t source_index, uint64_t now, Actions& out) {
  if (!rules_.search_ends_in_time) return;
  Source& source = sources_[source_index];
  Reason reason = source.blamed;
  source.gone = true;
  for (uint32_t index = 0; index < requests_.capacity() && source.gone; ++index) {
    Request& request = requests_[index];
    if (request.state == State::unused || request.state == State::open || request.search == kNothing) continue;
    uint64_t before = request.items;
    if (std::none_of(request.parts.begin(), request.parts.end(),
                     [&](const Part& part) { return part.source == source_index; })) {
      continue;
    }
    if (!source.untried) see(Seen::search_cut_short);
    source.untried = true;
    Search& search = searches_[request.search];
    take_back_gone(request.parts, request.items, request.bytes, reason, &request, now, out);
    request.changed = true;
    search.refused_items += before - request.items;
    search.untried_items += before - request.items;
    search.reason = reason;
    if (request.items != 0) continue;
    detach(index);
    end_request(index, Reason::deadline, 0, nullptr, now, out);
  }
  source.gone = false;
}

// Everything was refused so far: tries three single items of what is left, the first, the middle and the last (where
// order is promised: the first three). If they are refused too, the rest is not searched.
void Delivery::Core::sample(uint32_t index) {
  Request& all = requests_[index];
  uint32_t search_index = all.search;
  Search& search = searches_[search_index];
  while (!search.parked.empty()) {
    uint32_t part = search.parked.back();
    search.parked.pop_back();
    Request& other = requests_[part];
    all.parts.insert(all.parts.end(), other.parts.begin(), other.parts.end());
    all.items += other.items;
    all.bytes += other.bytes;
    all.unknown |= other.unknown;
    free_request(part);
  }
  std::vector<uint32_t> samples, rest;
  auto take = [&](std::vector<uint32_t>& into, uint64_t items) {
    if (items != 0) into.push_back(items == all.items ? index : take_front(index, items));
  };
  uint64_t count = all.items;
  if (count <= 3 || ordered()) {
    for (uint64_t i = 0; i < std::min<uint64_t>(count, 3); ++i) take(samples, 1);
    if (count > 3) rest.push_back(index);
  } else {
    uint64_t middle = count / 2;
    take(samples, 1);
    take(rest, middle - 1);
    take(samples, 1);
    take(rest, count - middle - 2);
    take(samples, 1);
  }
  search.samples = static_cast<uint32_t>(samples.size());
  for (uint32_t part : samples) requests_[part].sample = true;
  search.parked.assign(rest.rbegin(), rest.rend());
  search.parked.insert(search.parked.end(), samples.rbegin(), samples.rend());
}

void Delivery::Core::next_part(uint32_t search_index, uint64_t now, Actions& out) {
  Search& search = searches_[search_index];
  if (search.parked.empty()) {
    note(Notice::Kind::searched, search.reason, search.refused_items, 0, nullptr, out);
    Notice& notice = out.notices.back();
    notice.of_items = search.items;
    notice.untried_items = search.untried_items;
    notice.requests = search.requests;
    notice.code = search.code;
    notice.text = std::move(search.text);
    return searches_.give_back(search_index);
  }
  // Where somebody waits, time is short. First what nobody is to blame for yet, so that each sender hears of its own;
  // then whose search has least to do; of that the largest part, so that little is left untried.
  auto next = search.parked.end() - 1;
  if (waits_ && search.samples == 0 && !ordered()) {
    auto urgency = [&](uint32_t part) {
      const std::vector<Part>& parts = requests_[part].parts;
      const Source& first = sources_[parts.front().source];
      bool known = first.blamed != Reason::none && parts.front().source == parts.back().source;
      return std::tuple(!known, known ? kNever - first.left : 0, requests_[part].items);
    };
    next = std::max_element(search.parked.begin(), search.parked.end(),
                            [&](uint32_t a, uint32_t b) { return urgency(a) < urgency(b); });
  }
  uint32_t part = *next;
  search.parked.erase(next);
  if (purse_line_.empty() && take_from_purse(now)) return push_front(part);
  requests_[part].state = State::purse;
  purse_line_.push_back(part);
  spare(requests_[part]);
  see(Seen::purse_empty);
}

// The part at work has ended.
void Delivery::Core::part_ended(uint32_t search_index, bool was_sample, Reason reason, const sluice_result* result,
                                uint64_t now, Actions& out) {
  Search& search = searches_[search_index];
  bool refused = reason == Reason::permanent || reason == Reason::plugin_error;
  if (refused) {
    ++search.refused;
  } else if (!may_pass(reason)) {
    ++search.passed;
  }
  search.samples -= was_sample;
  if (refused && was_sample && search.samples == 0 && search.passed == 0) {
    see(Seen::all_refused);
    for (uint32_t part : std::exchange(search.parked, {})) {
      end_request(part, reason, requests_[part].items, result, now, out);
    }
  }
  next_part(search_index, now, out);
}

// ---- the purse: how many requests searches may cost ----------------------------------------------------------------
bool Delivery::Core::take_from_purse(uint64_t now) {
  if (!rules_.purse_and_samples) return true;
  uint64_t refills = purse_ == kPurse ? 0 : (now - purse_filled_at_) / kPurseRefill;
  purse_ = std::min(kPurse, purse_ + refills);
  purse_filled_at_ = purse_ == kPurse ? now : purse_filled_at_ + refills * kPurseRefill;
  if (purse_ == 0) return false;
  --purse_;
  return true;
}

void Delivery::Core::open_purse(uint64_t now) {
  while (!purse_line_.empty() && take_from_purse(now)) {
    uint32_t part = purse_line_.front();
    purse_line_.pop_front();
    push_front(part);
  }
}

}  // namespace sluice::flow
