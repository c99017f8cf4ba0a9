// SPDX-License-Identifier: Apache-2.0
//
// Reading telemetry where it lies. A view is made from the bytes of one message by one pass over its fields: scalars
// are decoded, strings and ids point into the bytes, messages inside are ranges that make their views while iterated:
//
//   for (const ResourceSpans& resource : traces(bytes)) {
//     for (const ScopeSpans& scope : resource.scopes) {
//       for (const Span& span : scope.items) print(span.name, span.attributes);
//     }
//   }
//
// Nothing allocates; a view is valid as long as the bytes. On bytes that did not pass check(), views are safe and end
// at the first damage. Where a singular field is there twice, the last one counts.
#ifndef SLUICE_PLUGINS_WIRE_VIEWS_H
#define SLUICE_PLUGINS_WIRE_VIEWS_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "plugins/wire/ranges.h"
#include "plugins/wire/reader.h"
#include "plugins/wire/signal.h"

namespace sluice::wire {

struct KeyValue;

/// A value of an attribute or a log's body. `type` says which of the accessors has meaning.
struct AnyValue {
  enum class Type : uint8_t { empty, string, boolean, integer, float64, array, map, bytes };

  AnyValue() = default;
  explicit AnyValue(Bytes message) noexcept : encoded(message) {
    if (message.size() >= 2 && message[0] == detail::length_tag(1) && message[1] < 0x80 &&
        message[1] == message.size() - 2) {
      // PERF: a short string and nothing else, as most values are.
      type = Type::string;
      payload_ = message.subspan(2);
      return;
    }
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::length_tag(1):
          set(Type::string, field);
          break;
        case detail::varint_tag(2):
          set(Type::boolean, field);
          break;
        case detail::varint_tag(3):
          set(Type::integer, field);
          break;
        case detail::fixed64_tag(4):
          set(Type::float64, field);
          break;
        case detail::length_tag(5):
          set(Type::array, field);
          break;
        case detail::length_tag(6):
          set(Type::map, field);
          break;
        case detail::length_tag(7):
          set(Type::bytes, field);
          break;
        default:
          break;
      }
    }
  }

  std::string_view text() const noexcept { return to_text(payload_); }
  bool boolean() const noexcept { return number_ != 0; }
  int64_t integer() const noexcept { return static_cast<int64_t>(number_); }
  double float64() const noexcept { return std::bit_cast<double>(number_); }
  Bytes bytes() const noexcept { return payload_; }
  Repeated<AnyValue> array() const noexcept;
  Repeated<KeyValue> map() const noexcept;

  Type type = Type::empty;
  Bytes encoded;

 private:
  void set(Type which, const Cursor& field) noexcept {
    type = which;
    number_ = field.value();
    payload_ = field.bytes();
  }

  Bytes payload_;
  uint64_t number_ = 0;
};

struct KeyValue {
  explicit KeyValue(Bytes message) noexcept {
    // PERF: a short key, a short value and nothing else, as most attributes are.
    const size_t size = message.size();
    if (size >= 4 && message[0] == detail::length_tag(1) && message[1] < 0x80 && message[1] <= size - 4) {
      const size_t length = message[1];
      if (message[2 + length] == detail::length_tag(2) && message[3 + length] < 0x80 &&
          message[3 + length] == size - 4 - length) {
        key = to_text(message.subspan(2, length));
        value = AnyValue(message.subspan(4 + length));
        return;
      }
    }
    for (Cursor field(message); field.next();) {
      if (field.tag() == detail::length_tag(1)) key = field.text();
      if (field.tag() == detail::length_tag(2)) value = AnyValue(field.bytes());
    }
  }

  std::string_view key;
  AnyValue value;
};

using Attributes = Repeated<KeyValue>;

inline Repeated<AnyValue> AnyValue::array() const noexcept {
  return {payload_, 1};
}
inline Repeated<KeyValue> AnyValue::map() const noexcept {
  return {payload_, 1};
}

/// The first attribute of that key.
inline std::optional<AnyValue> find(const Attributes& attributes, std::string_view key) noexcept {
  for (const KeyValue& attribute : attributes) {
    if (attribute.key == key) return attribute.value;
  }
  return std::nullopt;
}

