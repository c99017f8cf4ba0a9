// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/series_table.h"

#include <algorithm>

#include "exporters/prometheus/short_lived.h"
#include "plugins/formats/prometheus/labels.h"

namespace sluice::exporters {
namespace {

using formats::prometheus::BucketBounds;
using formats::prometheus::FamilyType;

constexpr size_t kFewAdded = 64;   // so many are put into their places, more are sorted with all
constexpr size_t kKeyBytes = 128;  // of the sort key of a series, about
constexpr size_t kManyBounds = 8;  // a family with more different bounds forgets those that no series has

bool has_parts(FamilyType type) {
  return type == FamilyType::histogram || type == FamilyType::summary;
}

}  // namespace

Series* SeriesTable::find(const Family& family, std::string_view labels) {
  const uint32_t number = by_labels_.find(
      label_tag(family, labels), [&](uint32_t n) { return at(n).family == &family && at(n).labels.view() == labels; });
  return number == HashIndex::kNone ? nullptr : &at(number);
}

std::string SeriesTable::name_conflict(std::string_view name, FamilyType type) const {
  const auto other = [this](const std::string& wanted, bool with_parts) {
    const auto found = families_.find(wanted);
    return found != families_.end() && (!with_parts || has_parts(found->second.type));
  };
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    std::string part = std::string(name).append(suffix);
    if (has_parts(type) && other(part, false)) return part;
    if (!name.ends_with(suffix)) continue;
    std::string whole(name.substr(0, name.size() - suffix.size()));
    if (other(whole, true)) return whole;
  }
  return {};
}

Family& SeriesTable::make_family(std::string_view name, std::string_view help, FamilyType type) {
  Family& family = families_[std::string(name)];
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

std::shared_ptr<const BucketBounds> SeriesTable::bounds(Family& family, std::vector<double> values) {
  for (const auto& known : family.bounds)
    if (std::equal(values.begin(), values.end(), known->values().begin(), known->values().end())) return known;
  if (family.bounds.size() >= kManyBounds)
    std::erase_if(family.bounds, [](const auto& known) { return known.use_count() == 1; });
  return family.bounds.emplace_back(std::make_shared<const BucketBounds>(std::move(values)));
}

Series& SeriesTable::add(Family& family, SeriesKind kind, const Hash& raw, uint64_t identity, std::string_view labels) {
  uint32_t number = made_;
  if (!free_.empty()) {
    number = free_.back();
    free_.pop_back();
  } else {
    if (made_ % kChunk == 0) chunks_.push_back(std::make_unique<Series[]>(kChunk));
    ++made_;
  }
  Series& series = at(number);
  series = Series();
  series.raw = raw;
  series.identity = identity;
  series.labels = LabelText(labels);
  series.family = &family;
  series.number = number;
  series.kind = kind;
  family.series.push_back(number);
  ++family.alive;
  by_raw_.insert(tag_of(raw), number);
  by_labels_.insert(label_tag(family, labels), number);
  return series;
}

void SeriesTable::change_raw(Series& series, const Hash& raw) {
  by_raw_.erase(tag_of(series.raw), series.number);
  series.raw = raw;
  by_raw_.insert(tag_of(raw), series.number);
}

Series* SeriesTable::target(uint64_t identity) {
  const auto found = targets_.find(identity);
  if (found == targets_.end()) return nullptr;
  Series& series = at(found->second);
  return series.family && series.identity == identity ? &series : nullptr;
}

// The number stays in its family's list, and is not given out again before it has left it.
void SeriesTable::unlink(Series& series) {
  by_raw_.erase(tag_of(series.raw), series.number);
  by_labels_.erase(label_tag(*series.family, series.labels.view()), series.number);
  --series.family->alive;
  series.family = nullptr;
  series.labels = {};
  series.detail.reset();
}

void SeriesTable::drop_removed(Family& family) {
  size_t kept = 0, sorted = 0;
  for (size_t i = 0; i < family.series.size(); ++i) {
    const uint32_t number = family.series[i];
    if (at(number).family == nullptr) {
      free_.push_back(number);
      continue;
    }
    family.series[kept++] = number;
    if (i < family.sorted) ++sorted;
  }
  family.series.resize(kept);
  family.sorted = sorted;
}

void SeriesTable::remove(Series& series) {
  Family& family = *series.family;
  unlink(series);
  if (family.alive > 0) return;
  drop_removed(family);
  families_.erase(families_.find(family.name));
}

void SeriesTable::expire(uint64_t before_mono_ns) {
  for (auto it = families_.begin(); it != families_.end();) {
    Family& family = it->second;
    for (const uint32_t number : family.series)
      if (at(number).family && at(number).updated_mono_ns < before_mono_ns) unlink(at(number));
    if (family.alive < family.series.size()) drop_removed(family);
    it = family.alive ? std::next(it) : families_.erase(it);
  }
  std::erase_if(targets_, [this](const auto& target) {
    const Series& series = at(target.second);
    return series.family == nullptr || series.identity != target.first;
  });
  if (size() > 0) return;
  chunks_.clear();  // after a burst, nothing is left of it
  chunks_.shrink_to_fit();
  free_.clear();
  free_.shrink_to_fit();
  made_ = 0;
  by_raw_.clear();
  by_labels_.clear();
}

void SeriesTable::sort(Family& family) {
  if (family.alive < family.series.size()) drop_removed(family);
  const size_t added = family.series.size() - family.sorted;
  if (added == 0) return;
  if (added > kFewAdded)
    sort_all(family);
  else
    insert_added(family);
  family.sorted = family.series.size();
}

// PERF: keys of bytes, made once, instead of labels that are read at every comparison.
void SeriesTable::sort_all(Family& family) {
  struct Keyed {
    size_t begin, size;
    uint32_t number;
  };
  std::string keys;
  reserve_short_lived(keys, family.series.size() * kKeyBytes);
  std::vector<Keyed> all;
  all.reserve(family.series.size());
  for (const uint32_t number : family.series) {
    const size_t begin = keys.size();
    formats::prometheus::append_sort_key(keys, at(number).labels.view());
    all.push_back({begin, keys.size() - begin, number});
  }
  std::sort(all.begin(), all.end(), [&keys](const Keyed& a, const Keyed& b) {
    const std::string_view whole = keys;
    return whole.substr(a.begin, a.size) < whole.substr(b.begin, b.size);
  });
  for (size_t i = 0; i < all.size(); ++i) family.series[i] = all[i].number;
}

void SeriesTable::insert_added(Family& family) {
  const auto before = [this](uint32_t a, uint32_t b) {
    return formats::prometheus::compare_labels(at(a).labels.view(), at(b).labels.view()) < 0;
  };
  for (auto next = family.series.begin() + static_cast<std::ptrdiff_t>(family.sorted); next != family.series.end();
       ++next)
    std::rotate(std::upper_bound(family.series.begin(), next, *next, before), next, next + 1);
}

}  // namespace sluice::exporters
