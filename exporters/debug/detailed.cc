// SPDX-License-Identifier: Apache-2.0
// Verbosity `detailed`: every field of traces and logs, and what all signals share. Labels, indents and colons, also
// the doubled one of nested attributes, are those of the OpenTelemetry Collector.
#include <array>
#include <string_view>

#include "exporters/debug/print.h"

namespace sluice::exporters {

void append_attributes(std::string& out, std::string_view header, const wire::Attributes& attributes) {
  if (attributes.empty()) return;
  print(out, header, ":\n");
  const size_t arrow = header.find("->");
  const std::string_view indent = arrow == std::string_view::npos ? std::string_view() : header.substr(0, arrow);
  for (const wire::KeyValue& attribute : attributes) {
    print(out, indent, "     -> ", attribute.key, ": ");
    append_typed_value(out, attribute.value);
    out += '\n';
  }
}

namespace {

template <size_t kCount>
std::string_view name_of(const std::array<std::string_view, kCount>& names, int32_t value) {
  return value >= 0 && static_cast<size_t>(value) < kCount ? names[static_cast<size_t>(value)] : std::string_view();
}

constexpr std::array<std::string_view, 6> kSpanKinds = {"Unspecified", "Internal", "Server",
                                                        "Client",      "Producer", "Consumer"};
constexpr std::array<std::string_view, 3> kStatusCodes = {"Unset", "Ok", "Error"};
constexpr std::array<std::string_view, 25> kSeverities = {
    "Unspecified", "Trace",  "Trace2", "Trace3", "Trace4", "Debug",  "Debug2", "Debug3", "Debug4",
    "Info",        "Info2",  "Info3",  "Info4",  "Warn",   "Warn2",  "Warn3",  "Warn4",  "Error",
    "Error2",      "Error3", "Error4", "Fatal",  "Fatal2", "Fatal3", "Fatal4"};

void append_keys(std::string& out, std::string_view header, const wire::Repeated<std::string_view>& keys) {
  if (keys.empty()) return;
  print(out, "          -> ", header, ":\n");
  for (const std::string_view key : keys) print(out, "               -> ", key, "\n");
}

void append_resource(std::string& out, std::string_view schema_url, const wire::Resource& resource) {
  print(out, "Resource SchemaURL: ", schema_url, "\n");
  append_attributes(out, "Resource attributes", resource.attributes);
  if (resource.entity_refs.empty()) return;
  out += "Resource entity refs:\n";
  size_t index = 0;
  for (const wire::EntityRef& entity : resource.entity_refs) {
    print(out, "     -> Entity ref #", index++, ":\n          -> Type: ", entity.type, "\n");
    if (!entity.schema_url.empty()) print(out, "          -> Schema URL: ", entity.schema_url, "\n");
    append_keys(out, "ID keys", entity.id_keys);
    append_keys(out, "Description keys", entity.description_keys);
  }
}

template <class Item, class F>
void append_tree(std::string& out, const char* resource_name, const char* scope_name, size_t index,
                 const wire::ResourceOf<Item>& of, F&& append_item) {
  print(out, resource_name, " #", index, "\n");
  append_resource(out, of.schema_url, of.resource);
  size_t scope_index = 0;
  for (const wire::ScopeOf<Item>& scope : of.scopes) {
    print(out, scope_name, " #", scope_index++, "\n", scope_name, " SchemaURL: ", scope.schema_url, "\n");
    print(out, "InstrumentationScope ", scope.scope.name, " ", scope.scope.version, "\n");
    append_attributes(out, "InstrumentationScope attributes", scope.scope.attributes);
    size_t item_index = 0;
    for (const Item& item : scope.items) append_item(item_index++, item);
  }
}

// "    Trace ID       : ", with what is printed behind it by the caller.
void append_label(std::string& out, std::string_view name) {
  print(out, "    ", name);
  if (name.size() < 15) out.append(15 - name.size(), ' ');
  out += ": ";
}

void append_events(std::string& out, const wire::Repeated<wire::SpanEvent>& events) {
  if (events.empty()) return;
  out += "Events:\n";
  size_t index = 0;
  for (const wire::SpanEvent& event : events) {
    print(out, "SpanEvent #", index++, "\n     -> Name: ", event.name, "\n     -> Timestamp: ");
    append_time(out, event.time_unix_nano);
    print(out, "\n     -> DroppedAttributesCount: ", event.dropped_attributes_count, "\n");
    append_attributes(out, "     -> Attributes:", event.attributes);
  }
}

void append_links(std::string& out, const wire::Repeated<wire::SpanLink>& links) {
  if (links.empty()) return;
  out += "Links:\n";
  size_t index = 0;
  for (const wire::SpanLink& link : links) {
    print(out, "SpanLink #", index++, "\n     -> Trace ID: ");
    append_id(out, link.trace_id);
    out += "\n     -> ID: ";
    append_id(out, link.span_id);
    print(out, "\n     -> TraceState: ", link.trace_state,
          "\n     -> DroppedAttributesCount: ", link.dropped_attributes_count, "\n");
    append_attributes(out, "     -> Attributes:", link.attributes);
  }
}

void append_span(std::string& out, size_t index, const wire::Span& span) {
  print(out, "Span #", index, "\n");
  const auto id = [&out](std::string_view name, wire::Bytes value) {
    append_label(out, name);
    append_id(out, value);
    out += '\n';
  };
  const auto time = [&out](std::string_view name, uint64_t value) {
    append_label(out, name);
    append_time(out, value);
    out += '\n';
  };
  const auto line = [&out](std::string_view name, const auto& value) {
    append_label(out, name);
    print(out, value, "\n");
  };
  id("Trace ID", span.trace_id);
  id("Parent ID", span.parent_span_id);
  id("ID", span.span_id);
  line("Name", span.name);
  line("Kind", name_of(kSpanKinds, span.kind));
  if (!span.trace_state.empty()) line("TraceState", span.trace_state);
  time("Start time", span.start_time_unix_nano);
  time("End time", span.end_time_unix_nano);
  line("Status code", name_of(kStatusCodes, span.status.code));
  line("Status message", span.status.message);
  line("DroppedAttributesCount", span.dropped_attributes_count);
  line("DroppedEventsCount", span.dropped_events_count);
  line("DroppedLinksCount", span.dropped_links_count);
  append_attributes(out, "Attributes", span.attributes);
  append_events(out, span.events);
  append_links(out, span.links);
}

void append_log(std::string& out, size_t index, const wire::LogRecord& record) {
  print(out, "LogRecord #", index, "\nObservedTimestamp: ");
  append_time(out, record.observed_time_unix_nano);
  out += "\nTimestamp: ";
  append_time(out, record.time_unix_nano);
  print(out, "\nSeverityText: ", record.severity_text,
        "\nSeverityNumber: ", name_of(kSeverities, record.severity_number), "(", record.severity_number, ")\n");
  if (!record.event_name.empty()) print(out, "EventName: ", record.event_name, "\n");
  out += "Body: ";
  append_typed_value(out, record.body);
  out += '\n';
  append_attributes(out, "Attributes", record.attributes);
  out += "Trace ID: ";
  append_id(out, record.trace_id);
  out += "\nSpan ID: ";
  append_id(out, record.span_id);
  print(out, "\nFlags: ", record.flags, "\n");
}

}  // namespace

std::string print_detailed(const sluice_batch& batch) {
  std::string out;
  switch (batch.signal) {
    case SLUICE_TRACES:
      for_each_resource(batch, wire::traces, [&out](size_t index, const wire::ResourceSpans& spans) {
        append_tree(out, "ResourceSpans", "ScopeSpans", index, spans,
                    [&out](size_t item, const wire::Span& span) { append_span(out, item, span); });
      });
      break;
    case SLUICE_METRICS:
      for_each_resource(batch, wire::metrics, [&out](size_t index, const wire::ResourceMetrics& metrics) {
        append_tree(out, "ResourceMetrics", "ScopeMetrics", index, metrics,
                    [&out](size_t item, const wire::Metric& metric) {
                      print(out, "Metric #", item, "\n");
                      append_metric(out, metric);
                    });
      });
      break;
    default:
      for_each_resource(batch, wire::logs, [&out](size_t index, const wire::ResourceLogs& logs) {
        append_tree(out, "ResourceLog", "ScopeLogs", index, logs,
                    [&out](size_t item, const wire::LogRecord& record) { append_log(out, item, record); });
      });
  }
  return out;
}

}  // namespace sluice::exporters
