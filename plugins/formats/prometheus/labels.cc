// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/labels.h"

#include <algorithm>

#include "plugins/formats/prometheus/text.h"

namespace sluice::formats::prometheus {
namespace {

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  append_name(out, name);
  out += "=\"";
  append_escaped(out, value, true);
  out += '"';
}

// Of "..." at the front: the position of the closing quotation mark.
size_t closing_quote(std::string_view quoted) {
  size_t at = 1;
  while (at < quoted.size() && quoted[at] != '"') at += quoted[at] == '\\' ? 2 : 1;
  return at;
}

// Steps over the name and the equals sign; what is left begins with the value's quotation mark.
void skip_name(std::string_view& labels) {
  const size_t end = labels.front() == '"' ? closing_quote(labels) + 1 : labels.find('=');
  labels.remove_prefix(end + 1);
}

size_t count_labels(std::string_view labels) {
  size_t count = 0;
  while (!labels.empty()) {
    skip_name(labels);
    const size_t end = closing_quote(labels) + 1;
    labels.remove_prefix(std::min(end + 1, labels.size()));  // and the comma
    ++count;
  }
  return count;
}

// One byte of a value, or -1 at its end.
int take_byte(std::string_view& value) {
  char c = value.front();
  if (c == '"') return -1;
  if (c == '\\') {
    value.remove_prefix(1);
    c = value.front() == 'n' ? '\n' : value.front();
  }
  value.remove_prefix(1);
  return static_cast<unsigned char>(c);
}

}  // namespace

const LabelSet::Label* LabelSet::find(std::string_view name) const {
  for (const Label& label : labels_)
    if (label.name == name) return &label;
  return nullptr;
}

void LabelSet::join(std::string_view name, std::string_view value) {
  if (Label* label = find(name))
    label->value.append(";").append(value);
  else
    labels_.push_back({std::string(name), std::string(value)});
}

void LabelSet::set(std::string_view name, std::string_view value) {
  if (Label* label = find(name))
    label->value = value;
  else
    labels_.push_back({std::string(name), std::string(value)});
}

void LabelSet::add(std::string_view name, std::string_view value) {
  if (!has(name)) labels_.push_back({std::string(name), std::string(value)});
}

std::string LabelSet::render() {
  std::sort(labels_.begin(), labels_.end(), [](const Label& a, const Label& b) { return a.name < b.name; });
  std::string out;
  for (const Label& label : labels_) append_label(out, label.name, label.value);
  return out;
}

std::string_view LabelReader::take_quoted(std::string& buffer) {
  const size_t end = closing_quote(rest_);
  std::string_view text = rest_.substr(1, end - 1);
  rest_.remove_prefix(end + 1);
  if (text.find('\\') == std::string_view::npos) return text;
  buffer.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && ++i < text.size()) c = text[i] == 'n' ? '\n' : text[i];
    buffer += c;
  }
  return buffer;
}

bool LabelReader::next() {
  if (rest_.empty()) return false;
  if (rest_.front() == ',') rest_.remove_prefix(1);
  if (rest_.front() == '"') {
    name_ = take_quoted(name_buffer_);
  } else {
    const size_t end = rest_.find('=');
    name_ = rest_.substr(0, end);
    rest_.remove_prefix(end);
  }
  rest_.remove_prefix(1);
  value_ = take_quoted(value_buffer_);
  return true;
}

std::strong_ordering compare_labels(std::string_view a, std::string_view b) {
  if (const auto order = count_labels(a) <=> count_labels(b); order != 0) return order;
  while (!a.empty()) {
    skip_name(a);
    skip_name(b);
    a.remove_prefix(1);
    b.remove_prefix(1);
    int from_a, from_b;
    do {
      from_a = take_byte(a);
      from_b = take_byte(b);
    } while (from_a == from_b && from_a >= 0);
    if (from_a != from_b) return from_a <=> from_b;
    a.remove_prefix(std::min<size_t>(2, a.size()));  // the quotation mark and the comma
    b.remove_prefix(std::min<size_t>(2, b.size()));
  }
  return std::strong_ordering::equal;
}

// The number of labels, then each value up to a zero byte. Within values zero is 1 1, and one is 1 2.
void append_sort_key(std::string& out, std::string_view rendered) {
  const size_t head = out.size();
  out.append(2, '\0');
  size_t count = 0;
  for (; !rendered.empty(); ++count) {
    skip_name(rendered);
    rendered.remove_prefix(1);
    for (int byte = take_byte(rendered); byte >= 0; byte = take_byte(rendered)) {
      if (byte <= 1) out += '\1';
      out += static_cast<char>(byte <= 1 ? byte + 1 : byte);
    }
    out += '\0';
    rendered.remove_prefix(std::min<size_t>(2, rendered.size()));
  }
  out[head] = static_cast<char>(count >> 8);
  out[head + 1] = static_cast<char>(count);
}

std::string escape_label_names(std::string_view rendered, Escaping escaping) {
  std::string out;
  for (LabelReader reader(rendered); reader.next();)
    append_label(out, escape_name(reader.name(), escaping), reader.value());
  return out;
}

}  // namespace sluice::formats::prometheus
