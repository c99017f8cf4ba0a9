// SPDX-License-Identifier: Apache-2.0
// All series of the exporter, found by the bytes of their identity or by what they are shown as, and walked in the
// order of a scrape. Not for several threads at once: the component has the mutex.
#ifndef SLUICE_EXPORTERS_PROMETHEUS_SERIES_TABLE_H
#define SLUICE_EXPORTERS_PROMETHEUS_SERIES_TABLE_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exporters/prometheus/hash.h"
#include "exporters/prometheus/hash_index.h"
#include "exporters/prometheus/series.h"

namespace sluice::exporters {

class SeriesTable {
 public:
  const Hasher& hasher() const { return hasher_; }
  size_t size() const { return by_raw_.size(); }

  // PERF: `expected` is the number that it has if points come in the order in which their series first came, as most
  // do: then nobody looks into the index, and the processor has fetched the series already.
  Series* find(const Hash& raw, uint32_t expected = HashIndex::kNone) {
    if (expected < made_ && at(expected).raw == raw && at(expected).family) return &at(expected);
    const uint32_t number = by_raw_.find(tag_of(raw), [&](uint32_t n) { return at(n).raw == raw; });
    return number == HashIndex::kNone ? nullptr : &at(number);
  }
  Series* find(const Family& family, std::string_view labels);

  Family* family(std::string_view name) {
    const auto found = families_.find(name);
    return found == families_.end() ? nullptr : &found->second;
  }
  // Why no family of that name and type may be made, empty if it may: samples of histograms and summaries have names of
  // their own, name_sum for instance, which no other family may have.
  std::string name_conflict(std::string_view name, formats::prometheus::FamilyType type) const;
  // A family lives as long as it has series: add() one at once.
  Family& make_family(std::string_view name, std::string_view help, formats::prometheus::FamilyType type);
  // Bounds that the family's series share.
  std::shared_ptr<const formats::prometheus::BucketBounds> bounds(Family& family, std::vector<double> values);

  Series& add(Family& family, SeriesKind kind, const Hash& raw, uint64_t identity, std::string_view labels);
  // The same series came with other bytes.
  void change_raw(Series& series, const Hash& raw);
  void remove(Series& series);
  // The target_info of a job and instance, remembered under their hash.
  Series* target(uint64_t identity);
  void set_target(const Series& series) { targets_[series.identity] = series.number; }
  // Removes what was updated last before this time.
  void expire(uint64_t before_mono_ns);

  // Calls family(const Family&), then series(const Series&) for each of its series, in the order of a scrape.
  template <class OnFamily, class OnSeries>
  void walk(OnFamily&& on_family, OnSeries&& on_series) {
    for (auto& [name, family] : families_) {
      if (family.alive == 0) continue;
      sort(family);
      on_family(std::as_const(family));
      for (const uint32_t number : family.series) on_series(std::as_const(at(number)));
    }
  }

 private:
  static constexpr size_t kChunk = 512;  // series are allocated by so many, and never move

  static uint32_t tag_of(const Hash& raw) { return static_cast<uint32_t>(raw.low); }
  uint32_t label_tag(const Family& family, std::string_view labels) const {
    return static_cast<uint32_t>(hasher_.combine(hasher_(labels), reinterpret_cast<uintptr_t>(&family)).low);
  }
  Series& at(uint32_t number) { return chunks_[number / kChunk][number % kChunk]; }
  void unlink(Series& series);
  void drop_removed(Family& family);
  void sort(Family& family);
  void sort_all(Family& family);
  void insert_added(Family& family);

  const Hasher hasher_;
  std::vector<std::unique_ptr<Series[]>> chunks_;
  std::vector<uint32_t> free_;
  uint32_t made_ = 0;  // numbers that were ever given out
  HashIndex by_raw_, by_labels_;
  std::unordered_map<uint64_t, uint32_t> targets_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_PROMETHEUS_SERIES_TABLE_H
