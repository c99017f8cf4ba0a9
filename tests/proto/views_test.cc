// SPDX-License-Identifier: Apache-2.0
//
// Views and writers against protobuf: what the views show, written again, is the same bytes. A field that a view lost
// or mixed up, or that the writer encodes in another way, differs.
#include "plugins/wire/views.h"

#include <catch2/catch.hpp>
#include <string>

#include "plugins/wire/metric_views.h"
#include "plugins/wire/writer.h"
#include "tests/proto/oracle.h"

namespace sluice::wire {
namespace {

using Out = Writer<std::string>;

/// A class, so that these functions see each other in any order.
struct Encoder {
  // Scalars of no presence are written unless they are zero, as proto3 does; fields by number, as protobuf does.
  static void put(Out& out, uint32_t number, std::string_view text) {
    if (!text.empty()) out.text(number, text);
  }
  static void put(Out& out, uint32_t number, Bytes bytes) {
    if (!bytes.empty()) out.bytes(number, bytes);
  }
  static void put_varint(Out& out, uint32_t number, int64_t value) {
    if (value != 0) out.signed_varint(number, value);
  }
  static void put_zigzag(Out& out, uint32_t number, int32_t value) {
    if (value != 0) out.zigzag(number, value);
  }
  static void put_fixed64(Out& out, uint32_t number, uint64_t value) {
    if (value != 0) out.fixed64(number, value);
  }
  static void put_fixed32(Out& out, uint32_t number, uint32_t value) {
    if (value != 0) out.fixed32(number, value);
  }
  static void put_optional(Out& out, uint32_t number, const std::optional<double>& value) {
    if (value) out.float64(number, *value);
  }

  template <typename View>
  static void put_message(Out& out, uint32_t number, const View& view) {
    std::string inner;
    Out writer(inner);
    encode(writer, view);
    if (!inner.empty()) out.text(number, inner);
  }

  template <typename View>
  static void put_each(Out& out, uint32_t number, const Repeated<View>& views) {
    for (const View& view : views) out.message(number, [&](Out& inner) { encode(inner, view); });
  }
  static void put_each(Out& out, uint32_t number, const Repeated<std::string_view>& texts) {
    for (const std::string_view text : texts) out.text(number, text);
  }

  static void encode(Out& out, const KeyValue& attribute) {
    put(out, 1, attribute.key);
    put_message(out, 2, attribute.value);
  }

  static void encode(Out& out, const AnyValue& value) {
    switch (value.type) {
      case AnyValue::Type::empty:
        break;
      case AnyValue::Type::string:
        out.text(1, value.text());
        break;
      case AnyValue::Type::boolean:
        out.varint(2, value.boolean() ? 1 : 0);
        break;
      case AnyValue::Type::integer:
        out.signed_varint(3, value.integer());
        break;
      case AnyValue::Type::float64:
        out.float64(4, value.float64());
        break;
      case AnyValue::Type::array:
        out.message(5, [&](Out& array) { put_each(array, 1, value.array()); });
        break;
      case AnyValue::Type::map:
        out.message(6, [&](Out& list) { put_each(list, 1, value.map()); });
        break;
      case AnyValue::Type::bytes:
        out.bytes(7, value.bytes());
        break;
    }
  }

  static void encode(Out& out, const EntityRef& ref) {
    put(out, 1, ref.schema_url);
    put(out, 2, ref.type);
    put_each(out, 3, ref.id_keys);
    put_each(out, 4, ref.description_keys);
  }

  static void encode(Out& out, const Resource& resource) {
    put_each(out, 1, resource.attributes);
    put_varint(out, 2, resource.dropped_attributes_count);
    put_each(out, 3, resource.entity_refs);
  }

  static void encode(Out& out, const Scope& scope) {
    put(out, 1, scope.name);
    put(out, 2, scope.version);
    put_each(out, 3, scope.attributes);
    put_varint(out, 4, scope.dropped_attributes_count);
  }

  static void encode(Out& out, const SpanEvent& event) {
    put_fixed64(out, 1, event.time_unix_nano);
    put(out, 2, event.name);
    put_each(out, 3, event.attributes);
    put_varint(out, 4, event.dropped_attributes_count);
  }

