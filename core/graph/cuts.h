// SPDX-License-Identifier: Apache-2.0
// Parts of batches: how large they are, and one batch made of several. Whole messages are shared; a message that is cut
// is written anew, out of the head-room of the budget.
#ifndef SLUICE_CORE_GRAPH_CUTS_H
#define SLUICE_CORE_GRAPH_CUTS_H

#include <cstdint>
#include <vector>

#include "core/batch/batch.h"
#include "core/batch/context.h"
#include "core/flow/budget.h"

namespace sluice::graph {

// Items [first, first + count) of a batch, with references of its own: a late answer may end the batch meanwhile.
struct Cut {
  batch::BatchPtr batch;
  batch::ContextPtr context;
  uint64_t first;
  uint64_t count;
};

batch::Made join(const std::vector<Cut>& cuts, flow::Budget& budget);
// Of the cuts' contexts, only what all have in common: which batches were merged is nobody's business further down.
batch::ContextPtr common_context(const std::vector<Cut>& cuts);

// About how many bytes a message of these items has.
uint64_t bytes_of(const sluice_batch& batch, uint64_t first, uint64_t count);
// How many items from `first` on fit into a message of `max_bytes`; may be 0.
uint64_t items_within(const sluice_batch& batch, uint64_t first, uint64_t max_bytes);

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_CUTS_H