struct EntityRef {
  explicit EntityRef(Bytes message) noexcept {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::length_tag(1):
          schema_url = field.text();
          break;
        case detail::length_tag(2):
          type = field.text();
          break;
        case detail::length_tag(3):
          id_keys.extend(field);
          break;
        case detail::length_tag(4):
          description_keys.extend(field);
          break;
        default:
          break;
      }
    }
  }

  std::string_view schema_url;
  std::string_view type;
  Repeated<std::string_view> id_keys;
  Repeated<std::string_view> description_keys;
};

struct Resource {
  Resource() = default;
  explicit Resource(Bytes message) noexcept : encoded(message) {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::length_tag(1):
          attributes.extend(field);
          break;
        case detail::varint_tag(2):
          dropped_attributes_count = static_cast<uint32_t>(field.value());
          break;
        case detail::length_tag(3):
          entity_refs.extend(field);
          break;
        default:
          break;
      }
    }
  }

  Attributes attributes;
  uint32_t dropped_attributes_count = 0;
  Repeated<EntityRef> entity_refs;
  Bytes encoded;
};

struct Scope {
  Scope() = default;
  explicit Scope(Bytes message) noexcept : encoded(message) {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::length_tag(1):
          name = field.text();
          break;
        case detail::length_tag(2):
          version = field.text();
          break;
        case detail::length_tag(3):
          attributes.extend(field);
          break;
        case detail::varint_tag(4):
          dropped_attributes_count = static_cast<uint32_t>(field.value());
          break;
        default:
          break;
      }
    }
  }

  std::string_view name;
  std::string_view version;
  Attributes attributes;
  uint32_t dropped_attributes_count = 0;
  Bytes encoded;
};

/// ScopeSpans, ScopeMetrics or ScopeLogs: their fields have the same numbers. Items are spans, metrics or log records.
template <typename Item>
struct ScopeOf {
  explicit ScopeOf(Bytes message) noexcept : encoded(message) {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::length_tag(1):
          scope = Scope(field.bytes());
          break;
        case detail::length_tag(2):
          items.extend(field);
          break;
        case detail::length_tag(3):
          schema_url = field.text();
          break;
        default:
          break;
      }
    }
  }

  Scope scope;
  std::string_view schema_url;
  Repeated<Item> items;
  Bytes encoded;
};

/// ResourceSpans, ResourceMetrics or ResourceLogs.
template <typename Item>
struct ResourceOf {
  explicit ResourceOf(Bytes message) noexcept : encoded(message) {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::length_tag(1):
          resource = Resource(field.bytes());
          break;
        case detail::length_tag(2):
          scopes.extend(field);
          break;
        case detail::length_tag(3):
          schema_url = field.text();
          break;
        default:
          break;
      }
    }
  }

  Resource resource;
  std::string_view schema_url;
  Repeated<ScopeOf<Item>> scopes;
  Bytes encoded;
};

struct SpanEvent {
  explicit SpanEvent(Bytes message) noexcept : encoded(message) {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::fixed64_tag(1):
          time_unix_nano = field.value();
          break;
        case detail::length_tag(2):
          name = field.text();
          break;
        case detail::length_tag(3):
          attributes.extend(field);
          break;
        case detail::varint_tag(4):
          dropped_attributes_count = static_cast<uint32_t>(field.value());
          break;
        default:
          break;
      }
    }
  }

  uint64_t time_unix_nano = 0;
  std::string_view name;
  Attributes attributes;
  uint32_t dropped_attributes_count = 0;
  Bytes encoded;
};

struct SpanLink {
  explicit SpanLink(Bytes message) noexcept : encoded(message) {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::length_tag(1):
          trace_id = field.bytes();
          break;
        case detail::length_tag(2):
          span_id = field.bytes();
          break;
        case detail::length_tag(3):
          trace_state = field.text();
          break;
        case detail::length_tag(4):
          attributes.extend(field);
          break;
        case detail::varint_tag(5):
          dropped_attributes_count = static_cast<uint32_t>(field.value());
          break;
        case detail::fixed32_tag(6):
          flags = static_cast<uint32_t>(field.value());
          break;
        default:
          break;
      }
    }
  }

  Bytes trace_id;
  Bytes span_id;
  std::string_view trace_state;
  Attributes attributes;
  uint32_t dropped_attributes_count = 0;
  uint32_t flags = 0;
  Bytes encoded;
};

struct SpanStatus {
  SpanStatus() = default;
  explicit SpanStatus(Bytes encoded) noexcept {
    for (Cursor field(encoded); field.next();) {
      if (field.tag() == detail::length_tag(2)) message = field.text();
      if (field.tag() == detail::varint_tag(3)) code = static_cast<int32_t>(field.value());
    }
  }

