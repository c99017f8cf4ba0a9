// SPDX-License-Identifier: Apache-2.0
//
// OTLP's messages as tables: the checking walk, slicing and the JSON transcoder are driven by them, so a field is
// declared here and nowhere else. A test compares the tables with protobuf's descriptors.
#ifndef SLUICE_PLUGINS_WIRE_SCHEMA_H
#define SLUICE_PLUGINS_WIRE_SCHEMA_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "plugins/wire/reader.h"

namespace sluice::wire {

enum class Kind : uint8_t {
  boolean,
  int32,
  int64,
  uint32,
  uint64,
  sint32,
  enumeration,
  fixed32,
  fixed64,
  sfixed64,
  float64,
  string,
  bytes,
  id,  // bytes that JSON writes as hex: trace and span ids
  message,
  duration,  // google.protobuf.Duration, in JSON a string such as "1.5s"
  any,       // google.protobuf.Any, in JSON the message with its type as "@type"
};

enum class Message : uint8_t {
  traces_data,
  resource_spans,
  scope_spans,
  span,
  span_event,
  span_link,
  status,
  metrics_data,
  resource_metrics,
  scope_metrics,
  metric,
  gauge,
  sum,
  histogram,
  exponential_histogram,
  summary,
  number_data_point,
  histogram_data_point,
  exponential_histogram_data_point,
  exponential_histogram_buckets,
  summary_data_point,
  value_at_quantile,
  exemplar,
  logs_data,
  resource_logs,
  scope_logs,
  log_record,
  resource,
  entity_ref,
  instrumentation_scope,
  key_value,
  any_value,
  array_value,
  key_value_list,
  export_trace_response,
  export_metrics_response,
  export_logs_response,
  trace_partial_success,
  metrics_partial_success,
  logs_partial_success,
  rpc_status,
  rpc_retry_info,
  rpc_bad_request,
  rpc_field_violation,
};
inline constexpr size_t kMessageCount = static_cast<size_t>(Message::rpc_field_violation) + 1;

/// The zero value of `optional` and of a member of a oneof is written, that of a singular field is not. A message has
/// one oneof at most.
enum class Rule : uint8_t { singular, optional, oneof, repeated };

struct EnumValue {
  std::string_view name;
  int32_t number;
};

struct Field {
  uint8_t number;
  std::string_view name;
  Kind kind;
  Rule rule = Rule::singular;
  Message message = Message::traces_data;  // of Kind::message
  std::span<const EnumValue> values = {};  // of Kind::enumeration
  bool once = false;                       // of the messages in a message that have this: only one of them, only once
};

namespace tables {

inline constexpr EnumValue kSpanKinds[] = {{"SPAN_KIND_UNSPECIFIED", 0}, {"SPAN_KIND_INTERNAL", 1},
                                           {"SPAN_KIND_SERVER", 2},      {"SPAN_KIND_CLIENT", 3},
                                           {"SPAN_KIND_PRODUCER", 4},    {"SPAN_KIND_CONSUMER", 5}};
inline constexpr EnumValue kStatusCodes[] = {{"STATUS_CODE_UNSET", 0}, {"STATUS_CODE_OK", 1}, {"STATUS_CODE_ERROR", 2}};
inline constexpr EnumValue kTemporalities[] = {{"AGGREGATION_TEMPORALITY_UNSPECIFIED", 0},
                                               {"AGGREGATION_TEMPORALITY_DELTA", 1},
                                               {"AGGREGATION_TEMPORALITY_CUMULATIVE", 2}};
inline constexpr EnumValue kSeverities[] = {
    {"SEVERITY_NUMBER_UNSPECIFIED", 0}, {"SEVERITY_NUMBER_TRACE", 1},   {"SEVERITY_NUMBER_TRACE2", 2},
    {"SEVERITY_NUMBER_TRACE3", 3},      {"SEVERITY_NUMBER_TRACE4", 4},  {"SEVERITY_NUMBER_DEBUG", 5},
    {"SEVERITY_NUMBER_DEBUG2", 6},      {"SEVERITY_NUMBER_DEBUG3", 7},  {"SEVERITY_NUMBER_DEBUG4", 8},
    {"SEVERITY_NUMBER_INFO", 9},        {"SEVERITY_NUMBER_INFO2", 10},  {"SEVERITY_NUMBER_INFO3", 11},
    {"SEVERITY_NUMBER_INFO4", 12},      {"SEVERITY_NUMBER_WARN", 13},   {"SEVERITY_NUMBER_WARN2", 14},
    {"SEVERITY_NUMBER_WARN3", 15},      {"SEVERITY_NUMBER_WARN4", 16},  {"SEVERITY_NUMBER_ERROR", 17},
    {"SEVERITY_NUMBER_ERROR2", 18},     {"SEVERITY_NUMBER_ERROR3", 19}, {"SEVERITY_NUMBER_ERROR4", 20},
    {"SEVERITY_NUMBER_FATAL", 21},      {"SEVERITY_NUMBER_FATAL2", 22}, {"SEVERITY_NUMBER_FATAL3", 23},
    {"SEVERITY_NUMBER_FATAL4", 24}};

constexpr Field one(uint8_t number, std::string_view name, Message message) {
  return {number, name, Kind::message, Rule::singular, message};
}
constexpr Field many(uint8_t number, std::string_view name, Message message) {
  return {number, name, Kind::message, Rule::repeated, message};
}
constexpr Field variant(uint8_t number, std::string_view name, Message message) {
  return {number, name, Kind::message, Rule::oneof, message};
}
/// Parsers disagree about which of two such fields counts (protobuf merges, others replace), so one is the limit.
constexpr Field only(Field field) {
  field.once = true;
  return field;
}
constexpr Field named(uint8_t number, std::string_view name, std::span<const EnumValue> values) {
  return {number, name, Kind::enumeration, Rule::singular, Message::traces_data, values};
}

using enum Kind;
constexpr Rule kOptional = Rule::optional;
constexpr Rule kOneof = Rule::oneof;
constexpr Rule kRepeated = Rule::repeated;

inline constexpr Field kTracesData[] = {many(1, "resource_spans", Message::resource_spans)};
inline constexpr Field kResourceSpans[] = {only(one(1, "resource", Message::resource)),
                                           many(2, "scope_spans", Message::scope_spans),
                                           {3, "schema_url", string}};
inline constexpr Field kScopeSpans[] = {
    only(one(1, "scope", Message::instrumentation_scope)), many(2, "spans", Message::span), {3, "schema_url", string}};
inline constexpr Field kSpan[] = {{1, "trace_id", id},
                                  {2, "span_id", id},
                                  {3, "trace_state", string},
                                  {4, "parent_span_id", id},
                                  {16, "flags", fixed32},
                                  {5, "name", string},
                                  named(6, "kind", kSpanKinds),
                                  {7, "start_time_unix_nano", fixed64},
                                  {8, "end_time_unix_nano", fixed64},
                                  many(9, "attributes", Message::key_value),
                                  {10, "dropped_attributes_count", uint32},
                                  many(11, "events", Message::span_event),
                                  {12, "dropped_events_count", uint32},
                                  many(13, "links", Message::span_link),
                                  {14, "dropped_links_count", uint32},
                                  one(15, "status", Message::status)};
inline constexpr Field kSpanEvent[] = {{1, "time_unix_nano", fixed64},
                                       {2, "name", string},
                                       many(3, "attributes", Message::key_value),
                                       {4, "dropped_attributes_count", uint32}};
inline constexpr Field kSpanLink[] = {{1, "trace_id", id},
                                      {2, "span_id", id},
                                      {3, "trace_state", string},
                                      many(4, "attributes", Message::key_value),
                                      {5, "dropped_attributes_count", uint32},
                                      {6, "flags", fixed32}};
inline constexpr Field kStatus[] = {{2, "message", string}, named(3, "code", kStatusCodes)};

inline constexpr Field kMetricsData[] = {many(1, "resource_metrics", Message::resource_metrics)};
inline constexpr Field kResourceMetrics[] = {only(one(1, "resource", Message::resource)),
                                             many(2, "scope_metrics", Message::scope_metrics),
                                             {3, "schema_url", string}};
inline constexpr Field kScopeMetrics[] = {only(one(1, "scope", Message::instrumentation_scope)),
                                          many(2, "metrics", Message::metric),
                                          {3, "schema_url", string}};
inline constexpr Field kMetric[] = {{1, "name", string},
                                    {2, "description", string},
                                    {3, "unit", string},
                                    only(variant(5, "gauge", Message::gauge)),
                                    only(variant(7, "sum", Message::sum)),
                                    only(variant(9, "histogram", Message::histogram)),
                                    only(variant(10, "exponential_histogram", Message::exponential_histogram)),
                                    only(variant(11, "summary", Message::summary)),
                                    many(12, "metadata", Message::key_value)};
inline constexpr Field kGauge[] = {many(1, "data_points", Message::number_data_point)};
inline constexpr Field kSum[] = {many(1, "data_points", Message::number_data_point),
                                 named(2, "aggregation_temporality", kTemporalities),
                                 {3, "is_monotonic", boolean}};
inline constexpr Field kHistogram[] = {many(1, "data_points", Message::histogram_data_point),
                                       named(2, "aggregation_temporality", kTemporalities)};
inline constexpr Field kExponentialHistogram[] = {many(1, "data_points", Message::exponential_histogram_data_point),
                                                  named(2, "aggregation_temporality", kTemporalities)};
inline constexpr Field kSummary[] = {many(1, "data_points", Message::summary_data_point)};
inline constexpr Field kNumberDataPoint[] = {many(7, "attributes", Message::key_value),
                                             {2, "start_time_unix_nano", fixed64},
                                             {3, "time_unix_nano", fixed64},
                                             {4, "as_double", float64, kOneof},
                                             {6, "as_int", sfixed64, kOneof},
                                             many(5, "exemplars", Message::exemplar),
                                             {8, "flags", uint32}};
inline constexpr Field kHistogramDataPoint[] = {many(9, "attributes", Message::key_value),
                                                {2, "start_time_unix_nano", fixed64},
                                                {3, "time_unix_nano", fixed64},
                                                {4, "count", fixed64},
                                                {5, "sum", float64, kOptional},
                                                {6, "bucket_counts", fixed64, kRepeated},
                                                {7, "explicit_bounds", float64, kRepeated},
                                                many(8, "exemplars", Message::exemplar),
                                                {10, "flags", uint32},
                                                {11, "min", float64, kOptional},
                                                {12, "max", float64, kOptional}};
inline constexpr Field kExponentialHistogramDataPoint[] = {many(1, "attributes", Message::key_value),
                                                           {2, "start_time_unix_nano", fixed64},
                                                           {3, "time_unix_nano", fixed64},
                                                           {4, "count", fixed64},
                                                           {5, "sum", float64, kOptional},
                                                           {6, "scale", sint32},
                                                           {7, "zero_count", fixed64},
                                                           one(8, "positive", Message::exponential_histogram_buckets),
                                                           one(9, "negative", Message::exponential_histogram_buckets),
                                                           {10, "flags", uint32},
                                                           many(11, "exemplars", Message::exemplar),
                                                           {12, "min", float64, kOptional},
                                                           {13, "max", float64, kOptional},
                                                           {14, "zero_threshold", float64}};
inline constexpr Field kExponentialHistogramBuckets[] = {{1, "offset", sint32},
                                                         {2, "bucket_counts", uint64, kRepeated}};
inline constexpr Field kSummaryDataPoint[] = {many(7, "attributes", Message::key_value),
                                              {2, "start_time_unix_nano", fixed64},
                                              {3, "time_unix_nano", fixed64},
                                              {4, "count", fixed64},
                                              {5, "sum", float64},
                                              many(6, "quantile_values", Message::value_at_quantile),
                                              {8, "flags", uint32}};
inline constexpr Field kValueAtQuantile[] = {{1, "quantile", float64}, {2, "value", float64}};
inline constexpr Field kExemplar[] = {many(7, "filtered_attributes", Message::key_value),
                                      {2, "time_unix_nano", fixed64},
                                      {3, "as_double", float64, kOneof},
                                      {6, "as_int", sfixed64, kOneof},
                                      {4, "span_id", id},
                                      {5, "trace_id", id}};

inline constexpr Field kLogsData[] = {many(1, "resource_logs", Message::resource_logs)};
inline constexpr Field kResourceLogs[] = {
    only(one(1, "resource", Message::resource)), many(2, "scope_logs", Message::scope_logs), {3, "schema_url", string}};
inline constexpr Field kScopeLogs[] = {only(one(1, "scope", Message::instrumentation_scope)),
                                       many(2, "log_records", Message::log_record),
                                       {3, "schema_url", string}};
inline constexpr Field kLogRecord[] = {{1, "time_unix_nano", fixed64},
                                       {11, "observed_time_unix_nano", fixed64},
                                       named(2, "severity_number", kSeverities),
                                       {3, "severity_text", string},
                                       one(5, "body", Message::any_value),
                                       many(6, "attributes", Message::key_value),
                                       {7, "dropped_attributes_count", uint32},
                                       {8, "flags", fixed32},
                                       {9, "trace_id", id},
                                       {10, "span_id", id},
                                       {12, "event_name", string}};

inline constexpr Field kResource[] = {many(1, "attributes", Message::key_value),
                                      {2, "dropped_attributes_count", uint32},
                                      many(3, "entity_refs", Message::entity_ref)};
inline constexpr Field kEntityRef[] = {{1, "schema_url", string},
                                       {2, "type", string},
                                       {3, "id_keys", string, kRepeated},
                                       {4, "description_keys", string, kRepeated}};
inline constexpr Field kInstrumentationScope[] = {{1, "name", string},
                                                  {2, "version", string},
                                                  many(3, "attributes", Message::key_value),
                                                  {4, "dropped_attributes_count", uint32}};
inline constexpr Field kKeyValue[] = {
    {1, "key", string}, one(2, "value", Message::any_value), {3, "key_strindex", int32}};
inline constexpr Field kAnyValue[] = {{1, "string_value", string, kOneof},
                                      {2, "bool_value", boolean, kOneof},
                                      {3, "int_value", int64, kOneof},
                                      {4, "double_value", float64, kOneof},
                                      variant(5, "array_value", Message::array_value),
                                      variant(6, "kvlist_value", Message::key_value_list),
                                      {7, "bytes_value", bytes, kOneof},
                                      {8, "string_value_strindex", int32, kOneof}};
inline constexpr Field kArrayValue[] = {many(1, "values", Message::any_value)};
inline constexpr Field kKeyValueList[] = {many(1, "values", Message::key_value)};

inline constexpr Field kExportTraceResponse[] = {one(1, "partial_success", Message::trace_partial_success)};
inline constexpr Field kExportMetricsResponse[] = {one(1, "partial_success", Message::metrics_partial_success)};
inline constexpr Field kExportLogsResponse[] = {one(1, "partial_success", Message::logs_partial_success)};
inline constexpr Field kTracePartialSuccess[] = {{1, "rejected_spans", int64}, {2, "error_message", string}};
inline constexpr Field kMetricsPartialSuccess[] = {{1, "rejected_data_points", int64}, {2, "error_message", string}};
inline constexpr Field kLogsPartialSuccess[] = {{1, "rejected_log_records", int64}, {2, "error_message", string}};

inline constexpr Field kRpcStatus[] = {{1, "code", int32}, {2, "message", string}, {3, "details", any, kRepeated}};
inline constexpr Field kRpcRetryInfo[] = {{1, "retry_delay", duration}};
inline constexpr Field kRpcBadRequest[] = {many(1, "field_violations", Message::rpc_field_violation)};
inline constexpr Field kRpcFieldViolation[] = {{1, "field", string}, {2, "description", string}};

}  // namespace tables

struct MessageSchema {
  std::string_view name;  // as in the .proto file, without the package
  std::span<const Field> fields;
};

/// In the order of Message.
inline constexpr std::array<MessageSchema, kMessageCount> kSchema = {{
    {"TracesData", tables::kTracesData},
    {"ResourceSpans", tables::kResourceSpans},
    {"ScopeSpans", tables::kScopeSpans},
    {"Span", tables::kSpan},
    {"Span.Event", tables::kSpanEvent},
    {"Span.Link", tables::kSpanLink},
    {"Status", tables::kStatus},
    {"MetricsData", tables::kMetricsData},
    {"ResourceMetrics", tables::kResourceMetrics},
    {"ScopeMetrics", tables::kScopeMetrics},
    {"Metric", tables::kMetric},
    {"Gauge", tables::kGauge},
    {"Sum", tables::kSum},
    {"Histogram", tables::kHistogram},
    {"ExponentialHistogram", tables::kExponentialHistogram},
    {"Summary", tables::kSummary},
    {"NumberDataPoint", tables::kNumberDataPoint},
    {"HistogramDataPoint", tables::kHistogramDataPoint},
    {"ExponentialHistogramDataPoint", tables::kExponentialHistogramDataPoint},
    {"ExponentialHistogramDataPoint.Buckets", tables::kExponentialHistogramBuckets},
    {"SummaryDataPoint", tables::kSummaryDataPoint},
    {"SummaryDataPoint.ValueAtQuantile", tables::kValueAtQuantile},
    {"Exemplar", tables::kExemplar},
    {"LogsData", tables::kLogsData},
    {"ResourceLogs", tables::kResourceLogs},
    {"ScopeLogs", tables::kScopeLogs},
    {"LogRecord", tables::kLogRecord},
    {"Resource", tables::kResource},
    {"EntityRef", tables::kEntityRef},
    {"InstrumentationScope", tables::kInstrumentationScope},
    {"KeyValue", tables::kKeyValue},
    {"AnyValue", tables::kAnyValue},
    {"ArrayValue", tables::kArrayValue},
    {"KeyValueList", tables::kKeyValueList},
    {"ExportTraceServiceResponse", tables::kExportTraceResponse},
    {"ExportMetricsServiceResponse", tables::kExportMetricsResponse},
    {"ExportLogsServiceResponse", tables::kExportLogsResponse},
    {"ExportTracePartialSuccess", tables::kTracePartialSuccess},
    {"ExportMetricsPartialSuccess", tables::kMetricsPartialSuccess},
    {"ExportLogsPartialSuccess", tables::kLogsPartialSuccess},
    {"google.rpc.Status", tables::kRpcStatus},
    {"google.rpc.RetryInfo", tables::kRpcRetryInfo},
    {"google.rpc.BadRequest", tables::kRpcBadRequest},
    {"google.rpc.BadRequest.FieldViolation", tables::kRpcFieldViolation},
}};

constexpr const MessageSchema& schema(Message message) noexcept {
  return kSchema[static_cast<size_t>(message)];
}

constexpr const Field* find_field(Message message, uint32_t number) noexcept {
  for (const Field& field : schema(message).fields) {
    if (field.number == number) return &field;
  }
  return nullptr;
}

/// TracesData, MetricsData or LogsData; the Export requests have the same encoding.
constexpr Message root(Signal signal) noexcept {
  return signal == Signal::traces    ? Message::traces_data
         : signal == Signal::metrics ? Message::metrics_data
                                     : Message::logs_data;
}

constexpr Message export_response(Signal signal) noexcept {
  return signal == Signal::traces    ? Message::export_trace_response
         : signal == Signal::metrics ? Message::export_metrics_response
                                     : Message::export_logs_response;
}

/// Spans, data points and log records: what is counted, and between which messages are cut.
constexpr bool is_item(Message message) noexcept {
  switch (message) {
    case Message::span:
    case Message::number_data_point:
    case Message::histogram_data_point:
    case Message::exponential_histogram_data_point:
    case Message::summary_data_point:
    case Message::log_record:
      return true;
    default:
      return false;
  }
}

/// Messages that have items somewhere inside.
constexpr bool holds_items(Message message) noexcept {
  for (const Field& field : schema(message).fields) {
    // Two levels of messages can hold themselves, AnyValue and KeyValue, and neither holds items.
    if (field.kind != Kind::message || field.message == Message::any_value || field.message == Message::key_value)
      continue;
    if (is_item(field.message) || holds_items(field.message)) return true;
  }
  return false;
}

/// How a single value of this kind is encoded.
constexpr WireType wire_type(Kind kind) noexcept {
  switch (kind) {
    case Kind::fixed32:
      return WireType::fixed32;
    case Kind::fixed64:
    case Kind::sfixed64:
    case Kind::float64:
      return WireType::fixed64;
    case Kind::string:
    case Kind::bytes:
    case Kind::id:
    case Kind::message:
    case Kind::duration:
    case Kind::any:
      return WireType::length;
    default:
      return WireType::varint;
  }
}

/// Repeated numbers are packed into one length-delimited field.
constexpr bool is_packed(const Field& field) noexcept {
  return field.rule == Rule::repeated && wire_type(field.kind) != WireType::length;
}

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_SCHEMA_H
