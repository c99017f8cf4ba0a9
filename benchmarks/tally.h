// SPDX-License-Identifier: Apache-2.0
// What a sink has seen of a payload, item by item.
#ifndef SLUICE_BENCHMARKS_TALLY_H
#define SLUICE_BENCHMARKS_TALLY_H

#include <cstdint>
#include <string_view>
#include <vector>

#include "benchmarks/payload.h"
#include "benchmarks/stamps.h"
#include "plugins/wire/check.h"

namespace sluice::benchmarks {

// Not thread-safe.
class Tally {
 public:
  // `whole`: every item must arrive byte for byte; else its number is enough, for pipelines that change items.
  Tally(const Payload& payload, Stamps& stamps, bool whole)
      : signal_(signal_of(payload.shape.kind)),
        per_request_(payload.shape.items_per_request),
        requests_(payload.requests.size()),
        seen_(payload.items()),
        stamps_(stamps) {
    if (!whole) return;
    for (const auto& request : payload.requests) {
      for_each_item(signal_, request, [&](wire::Bytes item) { hashes_.push_back(hash(item)); });
    }
  }

  struct Counts {
    uint64_t items = 0, bytes = 0, messages = 0;
    uint64_t malformed = 0;  // messages
    uint64_t foreign = 0;    // items that are not of the payload
    uint64_t damaged = 0;    // items that came back changed
    uint64_t reordered = 0;  // items that came before one that was sent before them
  };
  const Counts& counts() const { return counts_; }

  void take(wire::Bytes message) {
    ++counts_.messages;
    counts_.bytes += message.size();
    if (!wire::check(signal_, message).ok) {
      ++counts_.malformed;
      return;
    }
    for_each_item(signal_, message, [&](wire::Bytes item) { take_item(item); });
  }

  struct Missing {
    uint64_t lost = 0;        // acknowledged and not here
    uint64_t duplicated = 0;  // more often here than sent
  };
  // Against what the stamps say was sent and acknowledged. For a run that has ended.
  Missing missing() const {
    std::vector<uint64_t> sent(requests_), acknowledged(requests_);
    for (uint64_t n = 0; n < stamps_.count(); ++n) {
      sent[n % requests_] += stamps_[n].due_ns != 0;
      acknowledged[n % requests_] += stamps_[n].answered_ns != 0;
    }
    Missing missing;
    for (uint64_t i = 0; i < seen_.size(); ++i) {
      const uint64_t request = i / per_request_;
      if (seen_[i] < acknowledged[request]) missing.lost += acknowledged[request] - seen_[i];
      if (seen_[i] > sent[request]) missing.duplicated += seen_[i] - sent[request];
    }
    return missing;
  }

 private:
  static uint64_t hash(wire::Bytes item) { return std::hash<std::string_view>()(wire::to_text(item)); }

  void take_item(wire::Bytes item) {
    const auto number = item_number(signal_, item);
    if (!number || *number >= seen_.size()) {
      ++counts_.foreign;
      return;
    }
    ++counts_.items;
    if (!hashes_.empty() && hashes_[*number] != hash(item)) ++counts_.damaged;
    const uint64_t round = seen_[*number]++, place = round * seen_.size() + *number;
    counts_.reordered += place < last_place_;
    last_place_ = place;
    if ((*number + 1) % per_request_ != 0) return;
    const uint64_t sent_as = round * requests_ + *number / per_request_;
    if (sent_as < stamps_.count()) stamps_[sent_as].arrived_ns = now_ns();
  }

  const wire::Signal signal_;
  const uint64_t per_request_, requests_;
  std::vector<uint32_t> seen_;
  std::vector<uint64_t> hashes_;
  Stamps& stamps_;
  Counts counts_;
  uint64_t last_place_ = 0;
};

}  // namespace sluice::benchmarks
#endif  // SLUICE_BENCHMARKS_TALLY_H
