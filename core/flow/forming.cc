// SPDX-License-Identifier: Apache-2.0
// How sources become requests: one at a time, or merged and cut into batches.
#include <algorithm>
#include <utility>

#include "core/flow/core.h"

namespace sluice::flow {

uint64_t Delivery::Core::bytes_of(const Part& part) const {
  const Source& source = sources_[part.source];
  return part.count == source.items ? source.bytes : payload_.bytes(source.user, part.first, part.count);
}

uint64_t Delivery::Core::items_within(const Part& part, uint64_t max_bytes) const {
  return std::min(part.count, payload_.items_within(sources_[part.source].user, part.first, max_bytes));
}

void Delivery::Core::form(uint32_t source, std::string_view partition, uint64_t now) {
  const Source& s = sources_[source];
  Part rest{source, 0, s.items};
  if (!batch_) {
    uint32_t index = requests_.take();
    Request& request = requests_[index];
    request.parts.push_back(rest);
    request.items = s.items;
    request.bytes = s.bytes;
    push_back(index);
    return;
  }
  key_.assign(1, s.sensitive_dropped ? '-' : '+').append(partition);
  bool alone = now < alone_until_;
  auto flush_this = [&] {
    auto found = by_key_.find(key_);
    if (found != by_key_.end()) flush(found->second, Seen::sent_alone);
  };
  if (alone) flush_this();
  while (rest.count != 0) {
    auto found = by_key_.find(key_);
    if (found == by_key_.end()) {
      if (forming_.size() >= kMostPartitions) flush(forming_.begin(), Seen::flush_partitions);
      forming_.emplace_back().key = key_;
      forming_.back().due = now + flush_timeout_;
      found = by_key_.emplace(key_, std::prev(forming_.end())).first;
    }
    Forming& forming = *found->second;
    Part part = rest;
    if (max_size_ != 0) {
      uint64_t have = size_of(forming.items, forming.bytes), room = max_size_ > have ? max_size_ - have : 0;
      if (!batch_by_bytes_) {
        part.count = std::min(part.count, room);
      } else if (bytes_of(part) > room) {
        part.count = items_within(part, room);
      }
      if (part.count == 0 && forming.items != 0) {  // not one more fits: the remainder opens the next
        flush(found->second, Seen::flush_size);
        continue;
      }
      part.count = std::max<uint64_t>(part.count, 1);
    }
    uint64_t part_bytes = bytes_of(part);
    forming.parts.push_back(part);
    forming.items += part.count;
    forming.bytes += part_bytes;
    rest.first += part.count;
    rest.count -= part.count;
    uint64_t have = size_of(forming.items, forming.bytes);
    if (have >= min_size_ || (max_size_ != 0 && have >= max_size_)) flush(found->second, Seen::flush_size);
  }
  if (alone) flush_this();
}

void Delivery::Core::flush(FormingList::iterator forming, Seen why) {
  uint32_t index = requests_.take();
  Request& request = requests_[index];
  std::swap(request.parts, forming->parts);
  request.items = forming->items;
  request.bytes = forming->bytes;
  push_back(index);
  see(why);
  if (request.parts.size() > 1) see(Seen::sources_merged);
  const Part& last = request.parts.back();
  if (last.first + last.count != sources_[last.source].items) see(Seen::source_cut);
  by_key_.erase(by_key_.find(forming->key));
  forming_.erase(forming);
}

void Delivery::Core::flush_all(Seen why) {
  while (!forming_.empty()) flush(forming_.begin(), why);
}

// A batch waits for more only while more can come: not when nobody gets a place, and not when every sender that could
// bring more waits for the answer to what it has brought.
void Delivery::Core::flush_if_nobody_gains() {
  if (forming_.empty()) return;
  if (draining_) {
    flush_all(Seen::drained);
  } else if (rules_.flush_when_full && (used_ >= capacity_ || !waiters_.empty())) {
    flush_all(Seen::flush_full);
  } else if (rules_.flush_when_idle && waits_ && in_flight_requests_ == 0 && ready_first_ == kNothing) {
    flush_all(Seen::flush_idle);
  }
}

}  // namespace sluice::flow
