// SPDX-License-Identifier: Apache-2.0
//
// Fuzz target: any bytes as a message of each signal. check() answers as protobuf's parser does, but for its own
// limits; what it takes can be cut, edited and viewed, and stays a message; what it refuses does no harm. The corpus
// (tests/fuzz/otlp_protobuf) is replayed in every run of the tests.
#include "tests/proto/otlp_protobuf_fuzz.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "plugins/wire/check.h"
#include "plugins/wire/metric_views.h"
#include "plugins/wire/rewrite.h"
#include "plugins/wire/split.h"
#include "plugins/wire/views.h"
#include "tests/proto/oracle.h"

namespace sluice::fuzz {
namespace {

using wire::Bytes;
using wire::Signal;

/// Where check() may refuse what protobuf takes.
bool is_own_limit(std::string_view error) {
  return error == "wrong wire type" || error == "a field that may be there only once is repeated" ||
         error == "values are nested too deeply" ||
         // More than 32 or 64 bits, of which protobuf drops some.
         error == "damaged field number" || error == "damaged number";
}

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

uint64_t count(const wire::Attributes& attributes) {
  uint64_t n = 0;
  for (const wire::KeyValue& attribute : attributes) {
    n += attribute.key.size() + attribute.value.array().count() + attribute.value.map().count();
  }
  return n;
}

uint64_t view(Signal signal, Bytes message) {
  uint64_t n = 0;
  if (signal == Signal::traces) {
    for (const wire::ResourceSpans& resource : wire::traces(message)) {
      n += count(resource.resource.attributes);
      for (const wire::ScopeSpans& scope : resource.scopes) {
        for (const wire::Span& span : scope.items) {
          n += count(span.attributes) + span.name.size();
          for (const wire::SpanEvent& event : span.events) n += count(event.attributes);
          for (const wire::SpanLink& link : span.links) n += link.trace_id.size();
        }
      }
    }
  } else if (signal == Signal::logs) {
    for (const wire::ResourceLogs& resource : wire::logs(message)) {
      for (const wire::ScopeLogs& scope : resource.scopes) {
        for (const wire::LogRecord& record : scope.items) n += count(record.attributes) + record.body.text().size();
      }
    }
  } else {
    for (const wire::ResourceMetrics& resource : wire::metrics(message)) {
      for (const wire::ScopeMetrics& scope : resource.scopes) {
        for (const wire::Metric& metric : scope.items) {
          for (const auto& point : metric.number_points()) n += count(point.attributes) + point.exemplars.count();
          for (const auto& point : metric.histogram_points()) n += point.bucket_counts.count();
          for (const auto& point : metric.exponential_histogram_points()) n += point.positive.bucket_counts.count();
          for (const auto& point : metric.summary_points()) n += point.quantile_values.count();
        }
      }
    }
  }
  return n;
}

void use(Signal signal, Bytes message, bool ok, uint64_t items) {
  view(signal, message);
  const uint64_t first = items / 3;
  const uint64_t middle = (items + 1) / 2;
  std::string slice;
  wire::append_slice(signal, message, first, middle, slice);
  const uint64_t within = wire::items_within(signal, message, first, message.size() / 2);
  wire::AttributeEdits edits;
  edits.upsert("k", wire::string_value("v"));
  edits.erase("service.name");
  for (const wire::Level level : {wire::Level::resource, wire::Level::scope, wire::Level::item}) {
    std::string edited;
    const bool changed = wire::rewrite_attributes(signal, message, level, edits, edited);
    if (!ok || !changed) continue;
    const wire::Checked checked = wire::check(signal, wire::to_bytes(edited));
    require(checked.ok, "an edited message is damaged");
    require(checked.items == items, "an edit lost items");
  }
  if (!ok) return;
  const wire::Checked checked = wire::check(signal, wire::to_bytes(slice));
  require(checked.ok, "a slice is damaged");
  require(checked.items == std::min(middle, items - first), "a slice has other items");
  if (within > 0) {
    std::string fitting;
    wire::append_slice(signal, message, first, within, fitting);
    require(fitting.size() <= message.size() / 2, "a slice is larger than its limit");
  }
}

}  // namespace

std::string compare(Signal signal, Bytes message) {
  const wire::Checked checked = wire::check(signal, message);
  const auto parsed = oracle::make_message(signal);
  const bool accepted = parsed->ParseFromArray(message.data(), static_cast<int>(message.size()));
  if (checked.ok && !accepted) return "protobuf refuses what check() takes";
  if (!checked.ok && accepted && !is_own_limit(checked.error)) {
    return "protobuf takes what check() refuses: " + checked.describe();
  }
  if (checked.ok && checked.items != oracle::items(*parsed).size()) return "other number of items";
  if (checked.ok == (checked.error != nullptr)) return "an error without words, or words without an error";
  return {};
}

}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const wire::Bytes message(data, size);
  for (const wire::Signal signal : oracle::kSignals) {
    fuzz::require(fuzz::compare(signal, message).empty(), fuzz::compare(signal, message).c_str());
    const wire::Checked checked = wire::check(signal, message);
    fuzz::use(signal, message, checked.ok, checked.items);
  }
  return 0;
}
