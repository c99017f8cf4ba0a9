// SPDX-License-Identifier: Apache-2.0
// The line that a log record becomes, in one of three formats: JSON, logfmt, or the body alone.
#ifndef SLUICE_PLUGINS_FORMATS_LOKI_LINE_H
#define SLUICE_PLUGINS_FORMATS_LOKI_LINE_H

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "plugins/formats/loki/labels.h"
#include "plugins/formats/value_text/text_buffer.h"
#include "plugins/wire/views.h"

namespace sluice::formats::loki {

enum class LineFormat : uint8_t { json, logfmt, raw };
inline constexpr size_t kLineFormats = 3;

std::optional<LineFormat> line_format_of(std::string_view name) noexcept;

// What a line says of its resource and of its scope, rendered before: it is the same for many records.
struct LineParts {
  std::string_view resource, scope;
};

// Which of some attributes a line has, in the order of their keys, and those keys as JSON has them. It is the same for
// attributes with the same keys in the same order.
class LineKeys {
 public:
  struct Key {
    uint32_t index = 0;  // of the attribute
    uint32_t end = 0;    // of the key in the JSON
  };
  // All attributes whose keys are kept, of a repeated key the last.
  template <class Keep>
  void assign(AttributeList attributes, const Keep& keep) {
    keys_.clear();
    for (uint32_t i = 0; i < attributes.size(); ++i) {
      if (keep(attributes[i].key)) keys_.push_back({i});
    }
    sort(attributes);
  }

  bool empty() const { return keys_.empty(); }
  auto begin() const { return keys_.begin(); }
  auto end() const { return keys_.end(); }
  // {"key":value,...}
  void append_object(TextBuffer& out, AttributeList attributes) const;

 private:
  void sort(AttributeList attributes);

  std::vector<Key> keys_;
  TextBuffer json_;  // "key":,"key":
};

void append_resource_part(TextBuffer& out, LineFormat format, AttributeList attributes, const LineKeys& keys);
void append_scope_part(TextBuffer& out, LineFormat format, const wire::Scope& scope);

// `keys`: those of the record's attributes that are no hints and have not become labels.
void append_line(TextBuffer& out, LineFormat format, const wire::LogRecord& record, AttributeList attributes,
                 const LineKeys& keys, const LineParts& parts);

// Nothing but zeros, or nothing at all.
bool is_no_id(wire::Bytes id) noexcept;
void append_hex(TextBuffer& out, wire::Bytes bytes);

// Appends key=value pairs of one line, or of one part of a line, to `out`, with spaces between them.
class LogfmtPairs {
 public:
  explicit LogfmtPairs(TextBuffer& out) : out_(out), start_(out.size()) {}
  void add(std::string_view prefix, std::string_view key, std::string_view value);
  void add_hex(std::string_view key, wire::Bytes value);
  // Maps flattened as key_name, lists as key_index; nothing for what is empty.
  void add(std::string_view prefix, AttributeList attributes, const LineKeys& keys);
  // What is rendered already.
  void add_part(std::string_view part);

 private:
  void separate();
  void begin(std::string_view prefix, std::string_view key);

  TextBuffer& out_;
  const size_t start_;
};

void append_logfmt_line(TextBuffer& out, const wire::LogRecord& record, AttributeList attributes, const LineKeys& keys,
                        const LineParts& parts);

}  // namespace sluice::formats::loki

#endif  // SLUICE_PLUGINS_FORMATS_LOKI_LINE_H
