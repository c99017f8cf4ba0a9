// SPDX-License-Identifier: Apache-2.0
// The line that a log record becomes, in one of three formats: JSON, logfmt, or the body alone.
#ifndef SLUICE_PLUGINS_FORMATS_LOKI_LINE_H
#define SLUICE_PLUGINS_FORMATS_LOKI_LINE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/formats/loki/labels.h"
#include "plugins/wire/views.h"

namespace sluice::formats::loki {

enum class LineFormat : uint8_t { json, logfmt, raw };
inline constexpr size_t kLineFormats = 3;

std::optional<LineFormat> line_format_of(std::string_view name) noexcept;

// What a line says of its resource and of its scope, rendered before: it is the same for many records.
struct LineParts {
  std::string_view resource, scope;
};

// Sorts by key; of a repeated key the last one stays. They are of one message.
void sort_attributes(std::vector<wire::KeyValue>& attributes);

void append_resource_part(std::string& out, LineFormat format, AttributeList sorted);
void append_scope_part(std::string& out, LineFormat format, const wire::Scope& scope);

// `sorted`: the record's attributes without hints and without what has become a label.
void append_line(std::string& out, LineFormat format, const wire::LogRecord& record, AttributeList sorted,
                 const LineParts& parts);

// Nothing but zeros, or nothing at all.
bool is_no_id(wire::Bytes id) noexcept;

// Appends key=value pairs of one line, or of one part of a line, to `out`, with spaces between them.
class LogfmtPairs {
 public:
  explicit LogfmtPairs(std::string& out) : out_(out), start_(out.size()) {}
  void add(std::string_view prefix, std::string_view key, std::string_view value);
  void add_hex(std::string_view key, wire::Bytes value);
  // Maps flattened as key_name, lists as key_index; nothing for what is empty.
  void add(std::string_view prefix, AttributeList attributes);
  // What is rendered already.
  void add_part(std::string_view part);

 private:
  void separate();
  void begin(std::string_view prefix, std::string_view key);

  std::string& out_;
  const size_t start_;
};

void append_logfmt_line(std::string& out, const wire::LogRecord& record, AttributeList sorted, const LineParts& parts);

}  // namespace sluice::formats::loki

#endif  // SLUICE_PLUGINS_FORMATS_LOKI_LINE_H
