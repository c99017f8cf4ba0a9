// SPDX-License-Identifier: Apache-2.0
// A hash table of numbers, eight bytes an entry: what the numbers stand for is the caller's, who says which one is
// meant. Open addressing with linear probing; erasing moves what follows back, so there are no tombstones.
#ifndef SLUICE_EXPORTERS_PROMETHEUS_HASH_INDEX_H
#define SLUICE_EXPORTERS_PROMETHEUS_HASH_INDEX_H

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::exporters {

class HashIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The number with this tag that `is_it(number)` accepts, or kNone.
  template <class IsIt>
  uint32_t find(uint32_t tag, IsIt&& is_it) const {
    if (entries_.empty()) return kNone;
    for (size_t at = tag & mask(); entries_[at].number != kNone; at = (at + 1) & mask())
      if (entries_[at].tag == tag && is_it(entries_[at].number)) return entries_[at].number;
    return kNone;
  }

  void insert(uint32_t tag, uint32_t number) {
    if ((size_ + 1) * 4 > entries_.size() * 3) grow();
    ++size_;
    place({tag, number});
  }

  void erase(uint32_t tag, uint32_t number) {
    if (entries_.empty()) return;
    size_t hole = tag & mask();
    while (entries_[hole].number != number) {
      if (entries_[hole].number == kNone) return;
      hole = (hole + 1) & mask();
    }
    --size_;
    // An entry further on may fill the hole if its own place is not behind it.
    for (size_t at = (hole + 1) & mask(); entries_[at].number != kNone; at = (at + 1) & mask()) {
      const size_t home = entries_[at].tag & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole] = {};
  }

  void clear() {
    entries_ = {};
    size_ = 0;
  }
  size_t size() const { return size_; }

 private:
  struct Entry {
    uint32_t tag = 0;
    uint32_t number = kNone;
  };
  size_t mask() const { return entries_.size() - 1; }
  void place(Entry entry) {
    size_t at = entry.tag & mask();
    while (entries_[at].number != kNone) at = (at + 1) & mask();
    entries_[at] = entry;
  }
  void grow() {
    std::vector<Entry> old(entries_.empty() ? 64 : entries_.size() * 2);
    old.swap(entries_);
    for (const Entry& entry : old)
      if (entry.number != kNone) place(entry);
  }

  std::vector<Entry> entries_;  // a power of two of them
  size_t size_ = 0;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_PROMETHEUS_HASH_INDEX_H
