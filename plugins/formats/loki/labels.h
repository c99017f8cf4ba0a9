// SPDX-License-Identifier: Apache-2.0
// The labels of one log record, which name its stream: from defaults and from the attributes that hints name.
#ifndef SLUICE_PLUGINS_FORMATS_LOKI_LABELS_H
#define SLUICE_PLUGINS_FORMATS_LOKI_LABELS_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/wire/views.h"

namespace sluice::formats::loki {

// Which labels there are without a hint.
struct DefaultLabels {
  bool exporter = true;
  bool job = true;
  bool instance = true;
  bool level = true;
};

// A label's name as Loki takes it: what is no ASCII letter or digit becomes `_`, a digit or a single `_` in front gets
// `key` before it.
void append_label_name(std::string& out, std::string_view attribute);

// "WARN2" for 14; empty for a number that is no severity.
std::string_view level_of(int32_t severity_number) noexcept;

// Attributes by their names; of a repeated one the last counts, as in a map. Null: there is none.
using AttributeList = std::span<const wire::KeyValue>;
const wire::AnyValue* find(AttributeList attributes, std::string_view key) noexcept;

// Labels are added one by one, those of the resource first; cut() takes back what a record has added.
class Labels {
 public:
  // `attribute`, which is not copied, is where the label is from: its text gives the name, and the line leaves it out.
  void add(std::string_view attribute, const wire::AnyValue& value);
  void add(std::string_view attribute, std::string_view value);
  // The attributes that a hint names: a text with commas, or a list. "a.b" is the attribute "a.b", or "b" of the map
  // "a". What is not there makes no label.
  void add_hinted(AttributeList attributes, const wire::AnyValue& hint);

  size_t size() const { return labels_.size(); }
  void cut(size_t size);
  // Whether a label from index `from` on was made of this attribute.
  bool has(std::string_view attribute, size_t from = 0) const noexcept;

  // Appends {a="b", c="d"}, sorted by name; nothing if there is no label with a value. Of two labels of one name the
  // later one counts.
  void render(std::string& out);

 private:
  struct Label {
    std::string_view attribute;
    size_t name = 0, value = 0, end = 0;  // where they begin and end in text_
  };
  void begin(std::string_view attribute);
  void add_named(AttributeList attributes, std::string_view name);
  std::string_view name_of(const Label& label) const;

  std::vector<Label> labels_;
  std::string text_;
  std::vector<uint32_t> order_;
};

}  // namespace sluice::formats::loki

#endif  // SLUICE_PLUGINS_FORMATS_LOKI_LABELS_H