  std::string_view message;
  int32_t code = 0;
};

struct Span {
  explicit Span(Bytes message) noexcept : encoded(message) {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::length_tag(1):
          trace_id = field.bytes();
          break;
        case detail::length_tag(2):
          span_id = field.bytes();
          break;
        case detail::length_tag(3):
          trace_state = field.text();
          break;
        case detail::length_tag(4):
          parent_span_id = field.bytes();
          break;
        case detail::length_tag(5):
          name = field.text();
          break;
        case detail::varint_tag(6):
          kind = static_cast<int32_t>(field.value());
          break;
        case detail::fixed64_tag(7):
          start_time_unix_nano = field.value();
          break;
        case detail::fixed64_tag(8):
          end_time_unix_nano = field.value();
          break;
        case detail::length_tag(9):
          attributes.extend(field);
          break;
        case detail::varint_tag(10):
          dropped_attributes_count = static_cast<uint32_t>(field.value());
          break;
        case detail::length_tag(11):
          events.extend(field);
          break;
        case detail::varint_tag(12):
          dropped_events_count = static_cast<uint32_t>(field.value());
          break;
        case detail::length_tag(13):
          links.extend(field);
          break;
        case detail::varint_tag(14):
          dropped_links_count = static_cast<uint32_t>(field.value());
          break;
        case detail::length_tag(15):
          status = SpanStatus(field.bytes());
          break;
        case detail::fixed32_tag(16):
          flags = static_cast<uint32_t>(field.value());
          break;
        default:
          break;
      }
    }
  }

  Bytes trace_id;
  Bytes span_id;
  std::string_view trace_state;
  Bytes parent_span_id;
  std::string_view name;
  int32_t kind = 0;
  uint64_t start_time_unix_nano = 0;
  uint64_t end_time_unix_nano = 0;
  Attributes attributes;
  uint32_t dropped_attributes_count = 0;
  Repeated<SpanEvent> events;
  uint32_t dropped_events_count = 0;
  Repeated<SpanLink> links;
  uint32_t dropped_links_count = 0;
  SpanStatus status;
  uint32_t flags = 0;
  Bytes encoded;
};

struct LogRecord {
  explicit LogRecord(Bytes message) noexcept : encoded(message) {
    for (Cursor field(message); field.next();) {
      switch (field.tag()) {
        case detail::fixed64_tag(1):
          time_unix_nano = field.value();
          break;
        case detail::varint_tag(2):
          severity_number = static_cast<int32_t>(field.value());
          break;
        case detail::length_tag(3):
          severity_text = field.text();
          break;
        case detail::length_tag(5):
          body = AnyValue(field.bytes());
          break;
        case detail::length_tag(6):
          attributes.extend(field);
          break;
        case detail::varint_tag(7):
          dropped_attributes_count = static_cast<uint32_t>(field.value());
          break;
        case detail::fixed32_tag(8):
          flags = static_cast<uint32_t>(field.value());
          break;
        case detail::length_tag(9):
          trace_id = field.bytes();
          break;
        case detail::length_tag(10):
          span_id = field.bytes();
          break;
        case detail::fixed64_tag(11):
          observed_time_unix_nano = field.value();
          break;
        case detail::length_tag(12):
          event_name = field.text();
          break;
        default:
          break;
      }
    }
  }

  uint64_t time_unix_nano = 0;
  uint64_t observed_time_unix_nano = 0;
  int32_t severity_number = 0;
  std::string_view severity_text;
  AnyValue body;
  Attributes attributes;
  uint32_t dropped_attributes_count = 0;
  uint32_t flags = 0;
  Bytes trace_id;
  Bytes span_id;
  std::string_view event_name;
  Bytes encoded;
};

using ResourceSpans = ResourceOf<Span>;
using ScopeSpans = ScopeOf<Span>;
using ResourceLogs = ResourceOf<LogRecord>;
using ScopeLogs = ScopeOf<LogRecord>;

/// The resources of a TracesData, LogsData or MetricsData (metrics() is in metric_views.h).
inline Repeated<ResourceSpans> traces(Bytes message) noexcept {
  return {message, 1};
}
inline Repeated<ResourceLogs> logs(Bytes message) noexcept {
  return {message, 1};
}

}  // namespace sluice::wire

#endif  // SLUICE_PLUGINS_WIRE_VIEWS_H
