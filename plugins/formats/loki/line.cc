// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/loki/line.h"

#include <algorithm>
#include <string>
#include <utility>

#include "plugins/formats/value_text/hex.h"
#include "plugins/formats/value_text/value_text.h"

namespace sluice::formats::loki {
namespace {

constexpr JsonText kAsUpstream = JsonText::for_html;

void append_json_line(TextBuffer& out, const wire::LogRecord& record, AttributeList attributes, const LineKeys& keys,
                      const LineParts& parts) {
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
  if (!keys.empty()) {
    key("\"attributes\":");
    keys.append_object(out, attributes);
  }
  if (!parts.resource.empty()) key(parts.resource);
  if (!parts.scope.empty()) key(parts.scope);
  if (separator == '{') out += '{';
  out += '}';
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

void LineKeys::sort(AttributeList attributes) {
  const auto key = [&](const Key& at) { return attributes[at.index].key; };
  std::sort(keys_.begin(), keys_.end(), [&](const Key& a, const Key& b) {
    const int order = key(a).compare(key(b));
    return order < 0 || (order == 0 && a.index < b.index);
  });
  const auto last =
      std::unique(keys_.rbegin(), keys_.rend(), [&](const Key& a, const Key& b) { return key(a) == key(b); });
  keys_.erase(keys_.begin(), last.base());
  json_.clear();
  for (Key& at : keys_) {
    if (!json_.empty()) json_ += ',';
    append_json_text(json_, key(at), kAsUpstream);
    json_ += ':';
    at.end = static_cast<uint32_t>(json_.size());
  }
}

void LineKeys::append_object(TextBuffer& out, AttributeList attributes) const {
  const std::string_view json = json_.view();
  size_t from = 0;
  out += '{';
  for (const Key& at : keys_) {
    out += json.substr(from, at.end - from);
    from = at.end;
    append_json(out, attributes[at.index].value, kAsUpstream);
  }
  out += '}';
}

void append_hex(TextBuffer& out, wire::Bytes bytes) {
  out.grown(store_hex(out.room(2 * bytes.size()), bytes));
}

void append_resource_part(TextBuffer& out, LineFormat format, AttributeList attributes, const LineKeys& keys) {
  if (keys.empty()) return;
  if (format == LineFormat::logfmt) return LogfmtPairs(out).add("resource_", attributes, keys);
  out += "\"resources\":";
  keys.append_object(out, attributes);
}

void append_scope_part(TextBuffer& out, LineFormat format, const wire::Scope& scope) {
  if (scope.name.empty()) return;
  std::vector<wire::KeyValue> attributes;
  for (const wire::KeyValue& attribute : scope.attributes) attributes.push_back(attribute);
  LineKeys keys;
  keys.assign(attributes, [](std::string_view) { return true; });
  if (format == LineFormat::logfmt) {
    LogfmtPairs pairs(out);
    pairs.add("instrumentation_scope_", "name", scope.name);
    if (!scope.version.empty()) pairs.add("instrumentation_scope_", "version", scope.version);
    return pairs.add("instrumentation_scope_attribute_", attributes, keys);
  }
  out += "\"instrumentation_scope\":{\"name\":";
  append_json_text(out, scope.name, kAsUpstream);
  if (!scope.version.empty()) {
    out += ",\"version\":";
    append_json_text(out, scope.version, kAsUpstream);
  }
  if (!keys.empty()) {
    out += ",\"attributes\":";
    keys.append_object(out, attributes);
  }
  out += '}';
}

void append_line(TextBuffer& out, LineFormat format, const wire::LogRecord& record, AttributeList attributes,
                 const LineKeys& keys, const LineParts& parts) {
  switch (format) {
    case LineFormat::json:
      return append_json_line(out, record, attributes, keys, parts);
    case LineFormat::logfmt:
      return append_logfmt_line(out, record, attributes, keys, parts);
    case LineFormat::raw:
      return append_value(out, record.body);
  }
}

}  // namespace sluice::formats::loki
