// SPDX-License-Identifier: Apache-2.0
// What is held, in the order in which it came, and batches of a given size formed from its front. Taking is a matter of
// pointers and happens under the shard's lock; making the batch, which may copy, happens afterwards.
#ifndef SLUICE_PROCESSORS_BATCH_FORMING_H
#define SLUICE_PROCESSORS_BATCH_FORMING_H

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "plugins/sdk/batch.h"
#include "plugins/sdk/host.h"
#include "processors/batch/source.h"

namespace sluice::processors {

// Items [first, first + count) of one message of a batch.
struct Cut {
  BatchRef batch;
  uint32_t segment;
  uint64_t first, count;
};

// The contents of a batch to be made.
struct Formed {
  std::vector<Cut> cuts;
  std::vector<Slice> slices;  // empty where senders were answered already
  uint64_t items = 0;
  uint64_t deadline_mono_ns = 0;  // the earliest of its senders, 0: none

  // Shares whole messages, copies the items of those that are cut. Empty only if the core has no memory left.
  BatchRef make(Host host) const;
};

class Held {
 public:
  // `source` is null where the sender has been answered.
  void add(BatchRef batch, std::shared_ptr<Source> source, uint64_t deadline_mono_ns);
  // The first `max_items` items, or all of them if there are not more, or if `max_items` is 0.
  Formed take(uint64_t max_items);
  uint64_t items() const { return items_; }

 private:
  struct Entry {
    BatchRef batch;
    std::shared_ptr<Source> source;
    uint64_t deadline_mono_ns;
    uint32_t segment = 0;  // what is next to go: this message, from this item on
    uint64_t item = 0;
  };
  std::deque<Entry> entries_;
  uint64_t items_ = 0;
};

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_BATCH_FORMING_H
