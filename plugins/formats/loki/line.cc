// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/loki/line.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "plugins/formats/otlp_json/json_text.h"
#include "plugins/formats/value_text/value_text.h"

namespace sluice::formats::loki {
namespace {

constexpr JsonText kAsUpstream = JsonText::for_html;

// {"key":value,...}, from attributes that are sorted.
void append_object(std::string& out, AttributeList attributes) {
  char separator = '{';
  for (const wire::KeyValue& attribute : attributes) {
    out += std::exchange(separator, ',');
    append_json_text(out, attribute.key, kAsUpstream);
    out += ':';
    append_json(out, attribute.value, kAsUpstream);
  }
  out += '}';
}

std::vector<wire::KeyValue> sorted_list(const wire::Attributes& attributes) {
  std::vector<wire::KeyValue> list;
  for (const wire::KeyValue& attribute : attributes) list.push_back(attribute);
  sort_attributes(list);
  return list;
}

void append_json_line(std::string& out, const wire::LogRecord& record, AttributeList sorted, const LineParts& parts) {
  char separator = '{';
  const auto key = [&](std::string_view name) {
    out += std::exchange(separator, ',');
    out += name;
  };
  if (record.body.type != wire::AnyValue::Type::empty) {
    key("\"body\":");
    append_json(out, record.body, kAsUpstream);
  }
  const auto id = [&](std::string_view name, wire::Bytes value) {
    if (is_no_id(value)) return;
    key(name);
    out += '"';
    append_hex(out, value);
    out += '"';
  };
  id("\"traceid\":", record.trace_id);
  id("\"spanid\":", record.span_id);
  if (!record.severity_text.empty()) {
    key("\"severity\":");
    append_json_text(out, record.severity_text, kAsUpstream);
  }
  if (record.flags != 0) {
    key("\"flags\":");
    out += std::to_string(record.flags);
  }
  if (!sorted.empty()) {
    key("\"attributes\":");
    append_object(out, sorted);
  }
  if (!parts.resource.empty()) key(parts.resource);
  if (!parts.scope.empty()) key(parts.scope);
  out += separator == '{' ? "{}" : "}";
}

}  // namespace

bool is_no_id(wire::Bytes id) noexcept {
  return std::all_of(id.begin(), id.end(), [](uint8_t byte) { return byte == 0; });
}

std::optional<LineFormat> line_format_of(std::string_view name) noexcept {
  if (name == "json") return LineFormat::json;
  if (name == "logfmt") return LineFormat::logfmt;
  if (name == "raw") return LineFormat::raw;
  return std::nullopt;
}

void sort_attributes(std::vector<wire::KeyValue>& attributes) {
  // PERF: not stable_sort(), which allocates. They lie in one message: what comes later lies higher.
  std::sort(attributes.begin(), attributes.end(), [](const auto& a, const auto& b) {
    const int order = a.key.compare(b.key);
    return order < 0 || (order == 0 && std::less<>()(a.key.data(), b.key.data()));
  });
  size_t kept = 0;
  for (size_t i = 0; i < attributes.size(); ++i) {
    if (i + 1 < attributes.size() && attributes[i + 1].key == attributes[i].key) continue;
    attributes[kept++] = attributes[i];
  }
  attributes.erase(attributes.begin() + static_cast<ptrdiff_t>(kept), attributes.end());
}

void append_resource_part(std::string& out, LineFormat format, AttributeList sorted) {
  if (sorted.empty()) return;
  if (format == LineFormat::logfmt) return LogfmtPairs(out).add("resource_", sorted);
  out += "\"resources\":";
  append_object(out, sorted);
}

void append_scope_part(std::string& out, LineFormat format, const wire::Scope& scope) {
  if (scope.name.empty()) return;
  const std::vector<wire::KeyValue> attributes = sorted_list(scope.attributes);
  if (format == LineFormat::logfmt) {
    LogfmtPairs pairs(out);
    pairs.add("instrumentation_scope_", "name", scope.name);
    if (!scope.version.empty()) pairs.add("instrumentation_scope_", "version", scope.version);
    return pairs.add("instrumentation_scope_attribute_", attributes);
  }
  out += "\"instrumentation_scope\":{\"name\":";
  append_json_text(out, scope.name, kAsUpstream);
  if (!scope.version.empty()) {
    out += ",\"version\":";
    append_json_text(out, scope.version, kAsUpstream);
  }
  if (!attributes.empty()) {
    out += ",\"attributes\":";
    append_object(out, attributes);
  }
  out += '}';
}

void append_line(std::string& out, LineFormat format, const wire::LogRecord& record, AttributeList sorted,
                 const LineParts& parts) {
  switch (format) {
    case LineFormat::json:
      return append_json_line(out, record, sorted, parts);
    case LineFormat::logfmt:
      return append_logfmt_line(out, record, sorted, parts);
    case LineFormat::raw:
      return append_value(out, record.body);
  }
}

}  // namespace sluice::formats::loki
