// SPDX-License-Identifier: Apache-2.0
// Lines in logfmt: key=value pairs between spaces, values in quotes where they need them.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "plugins/formats/loki/line.h"
#include "plugins/formats/otlp_json/json_text.h"
#include "plugins/formats/value_text/value_text.h"

namespace sluice::formats::loki {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

bool is_blank(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}
bool ends_word(char c) {
  return is_blank(c) || c == '=' || c == '"';
}

bool needs_quotes(std::string_view value) {
  return std::any_of(value.begin(), value.end(), ends_word) || value == "null" ||
         value.find(kReplacement) != std::string_view::npos;
}

// Reads one line of logfmt, pair by pair.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // False at the end, and for what is no logfmt: then ok() says so.
  bool next() {
    while (!rest_.empty() && is_blank(rest_.front())) {
      if (rest_.front() == '\n') ok_ = false;  // more than one line is a text, not a record
      rest_.remove_prefix(1);
    }
    if (rest_.empty() || !ok_) return false;
    const auto end = static_cast<size_t>(std::find_if(rest_.begin(), rest_.end(), ends_word) - rest_.begin());
    key_ = rest_.substr(0, end);
    rest_.remove_prefix(end);
    value_.clear();
    has_value_ = !rest_.empty() && rest_.front() == '=';
    if (key_.empty() || (!rest_.empty() && rest_.front() == '"')) return fail();
    if (!has_value_) return true;
    rest_.remove_prefix(1);
    return !rest_.empty() && rest_.front() == '"' ? quoted() : plain();
  }
  bool ok() const { return ok_; }
  std::string_view key() const { return key_; }
  bool has_value() const { return has_value_; }
  const std::string& value() const { return value_; }

 private:
  bool fail() { return ok_ = false; }
  bool plain() {
    const auto end = static_cast<size_t>(std::find_if(rest_.begin(), rest_.end(), ends_word) - rest_.begin());
    value_ = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return rest_.empty() || is_blank(rest_.front()) || fail();
  }
  bool quoted() {
    size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size() || !append_unescaped(value_, rest_.substr(1, end - 1))) return fail();
    rest_.remove_prefix(end + 1);
    return true;
  }

  std::string_view rest_, key_;
  std::string value_;
  bool has_value_ = false, ok_ = true;
};

// Whether a body is a record in logfmt. A text in which no word has a value is a sentence.
bool is_logfmt(std::string_view text) {
  Reader reader(text);
  bool any_value = false;
  while (reader.next()) any_value = any_value || reader.has_value();
  return reader.ok() && any_value;
}

// The record's own fields. Where the body has a pair of the same key, the field takes its place.
class Fields {
 public:
  Fields(const wire::LogRecord& record, LogfmtPairs& pairs) : pairs_(pairs) {
    if (!is_no_id(record.trace_id)) fields_[0].id = record.trace_id;
    if (!is_no_id(record.span_id)) fields_[1].id = record.span_id;
    fields_[2].text = record.severity_text;
    if (record.flags != 0) flags_ = std::to_string(record.flags);
    fields_[3].text = flags_;
  }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  // A pair of the body, or the field in its stead.
  void add(std::string_view key, std::string_view value) {
    for (Field& field : fields_) {
      if (key == field.key && !field.empty()) return write(field);
    }
    pairs_.add("", key, value);
  }
  void add_rest() {
    for (Field& field : fields_) {
      if (!field.empty()) write(field);
    }
  }

 private:
  struct Field {
    bool empty() const { return id.empty() && text.empty(); }
    std::string_view key;
    wire::Bytes id = {};
    std::string_view text = {};
    bool written = false;
  };
  void write(Field& field) {
    if (field.written) return;
    field.written = true;
    if (!field.id.empty()) return pairs_.add_hex(field.key, field.id);
    pairs_.add("", field.key, field.text);
  }

  LogfmtPairs& pairs_;
  std::string flags_;
  Field fields_[4] = {{"traceID"}, {"spanID"}, {"severity"}, {"flags"}};
};

// Calls add(key, text) for each value in a map or a list.
template <class Add>
void flatten(std::string& key, const wire::AnyValue& value, const Add& add) {
  const size_t length = key.size();
  const auto inner = [&](std::string_view name, const wire::AnyValue& item) {
    if (length != 0) key += '_';
    key += name;
    flatten(key, item, add);
    key.resize(length);
  };
  size_t index = 0;
  switch (value.type) {
    case wire::AnyValue::Type::empty:
      break;
    case wire::AnyValue::Type::map:
      for (const wire::KeyValue& pair : value.map()) inner(pair.key, pair.value);
      break;
    case wire::AnyValue::Type::array:
      for (const wire::AnyValue& item : value.array()) inner(std::to_string(index++), item);
      break;
    default: {
      std::string text;
      append_value(text, value);
      add(key, text);
    }
  }
}

void add_body(const wire::AnyValue& body, Fields& fields) {
  const auto add = [&](std::string_view key, std::string_view value) { fields.add(key, value); };
  std::string key;
  switch (body.type) {
    case wire::AnyValue::Type::string:
      if (!is_logfmt(body.text())) return fields.add("msg", body.text());
      for (Reader reader(body.text()); reader.next();) fields.add(reader.key(), reader.value());
      return;
    case wire::AnyValue::Type::map:
      return flatten(key, body, add);
    case wire::AnyValue::Type::array:
      key = "body";
      return flatten(key, body, add);
    default:
      key = "msg";
      return flatten(key, body, add);
  }
}

}  // namespace

void LogfmtPairs::separate() {
  if (out_.size() > start_) out_ += ' ';
}

void LogfmtPairs::begin(std::string_view prefix, std::string_view key) {
  separate();
  const size_t first = out_.size();
  for (const std::string_view text : {prefix, key}) {
    // Without what would end the key before its end.
    std::copy_if(text.begin(), text.end(), std::back_inserter(out_), [](char c) { return !ends_word(c); });
  }
  if (out_.size() == first) out_ += '_';
  out_ += '=';
}

void LogfmtPairs::add(std::string_view prefix, std::string_view key, std::string_view value) {
  begin(prefix, key);
  if (needs_quotes(value))
    append_json_text(out_, value);
  else
    out_ += value;
}

void LogfmtPairs::add_hex(std::string_view key, wire::Bytes value) {
  begin("", key);
  append_hex(out_, value);
}

void LogfmtPairs::add(std::string_view prefix, AttributeList attributes, const LineKeys& keys) {
  for (const LineKeys::Key& at : keys) {
    const wire::KeyValue& attribute = attributes[at.index];
    if (attribute.value.type == wire::AnyValue::Type::string) {
      add(prefix, attribute.key, attribute.value.text());
      continue;
    }
    std::string key(attribute.key);
    flatten(key, attribute.value, [&](std::string_view name, std::string_view text) { add(prefix, name, text); });
  }
}

void LogfmtPairs::add_part(std::string_view part) {
  if (part.empty()) return;
  separate();
  out_ += part;
}

void append_logfmt_line(TextBuffer& out, const wire::LogRecord& record, AttributeList attributes, const LineKeys& keys,
                        const LineParts& parts) {
  LogfmtPairs pairs(out);
  Fields fields(record, pairs);
  add_body(record.body, fields);
  fields.add_rest();
  pairs.add("attribute_", attributes, keys);
  pairs.add_part(parts.resource);
  pairs.add_part(parts.scope);
}

}  // namespace sluice::formats::loki
