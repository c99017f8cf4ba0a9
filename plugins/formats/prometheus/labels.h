// SPDX-License-Identifier: Apache-2.0
// The labels of a series as one text, made once and written at every scrape: a="b",c="d", sorted by name, values
// escaped, names that are not plain in quotes, no braces. It can be read back, escaped anew and compared.
#ifndef SLUICE_PLUGINS_FORMATS_PROMETHEUS_LABELS_H
#define SLUICE_PLUGINS_FORMATS_PROMETHEUS_LABELS_H

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/formats/prometheus/names.h"

namespace sluice::formats::prometheus {

class LabelSet {
 public:
  void clear() { labels_.clear(); }
  // A name that is there gets both values, with a semicolon between.
  void join(std::string_view name, std::string_view value);
  // A name that is there gets this value.
  void set(std::string_view name, std::string_view value);
  // A name that is there keeps its value.
  void add(std::string_view name, std::string_view value);
  bool has(std::string_view name) const { return find(name) != nullptr; }
  size_t size() const { return labels_.size(); }

  std::string render();

 private:
  struct Label {
    std::string name, value;
  };
  const Label* find(std::string_view name) const;
  Label* find(std::string_view name) { return const_cast<Label*>(static_cast<const LabelSet&>(*this).find(name)); }

  std::vector<Label> labels_;
};

// Walks over rendered labels: while (reader.next()) use(reader.name(), reader.value()).
class LabelReader {
 public:
  explicit LabelReader(std::string_view rendered) : rest_(rendered) {}
  bool next();
  std::string_view name() const { return name_; }  // both without quotes and escapes, until the next next()
  std::string_view value() const { return value_; }

 private:
  std::string_view take_quoted(std::string& buffer);

  std::string_view rest_, name_, value_;
  std::string name_buffer_, value_buffer_;
};

// The order of series within a family: fewer labels first, then by the values, label by label.
std::strong_ordering compare_labels(std::string_view a, std::string_view b);

// Appends bytes whose order is the same, for sorting many of them: all to be compared are made before.
void append_sort_key(std::string& out, std::string_view rendered);

// The same labels with names for a scraper that wants this escaping.
std::string escape_label_names(std::string_view rendered, Escaping escaping);

}  // namespace sluice::formats::prometheus
#endif  // SLUICE_PLUGINS_FORMATS_PROMETHEUS_LABELS_H
