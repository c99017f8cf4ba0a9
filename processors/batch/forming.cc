// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/forming.h"

#include <algorithm>
#include <span>
#include <utility>

#include "plugins/wire/split.h"

namespace sluice::processors {

void Held::add(BatchRef batch, std::shared_ptr<Source> source, uint64_t deadline_mono_ns) {
  items_ += batch.item_count();
  entries_.push_back({std::move(batch), std::move(source), deadline_mono_ns});
}

Formed Held::take(uint64_t max_items) {
  Formed formed;
  const uint64_t wanted = max_items ? std::min(max_items, items_) : items_;
  while (formed.items < wanted) {
    Entry& entry = entries_.front();
    const auto segments = entry.batch.segments();
    uint64_t of_entry = 0;
    while (entry.segment < segments.size() && formed.items + of_entry < wanted) {
      const uint64_t left = segments[entry.segment].item_count - entry.item;
      const uint64_t count = std::min(left, wanted - formed.items - of_entry);
      if (count) formed.cuts.push_back({entry.batch, entry.segment, entry.item, count});
      of_entry += count;
      entry.item += count;
      if (count == left) {
        ++entry.segment;
        entry.item = 0;
      }
    }
    formed.items += of_entry;
    if (entry.source && of_entry) formed.slices.push_back({entry.source, of_entry});
    if (entry.source && entry.deadline_mono_ns)
      formed.deadline_mono_ns =
          formed.deadline_mono_ns ? std::min(formed.deadline_mono_ns, entry.deadline_mono_ns) : entry.deadline_mono_ns;
    // Messages without items, at the end of a batch, end with it: there is nothing in them to deliver.
    if (std::all_of(segments.begin() + entry.segment, segments.end(),
                    [](const sluice_segment& segment) { return segment.item_count == 0; }))
      entries_.pop_front();
  }
  items_ -= formed.items;
  return formed;
}

namespace {

BatchRef copy_of(Host host, const Cut& cut) {
  const sluice_signal signal = cut.batch.signal();
  std::vector<uint8_t> message;
  wire::append_slice(static_cast<wire::Signal>(signal), bytes(cut.batch.segments()[cut.segment]), cut.first, cut.count,
                     message);
  const std::span<const uint8_t> bytes_of_message(message);
  const uint64_t allocated = message.capacity();
  return host.adopt(signal, bytes_of_message, std::move(message), allocated).batch;
}

bool is_whole_batch(const std::vector<Cut>& cuts) {
  uint64_t items = 0;
  for (const Cut& cut : cuts) {
    if (cut.batch.get() != cuts.front().batch.get()) return false;
    items += cut.count;
  }
  return items == cuts.front().batch.item_count();
}

}  // namespace

BatchRef Formed::make(Host host) const {
  if (is_whole_batch(cuts)) return cuts.front().batch;
  std::vector<BatchRef> copies;
  std::vector<sluice_piece> pieces;
  copies.reserve(2);  // only the first and the last message can be cut
  for (const Cut& cut : cuts) {
    if (cut.count != cut.batch.segments()[cut.segment].item_count) {
      const BatchRef& copy = copies.emplace_back(copy_of(host, cut));
      if (!copy) return {};
      pieces.push_back({copy.get(), 0, 1});
    } else if (!pieces.empty() && pieces.back().batch == cut.batch.get() &&
               pieces.back().first + pieces.back().count == cut.segment) {
      ++pieces.back().count;
    } else {
      pieces.push_back({cut.batch.get(), cut.segment, 1});
    }
  }
  if (pieces.size() == 1 && !copies.empty()) return std::move(copies.front());
  return host.gather(pieces);
}

}  // namespace sluice::processors
