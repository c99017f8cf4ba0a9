// SPDX-License-Identifier: Apache-2.0
// The telemetry that the benchmarks send: requests that are encoded once, written to a file and sent again and again,
// so that every system gets the same bytes. Each item carries its number in a field that collectors leave alone (the id
// of a span or of a log's span, the time of a data point), so a sink can tell what was lost, doubled or changed.
#ifndef SLUICE_BENCHMARKS_PAYLOAD_H
#define SLUICE_BENCHMARKS_PAYLOAD_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/wire/reader.h"
#include "plugins/wire/signal.h"

namespace sluice::benchmarks {

enum class Kind : uint32_t { traces, logs, sums, gauges, histograms, exponential_histograms };
std::optional<Kind> kind_of(std::string_view name);
wire::Signal signal_of(Kind kind);

struct Shape {
  Kind kind = Kind::traces;
  uint32_t requests = 64;  // different ones; they are sent in turn
  uint32_t items_per_request = 1000;
  // 0: as applications send them (spans of 563 bytes with 12 attributes, logs of 335, points of 165). Else an item of
  // about so many bytes: its ids and one attribute that fills it up.
  uint32_t item_bytes = 0;
  uint64_t seed = 1;
};

struct Payload {
  Shape shape;
  std::vector<std::vector<uint8_t>> requests;  // whole TracesData, MetricsData, LogsData

  static Payload make(const Shape& shape);
  // Both throw std::runtime_error with the file's name.
  static Payload read(const std::string& file);
  void write(const std::string& file) const;

  uint64_t items() const { return uint64_t{shape.items_per_request} * requests.size(); }
  uint64_t bytes() const;
};

// The number of an item from its encoded message; nothing: it is none of ours.
std::optional<uint64_t> item_number(wire::Signal signal, wire::Bytes item);

// Calls f(item) with each span, log record or data point of a message that has passed check().
template <typename F>
void for_each_item(wire::Signal signal, wire::Bytes message, F&& f) {
  using wire::Cursor;
  using wire::WireType;
  constexpr uint32_t kOne = wire::make_tag(1, WireType::length), kTwo = wire::make_tag(2, WireType::length);
  for (Cursor resource(message); resource.next();) {
    if (resource.tag() != kOne) continue;
    for (Cursor scope(resource.bytes()); scope.next();) {
      if (scope.tag() != kTwo) continue;
      for (Cursor item(scope.bytes()); item.next();) {
        if (item.tag() != kTwo) continue;
        if (signal != wire::Signal::metrics) {
          f(item.bytes());
          continue;
        }
        for (Cursor data(item.bytes()); data.next();) {  // of a metric: gauge, sum, histogram ...
          const uint32_t number = data.tag() >> 3;
          if (number != 5 && number != 7 && number != 9 && number != 10 && number != 11) continue;
          for (Cursor point(data.bytes()); point.next();) {
            if (point.tag() == kOne) f(point.bytes());
          }
        }
      }
    }
  }
}

}  // namespace sluice::benchmarks
#endif  // SLUICE_BENCHMARKS_PAYLOAD_H
