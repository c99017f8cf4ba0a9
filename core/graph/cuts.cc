// SPDX-License-Identifier: Apache-2.0
#include "core/graph/cuts.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "plugins/wire/split.h"

namespace sluice::graph {
namespace {

std::string_view view(sluice_str text) {
  return {text.ptr, text.len};
}

}  // namespace

batch::Made join(const std::vector<Cut>& cuts, flow::Budget& budget) {
  const sluice_signal signal = cuts[0].batch->signal;
  if (cuts.size() == 1 && cuts[0].count == cuts[0].batch->item_count) return {SLUICE_DONE, cuts[0].batch, {}};
  std::vector<batch::BatchPtr> written;
  std::vector<sluice_piece> pieces;
  for (const Cut& cut : cuts) {
    uint64_t skip = cut.first, left = cut.count;
    for (uint32_t i = 0; i < cut.batch->segment_count && left; ++i) {
      const sluice_segment& segment = cut.batch->segments[i];
      if (skip >= segment.item_count) {
        skip -= segment.item_count;
        continue;
      }
      const uint64_t here = std::min(segment.item_count - skip, left);
      if (here == segment.item_count) {
        pieces.push_back({cut.batch.get(), i, 1});
      } else {
        std::string part;
        wire::append_slice(static_cast<wire::Signal>(signal), {segment.data, segment.length_bytes}, skip, here, part);
        uint8_t* buffer = batch::buffer_new(budget, batch::Charge::inside, part.size());
        if (!buffer) return {SLUICE_BUSY, {}, "out of memory"};
        std::copy(part.begin(), part.end(), buffer);
        batch::Made made = batch::seal(signal, buffer, part.size());
        if (!made.batch) return made;
        written.push_back(std::move(made.batch));
        pieces.push_back({written.back().get(), 0, 1});
      }
      left -= here;
      skip = 0;
    }
  }
  return batch::gather(pieces);
}

batch::ContextPtr common_context(const std::vector<Cut>& cuts) {
  const sluice_context& first = *cuts[0].context.get();
  auto same = [&](const Cut& cut) { return cut.context.get() == &first; };
  if (std::all_of(cuts.begin(), cuts.end(), same)) return cuts[0].context;
  std::vector<sluice_kv> common;
  for (uint32_t i = 0; i < first.metadata_count; ++i) {
    auto has = [&](const Cut& cut) {
      const sluice_context& context = *cut.context.get();
      return std::any_of(context.metadata, context.metadata + context.metadata_count, [&](const sluice_kv& pair) {
        return view(pair.key) == view(first.metadata[i].key) && view(pair.value) == view(first.metadata[i].value);
      });
    };
    if (std::all_of(cuts.begin(), cuts.end(), has)) common.push_back(first.metadata[i]);
  }
  sluice_context fields{};
  fields.struct_size = sizeof fields;
  fields.flags = first.flags;
  fields.metadata = common.data();
  fields.metadata_count = static_cast<uint32_t>(common.size());
  fields.received_unix_ns = first.received_unix_ns;
  return batch::ContextPtr::take(batch::context_new(fields));
}

uint64_t bytes_of(const sluice_batch& batch, uint64_t first, uint64_t count) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < batch.segment_count && count; ++i) {
    const sluice_segment& segment = batch.segments[i];
    if (first >= segment.item_count) {
      first -= segment.item_count;
      continue;
    }
    const uint64_t here = std::min(segment.item_count - first, count);
    sum += here == segment.item_count
               ? segment.length_bytes
               : static_cast<uint64_t>(static_cast<double>(segment.length_bytes) * static_cast<double>(here) /
                                       static_cast<double>(segment.item_count));
    count -= here;
    first = 0;
  }
  return sum;
}

uint64_t items_within(const sluice_batch& batch, uint64_t first, uint64_t max_bytes) {
  uint64_t items = 0;
  for (uint32_t i = 0; i < batch.segment_count; ++i) {
    const sluice_segment& segment = batch.segments[i];
    if (first >= segment.item_count) {
      first -= segment.item_count;
      continue;
    }
    const uint64_t rest = segment.item_count - first;
    if (first == 0 && segment.length_bytes <= max_bytes) {
      items += rest;
      max_bytes -= segment.length_bytes;
      continue;
    }
    const uint64_t fit = std::min(rest, wire::items_within(static_cast<wire::Signal>(batch.signal),
                                                           {segment.data, segment.length_bytes}, first, max_bytes));
    return items + fit;
  }
  return items;
}

}  // namespace sluice::graph