  static void encode(Out& out, const SpanLink& link) {
    put(out, 1, link.trace_id);
    put(out, 2, link.span_id);
    put(out, 3, link.trace_state);
    put_each(out, 4, link.attributes);
    put_varint(out, 5, link.dropped_attributes_count);
    put_fixed32(out, 6, link.flags);
  }

  static void encode(Out& out, const SpanStatus& status) {
    put(out, 2, status.message);
    put_varint(out, 3, status.code);
  }

  static void encode(Out& out, const Span& span) {
    put(out, 1, span.trace_id);
    put(out, 2, span.span_id);
    put(out, 3, span.trace_state);
    put(out, 4, span.parent_span_id);
    put(out, 5, span.name);
    put_varint(out, 6, span.kind);
    put_fixed64(out, 7, span.start_time_unix_nano);
    put_fixed64(out, 8, span.end_time_unix_nano);
    put_each(out, 9, span.attributes);
    put_varint(out, 10, span.dropped_attributes_count);
    put_each(out, 11, span.events);
    put_varint(out, 12, span.dropped_events_count);
    put_each(out, 13, span.links);
    put_varint(out, 14, span.dropped_links_count);
    put_message(out, 15, span.status);
    put_fixed32(out, 16, span.flags);
  }

  static void encode(Out& out, const LogRecord& record) {
    put_fixed64(out, 1, record.time_unix_nano);
    put_varint(out, 2, record.severity_number);
    put(out, 3, record.severity_text);
    put_message(out, 5, record.body);
    put_each(out, 6, record.attributes);
    put_varint(out, 7, record.dropped_attributes_count);
    put_fixed32(out, 8, record.flags);
    put(out, 9, record.trace_id);
    put(out, 10, record.span_id);
    put_fixed64(out, 11, record.observed_time_unix_nano);
    put(out, 12, record.event_name);
  }

  static void put_value(Out& out, const NumberValue& value, uint32_t float64, uint32_t integer) {
    if (value.type == NumberValue::Type::float64) out.float64(float64, value.float64());
    if (value.type == NumberValue::Type::integer) out.fixed64(integer, static_cast<uint64_t>(value.integer()));
  }

  static void encode(Out& out, const Exemplar& exemplar) {
    put_fixed64(out, 2, exemplar.time_unix_nano);
    put_value(out, exemplar.value.type == NumberValue::Type::float64 ? exemplar.value : NumberValue{}, 3, 6);
    put(out, 4, exemplar.span_id);
    put(out, 5, exemplar.trace_id);
    put_value(out, exemplar.value.type == NumberValue::Type::integer ? exemplar.value : NumberValue{}, 3, 6);
    put_each(out, 7, exemplar.filtered_attributes);
  }

  static void encode(Out& out, const NumberDataPoint& point) {
    put_fixed64(out, 2, point.start_time_unix_nano);
    put_fixed64(out, 3, point.time_unix_nano);
    put_value(out, point.value.type == NumberValue::Type::float64 ? point.value : NumberValue{}, 4, 6);
    put_each(out, 5, point.exemplars);
    put_value(out, point.value.type == NumberValue::Type::integer ? point.value : NumberValue{}, 4, 6);
    put_each(out, 7, point.attributes);
    put_varint(out, 8, point.flags);
  }

  template <typename Range>
  static void put_packed_fixed64(Out& out, uint32_t number, const Range& numbers) {
    std::string packed;
    for (const auto value : numbers) packed.append(reinterpret_cast<const char*>(&value), sizeof value);
    if (!packed.empty()) out.text(number, packed);
  }

  static void encode(Out& out, const HistogramDataPoint& point) {
    put_fixed64(out, 2, point.start_time_unix_nano);
    put_fixed64(out, 3, point.time_unix_nano);
    put_fixed64(out, 4, point.count);
    put_optional(out, 5, point.sum);
    put_packed_fixed64(out, 6, point.bucket_counts);
    put_packed_fixed64(out, 7, point.explicit_bounds);
    put_each(out, 8, point.exemplars);
    put_each(out, 9, point.attributes);
    put_varint(out, 10, point.flags);
    put_optional(out, 11, point.min);
    put_optional(out, 12, point.max);
  }

