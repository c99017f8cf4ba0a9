// SPDX-License-Identifier: Apache-2.0
// The three verbosities to the byte, on the samples of the documentation and on messages with every field.
#include "exporters/debug/print.h"

#include <catch2/catch.hpp>

#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/wire/writer.h"

namespace sluice::exporters {
namespace {

using testing::FakeHost;

constexpr uint64_t kTime = 1'700'000'000'000'000'000;

// One resource and scope of a signal with every field of theirs; `fill` writes into the scope.
template <class Fill>
std::string whole(Fill fill) {
  std::string out;
  wire::Writer writer(out);
  const auto attribute = [](auto& of, uint32_t number, const char* key, const char* text) {
    of.message(number, [&](auto& pair) {
      pair.text(1, key);
      pair.message(2, [&](auto& v) { v.text(1, text); });
    });
  };
  writer.message(1, [&](auto& resource_items) {
    resource_items.message(1, [&](auto& resource) {
      attribute(resource, 1, "r", "1");
      resource.message(3, [](auto& entity) {
        entity.text(1, "http://e");
        entity.text(2, "service");
        entity.text(3, "service.name");
        entity.text(4, "service.version");
      });
    });
    resource_items.message(2, [&](auto& scope_items) {
      scope_items.message(1, [&](auto& scope) {
        scope.text(1, "lib");
        scope.text(2, "v1");
        attribute(scope, 3, "s", "2");
      });
      fill(scope_items);
      scope_items.text(3, "http://scope");
    });
    resource_items.text(3, "http://resource");
  });
  return out;
}

template <class Writer>
void attribute(Writer& of, uint32_t number, const char* key, int64_t value) {
  of.message(number, [&](auto& pair) {
    pair.text(1, key);
    pair.message(2, [&](auto& v) { v.signed_varint(3, value); });
  });
}

std::string normal(sluice_signal signal, const std::string& message) {
  FakeHost host;
  return print_normal(*host.batch(signal, message));
}

std::string detailed(sluice_signal signal, const std::string& message) {
  FakeHost host;
  return print_detailed(*host.batch(signal, message));
}

const std::string kWholeHead =
    "Resource SchemaURL: http://resource\n"
    "Resource attributes:\n"
    "     -> r: Str(1)\n"
    "Resource entity refs:\n"
    "     -> Entity ref #0:\n"
    "          -> Type: service\n"
    "          -> Schema URL: http://e\n"
    "          -> ID keys:\n"
    "               -> service.name\n"
    "          -> Description keys:\n"
    "               -> service.version\n";
const std::string kWholeScope =
    "InstrumentationScope lib v1\n"
    "InstrumentationScope attributes:\n"
    "     -> s: Str(2)\n";

TEST_CASE("debug normal: samples", "[exporter][debug]") {
  CHECK(normal(SLUICE_TRACES, testing::sample_traces()) ==
        "ResourceTraces #0 service.name=demo\n"
        "ScopeTraces #0 lib\n"
        "GET / 0102030405060708090a0b0c0d0e0f10 1112131415161718 http.status=200\n");
  CHECK(normal(SLUICE_METRICS, testing::sample_metrics()) ==
        "ResourceMetrics #0 service.name=demo\n"
        "ScopeMetrics #0\n"
        "hits{} 7\n");
  CHECK(normal(SLUICE_LOGS, testing::sample_logs()) ==
        "ResourceLog #0 service.name=demo\n"
        "ScopeLog #0\n"
        "hello \n");
}

TEST_CASE("debug normal: resources are counted through all messages of a batch", "[exporter][debug]") {
  FakeHost host;
  const BatchRef batch = host.batch(SLUICE_LOGS, {testing::sample_logs(), testing::sample_logs()});
  const std::string text = print_normal(*batch);
  CHECK(text.find("ResourceLog #1 service.name=demo\n") != std::string::npos);
}

TEST_CASE("debug normal: scope and resource with every field", "[exporter][debug]") {
  CHECK(normal(SLUICE_TRACES, whole([](auto& scope) { scope.message(2, [](auto& s) { s.text(5, "n"); }); })) ==
        "ResourceTraces #0 [http://resource] r=1\n"
        "ScopeTraces #0 lib@v1 [http://scope] s=2\n"
        "n  \n");
}

std::string all_metrics() {
  return whole([](auto& scope) {
    scope.message(2, [](auto& metric) {
      metric.text(1, "h");
      metric.message(9, [](auto& histogram) {
        histogram.message(1, [](auto& point) {
          point.fixed64(2, kTime);
          point.fixed64(3, kTime);
          point.fixed64(4, 6);
          point.float64(5, 20.5);
          for (const uint64_t count : {3, 2, 1}) point.fixed64(6, count);
          for (const double bound : {1.0, 5.5}) point.float64(7, bound);
          point.message(8, [](auto& exemplar) {
            exemplar.fixed64(2, kTime);
            exemplar.float64(3, 2.5);
            exemplar.text(5, "0123456789abcdef");
            attribute(exemplar, 7, "x", 1);
          });
          attribute(point, 9, "p", 1);
          attribute(point, 9, "q", 2);
          point.float64(11, 0.5);
          point.float64(12, 9);
        });
        histogram.varint(2, 1);
      });
    });
    scope.message(2, [](auto& metric) {
      metric.text(1, "e");
      metric.message(10, [](auto& exponential) {
        exponential.message(1, [](auto& point) {
          point.fixed64(4, 10);
          point.zigzag(6, 0);
          point.fixed64(7, 2);
          const auto buckets = [&point](uint32_t number, int32_t offset) {
            point.message(number, [offset](auto& b) {
              b.zigzag(1, offset);
              b.varint(2, 1);
              b.varint(2, 3);
            });
          };
          buckets(8, 0);
          buckets(9, 1);
        });
        exponential.varint(2, 2);
      });
    });
    scope.message(2, [](auto& metric) {
      metric.text(1, "s");
      metric.text(2, "a summary");
      metric.text(3, "ms");
      metric.message(11, [](auto& summary) {
        summary.message(1, [](auto& point) {
          point.fixed64(4, 2);
          point.float64(5, 3.5);
          point.message(6, [](auto& quantile) {
            quantile.float64(1, 0.99);
            quantile.float64(2, 1.25);
          });
        });
      });
    });
    scope.message(2, [](auto& metric) {
      metric.text(1, "g");
      metric.message(5, [](auto& gauge) { gauge.message(1, [](auto& point) { point.float64(4, 0.25); }); });
      attribute(metric, 12, "m", 3);
    });
  });
}

TEST_CASE("debug normal: points of every kind", "[exporter][debug]") {
  CHECK(normal(SLUICE_METRICS, all_metrics()) ==
        "ResourceMetrics #0 [http://resource] r=1\n"
        "ScopeMetrics #0 lib@v1 [http://scope] s=2\n"
        "h{p=1,q=2} count=6 sum=20.5 min=0.5 max=9 le1=3 le5.5=2 1\n"
        "e{} count=10 le-4=3 le-2=1 zero=2 le2=1 le4=3\n"
        "s{} count=2 sum=3.500000 q0.99=1.25\n"
        "g{} 0.25\n");
}

TEST_CASE("debug detailed: samples", "[exporter][debug]") {
  CHECK(detailed(SLUICE_TRACES, testing::sample_traces()) ==
        "ResourceSpans #0\n"
        "Resource SchemaURL: \n"
        "Resource attributes:\n"
        "     -> service.name: Str(demo)\n"
        "ScopeSpans #0\n"
        "ScopeSpans SchemaURL: \n"
        "InstrumentationScope lib \n"
        "Span #0\n"
        "    Trace ID       : 0102030405060708090a0b0c0d0e0f10\n"
        "    Parent ID      : \n"
        "    ID             : 1112131415161718\n"
        "    Name           : GET /\n"
        "    Kind           : Server\n"
        "    Start time     : 2023-11-14 22:13:20 +0000 UTC\n"
        "    End time       : 2023-11-14 22:13:20.25 +0000 UTC\n"
        "    Status code    : Ok\n"
        "    Status message : \n"
        "    DroppedAttributesCount: 0\n"
        "    DroppedEventsCount: 0\n"
        "    DroppedLinksCount: 0\n"
        "Attributes:\n"
        "     -> http.status: Int(200)\n");
  CHECK(detailed(SLUICE_METRICS, testing::sample_metrics()) ==
        "ResourceMetrics #0\n"
        "Resource SchemaURL: \n"
        "Resource attributes:\n"
        "     -> service.name: Str(demo)\n"
        "ScopeMetrics #0\n"
        "ScopeMetrics SchemaURL: \n"
        "InstrumentationScope  \n"
        "Metric #0\n"
        "Descriptor:\n"
        "     -> Name: hits\n"
        "     -> Description: \n"
        "     -> Unit: \n"
        "     -> DataType: Sum\n"
        "     -> IsMonotonic: true\n"
        "     -> AggregationTemporality: Cumulative\n"
        "NumberDataPoints #0\n"
        "StartTimestamp: 1970-01-01 00:00:00 +0000 UTC\n"
        "Timestamp: 2023-11-14 22:13:20 +0000 UTC\n"
        "Value: 7\n");
  CHECK(detailed(SLUICE_LOGS, testing::sample_logs()) ==
        "ResourceLog #0\n"
        "Resource SchemaURL: \n"
        "Resource attributes:\n"
        "     -> service.name: Str(demo)\n"
        "ScopeLogs #0\n"
        "ScopeLogs SchemaURL: \n"
        "InstrumentationScope  \n"
        "LogRecord #0\n"
        "ObservedTimestamp: 1970-01-01 00:00:00 +0000 UTC\n"
        "Timestamp: 2023-11-14 22:13:20 +0000 UTC\n"
        "SeverityText: INFO\n"
        "SeverityNumber: Info(9)\n"
        "Body: Str(hello)\n"
        "Trace ID: \n"
        "Span ID: \n"
        "Flags: 0\n");
}

TEST_CASE("debug detailed: span with every field", "[exporter][debug]") {
  const std::string message = whole([](auto& scope) {
    scope.message(2, [](auto& span) {
      span.text(1, "0123456789abcdef");
      span.text(2, "01234567");
      span.text(3, "a=b");
      span.text(4, "76543210");
      span.text(5, "n");
      span.varint(6, 9);
      span.varint(10, 1);
      span.message(11, [](auto& event) {
        event.fixed64(1, kTime);
        event.text(2, "thrown");
        attribute(event, 3, "k", 1);
        event.varint(4, 2);
      });
      span.message(11, [](auto& event) { event.text(2, "bare"); });
      span.message(13, [](auto& link) {
        link.text(1, "0123456789abcdef");
        link.text(2, "01234567");
        link.text(3, "c=d");
        attribute(link, 4, "l", 2);
      });
      span.message(15, [](auto& status) {
        status.text(2, "bad");
        status.varint(3, 2);
      });
    });
  });
  CHECK(detailed(SLUICE_TRACES, message) == "ResourceSpans #0\n" + kWholeHead +
                                                "ScopeSpans #0\n"
                                                "ScopeSpans SchemaURL: http://scope\n" +
                                                kWholeScope +
                                                "Span #0\n"
                                                "    Trace ID       : 30313233343536373839616263646566\n"
                                                "    Parent ID      : 3736353433323130\n"
                                                "    ID             : 3031323334353637\n"
                                                "    Name           : n\n"
                                                "    Kind           : \n"
                                                "    TraceState     : a=b\n"
                                                "    Start time     : 1970-01-01 00:00:00 +0000 UTC\n"
                                                "    End time       : 1970-01-01 00:00:00 +0000 UTC\n"
                                                "    Status code    : Error\n"
                                                "    Status message : bad\n"
                                                "    DroppedAttributesCount: 1\n"
                                                "    DroppedEventsCount: 0\n"
                                                "    DroppedLinksCount: 0\n"
                                                "Events:\n"
                                                "SpanEvent #0\n"
                                                "     -> Name: thrown\n"
                                                "     -> Timestamp: 2023-11-14 22:13:20 +0000 UTC\n"
                                                "     -> DroppedAttributesCount: 2\n"
                                                "     -> Attributes::\n"
                                                "          -> k: Int(1)\n"
                                                "SpanEvent #1\n"
                                                "     -> Name: bare\n"
                                                "     -> Timestamp: 1970-01-01 00:00:00 +0000 UTC\n"
                                                "     -> DroppedAttributesCount: 0\n"
                                                "Links:\n"
                                                "SpanLink #0\n"
                                                "     -> Trace ID: 30313233343536373839616263646566\n"
                                                "     -> ID: 3031323334353637\n"
                                                "     -> TraceState: c=d\n"
                                                "     -> DroppedAttributesCount: 0\n"
                                                "     -> Attributes::\n"
                                                "          -> l: Int(2)\n");
}

TEST_CASE("debug detailed: points of every kind", "[exporter][debug]") {
  const std::string kNever =
      "StartTimestamp: 1970-01-01 00:00:00 +0000 UTC\nTimestamp: 1970-01-01 00:00:00 +0000 UTC\n";
  CHECK(detailed(SLUICE_METRICS, all_metrics()) == "ResourceMetrics #0\n" + kWholeHead +
                                                       "ScopeMetrics #0\n"
                                                       "ScopeMetrics SchemaURL: http://scope\n" +
                                                       kWholeScope +
                                                       "Metric #0\n"
                                                       "Descriptor:\n"
                                                       "     -> Name: h\n"
                                                       "     -> Description: \n"
                                                       "     -> Unit: \n"
                                                       "     -> DataType: Histogram\n"
                                                       "     -> AggregationTemporality: Delta\n"
                                                       "HistogramDataPoints #0\n"
                                                       "Data point attributes:\n"
                                                       "     -> p: Int(1)\n"
                                                       "     -> q: Int(2)\n"
                                                       "StartTimestamp: 2023-11-14 22:13:20 +0000 UTC\n"
                                                       "Timestamp: 2023-11-14 22:13:20 +0000 UTC\n"
                                                       "Count: 6\n"
                                                       "Sum: 20.500000\n"
                                                       "Min: 0.500000\n"
                                                       "Max: 9.000000\n"
                                                       "ExplicitBounds #0: 1.000000\n"
                                                       "ExplicitBounds #1: 5.500000\n"
                                                       "Buckets #0, Count: 3\n"
                                                       "Buckets #1, Count: 2\n"
                                                       "Buckets #2, Count: 1\n"
                                                       "Exemplars:\n"
                                                       "Exemplar #0\n"
                                                       "     -> Trace ID: 30313233343536373839616263646566\n"
                                                       "     -> Span ID: \n"
                                                       "     -> Timestamp: 2023-11-14 22:13:20 +0000 UTC\n"
                                                       "     -> Value: 2.500000\n"
                                                       "     -> FilteredAttributes:\n"
                                                       "          -> x: Int(1)\n"
                                                       "Metric #1\n"
                                                       "Descriptor:\n"
                                                       "     -> Name: e\n"
                                                       "     -> Description: \n"
                                                       "     -> Unit: \n"
                                                       "     -> DataType: ExponentialHistogram\n"
                                                       "     -> AggregationTemporality: Cumulative\n"
                                                       "ExponentialHistogramDataPoints #0\n" +
                                                       kNever +
                                                       "Count: 10\n"
                                                       "Bucket [-8.000000, -4.000000), Count: 3\n"
                                                       "Bucket [-4.000000, -2.000000), Count: 1\n"
                                                       "Bucket [0, 0], Count: 2\n"
                                                       "Bucket (1.000000, 2.000000], Count: 1\n"
                                                       "Bucket (2.000000, 4.000000], Count: 3\n"
                                                       "Metric #2\n"
                                                       "Descriptor:\n"
                                                       "     -> Name: s\n"
                                                       "     -> Description: a summary\n"
                                                       "     -> Unit: ms\n"
                                                       "     -> DataType: Summary\n"
                                                       "SummaryDataPoints #0\n" +
                                                       kNever +
                                                       "Count: 2\n"
                                                       "Sum: 3.500000\n"
                                                       "QuantileValue #0: Quantile 0.990000, Value 1.250000\n"
                                                       "Metric #3\n"
                                                       "Descriptor:\n"
                                                       "     -> Name: g\n"
                                                       "     -> Description: \n"
                                                       "     -> Unit: \n"
                                                       "     -> DataType: Gauge\n"
                                                       "     -> Metadata:\n"
                                                       "          -> m: Int(3)\n"
                                                       "NumberDataPoints #0\n" +
                                                       kNever + "Value: 0.250000\n");
}

}  // namespace
}  // namespace sluice::exporters
