// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/loki/labels.h"

#include <algorithm>
#include <numeric>

#include "plugins/formats/value_text/value_text.h"

namespace sluice::formats::loki {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool continues_rune(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

// "b" of the map "a", for "a.b".
bool find_nested(AttributeList attributes, std::string_view path, wire::AnyValue& found) {
  size_t dot = path.find('.');
  if (dot == std::string_view::npos) return false;
  const wire::AnyValue* at = find(attributes, path.substr(0, dot));
  if (at == nullptr) return false;
  found = *at;
  while (dot != std::string_view::npos) {
    if (found.type != wire::AnyValue::Type::map) return false;
    path.remove_prefix(dot + 1);
    dot = path.find('.');
    const auto next = wire::find(found.map(), path.substr(0, dot));
    if (!next) return false;
    found = *next;
  }
  return true;
}

// As a Go string literal, which is what Loki's parser reads.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  size_t kept = 0;  // so far text is written
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const bool control = byte < 0x20 || byte == 0x7f;
    if (!control && c != '"' && c != '\\') continue;
    out.append(text, kept, i - kept);
    kept = i + 1;
    if (c == '\n') {
      out += "\\n";
    } else if (control) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += '\\';
      out += c;
    }
  }
  out.append(text, kept);
  out += '"';
}

}  // namespace

void append_label_name(std::string& out, std::string_view attribute) {
  if (attribute.empty()) return;
  const size_t first = out.size();
  for (const char c : attribute) {
    if (continues_rune(c)) continue;  // one `_` for one character, however many bytes it has
    out += is_letter(c) || is_digit(c) ? c : '_';
  }
  const std::string_view name = std::string_view(out).substr(first);
  if (name.empty()) return;
  if (is_digit(name[0]))
    out.insert(first, "key_");
  else if (name[0] == '_' && !name.starts_with("__"))
    out.insert(first, "key");
}

std::string_view level_of(int32_t severity_number) noexcept {
  constexpr std::string_view kLevels[] = {"TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4",
                                          "INFO",  "INFO2",  "INFO3",  "INFO4",  "WARN",  "WARN2",  "WARN3",  "WARN4",
                                          "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2", "FATAL3", "FATAL4"};
  return severity_number >= 1 && severity_number <= 24 ? kLevels[severity_number - 1] : std::string_view();
}

const wire::AnyValue* find(AttributeList attributes, std::string_view key) noexcept {
  for (auto at = attributes.rbegin(); at != attributes.rend(); ++at) {
    if (at->key == key) return &at->value;
  }
  return nullptr;
}

void Labels::begin(std::string_view attribute) {
  Label label;
  label.attribute = attribute;
  label.name = text_.size();
  append_label_name(text_, attribute);
  label.value = text_.size();
  labels_.push_back(label);
}

void Labels::add(std::string_view attribute, const wire::AnyValue& value) {
  begin(attribute);
  append_value(text_, value);
  labels_.back().end = text_.size();
}

void Labels::add(std::string_view attribute, std::string_view value) {
  begin(attribute);
  text_ += value;
  labels_.back().end = text_.size();
}

void Labels::add_named(AttributeList attributes, std::string_view name) {
  name = trimmed(name);
  if (name.empty()) return;
  if (const wire::AnyValue* value = find(attributes, name)) return add(name, *value);
  if (wire::AnyValue nested; find_nested(attributes, name, nested)) add(name, nested);
}

void Labels::add_hinted(AttributeList attributes, const wire::AnyValue& hint) {
  if (hint.type == wire::AnyValue::Type::array) {
    for (const wire::AnyValue& name : hint.array()) add_named(attributes, name.text());
  } else if (hint.type == wire::AnyValue::Type::string) {
    std::string_view names = hint.text();
    while (true) {
      const size_t comma = names.find(',');
      add_named(attributes, names.substr(0, comma));
      if (comma == std::string_view::npos) break;
      names.remove_prefix(comma + 1);
    }
  }
}

void Labels::cut(size_t size) {
  labels_.erase(labels_.begin() + static_cast<ptrdiff_t>(size), labels_.end());
  text_.resize(labels_.empty() ? 0 : labels_.back().end);
}

bool Labels::has(std::string_view attribute, size_t from) const noexcept {
  return std::any_of(labels_.begin() + static_cast<ptrdiff_t>(from), labels_.end(),
                     [&](const Label& label) { return label.attribute == attribute; });
}

std::string_view Labels::name_of(const Label& label) const {
  return std::string_view(text_).substr(label.name, label.value - label.name);
}

void Labels::render(std::string& out) {
  order_.resize(labels_.size());
  std::iota(order_.begin(), order_.end(), 0);
  // By name, and of one name in the order in which they were added.
  std::sort(order_.begin(), order_.end(), [this](uint32_t a, uint32_t b) {
    const int order = name_of(labels_[a]).compare(name_of(labels_[b]));
    return order < 0 || (order == 0 && a < b);
  });
  std::string_view before = "{";
  for (size_t i = 0; i < order_.size(); ++i) {
    const Label& label = labels_[order_[i]];
    const std::string_view name = name_of(label);
    if (i + 1 < order_.size() && name_of(labels_[order_[i + 1]]) == name) continue;
    // To Loki a label without a value is no label.
    if (name.empty() || label.value == label.end) continue;
    out += before;
    out += name;
    out += '=';
    append_quoted(out, std::string_view(text_).substr(label.value, label.end - label.value));
    before = ", ";
  }
  if (before != "{") out += '}';
}

}  // namespace sluice::formats::loki