  static void encode(Out& out, const ExponentialHistogramDataPoint::Buckets& buckets) {
    put_zigzag(out, 1, buckets.offset);
    std::string packed;
    for (const uint64_t count : buckets.bucket_counts) append_varint(packed, count);
    put(out, 2, packed);
  }

  static void encode(Out& out, const ExponentialHistogramDataPoint& point) {
    put_each(out, 1, point.attributes);
    put_fixed64(out, 2, point.start_time_unix_nano);
    put_fixed64(out, 3, point.time_unix_nano);
    put_fixed64(out, 4, point.count);
    put_optional(out, 5, point.sum);
    put_zigzag(out, 6, point.scale);
    put_fixed64(out, 7, point.zero_count);
    put_message(out, 8, point.positive);
    put_message(out, 9, point.negative);
    put_varint(out, 10, point.flags);
    put_each(out, 11, point.exemplars);
    put_optional(out, 12, point.min);
    put_optional(out, 13, point.max);
    put_fixed64(out, 14, std::bit_cast<uint64_t>(point.zero_threshold));
  }

  static void encode(Out& out, const SummaryDataPoint::ValueAtQuantile& value) {
    put_fixed64(out, 1, std::bit_cast<uint64_t>(value.quantile));
    put_fixed64(out, 2, std::bit_cast<uint64_t>(value.value));
  }

  static void encode(Out& out, const SummaryDataPoint& point) {
    put_fixed64(out, 2, point.start_time_unix_nano);
    put_fixed64(out, 3, point.time_unix_nano);
    put_fixed64(out, 4, point.count);
    put_fixed64(out, 5, std::bit_cast<uint64_t>(point.sum));
    put_each(out, 6, point.quantile_values);
    put_each(out, 7, point.attributes);
    put_varint(out, 8, point.flags);
  }

  static void encode(Out& out, const Metric& metric) {
    put(out, 1, metric.name);
    put(out, 2, metric.description);
    put(out, 3, metric.unit);
    if (metric.type != Metric::Type::none) {
      out.message(static_cast<uint32_t>(metric.type), [&](Out& data) {
        put_each(data, 1, metric.number_points());
        put_each(data, 1, metric.histogram_points());
        put_each(data, 1, metric.exponential_histogram_points());
        put_each(data, 1, metric.summary_points());
        put_varint(data, 2, metric.aggregation_temporality);
        put_varint(data, 3, metric.is_monotonic ? 1 : 0);
      });
    }
    put_each(out, 12, metric.metadata);
  }

  template <typename Item>
  static void encode(Out& out, const ScopeOf<Item>& scope) {
    put_message(out, 1, scope.scope);
    put_each(out, 2, scope.items);
    put(out, 3, scope.schema_url);
  }

  template <typename Item>
  static void encode(Out& out, const ResourceOf<Item>& resource) {
    put_message(out, 1, resource.resource);
    put_each(out, 2, resource.scopes);
    put(out, 3, resource.schema_url);
  }
};

TEST_CASE("views against protobuf: what they show, written again, is the same bytes", "[proto]") {
  oracle::Random random(21);
  size_t bytes = 0;
  for (int round = 0; round < 400; ++round) {
    for (const Signal signal : oracle::kSignals) {
      const std::string message = oracle::random_bytes(signal, random, {.empty_messages = false});
      std::string again;
      Out out(again);
      if (signal == Signal::traces) Encoder::put_each(out, 1, traces(to_bytes(message)));
      if (signal == Signal::metrics) Encoder::put_each(out, 1, metrics(to_bytes(message)));
      if (signal == Signal::logs) Encoder::put_each(out, 1, logs(to_bytes(message)));
      REQUIRE((again == message));
      bytes += message.size();
    }
  }
  CHECK(bytes > 1'000'000);
}

}  // namespace
}  // namespace sluice::wire
