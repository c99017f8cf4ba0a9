// SPDX-License-Identifier: Apache-2.0
// What the ledger and the process look like as metrics: upstream's names with upstream's labels, ours beside them.
#include "core/telemetry/own_metrics.h"

#include <catch2/catch.hpp>

#include "core/telemetry/prometheus.h"
#include "core/telemetry/request_sizes.h"

namespace sluice::telemetry {
namespace {

// The exposition of what `source` says, one line per series, at `level`.
template <class Source>
std::string text_of(Source source, MetricsLevel level = MetricsLevel::normal) {
  Metrics metrics;
  auto registration = metrics.add_source(source);
  return prometheus_text(metrics.gather(level), {}, {});
}

bool has_line(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("ledger metrics: a pipeline of receiver, processor and exporter, with upstream's names", "[telemetry]") {
  Ledger ledger;
  const ComponentName receiver{SLUICE_RECEIVER, "otlp"}, batch{SLUICE_PROCESSOR, "batch"},
      tempo{SLUICE_EXPORTER, "otlp/t"};
  auto& door = ledger.door({"otlp", SLUICE_TRACES, "grpc"});
  door.receive({12, 120});
  door.accept({12, 120}, 2);
  door.turn_away({3, 30}, Reason::invalid);
  door.receive({4, 40});
  door.refuse({4, 40}, Reason::queue_full);
  auto& in = ledger.edge({"traces", SLUICE_TRACES, receiver, batch, true});
  in.offer({12, 120});
  in.take({12, 120}, 2);
  auto& out = ledger.edge({"traces", SLUICE_TRACES, batch, tempo});
  out.offer({10, 100});
  out.take({9, 90});
  out.give_back({1, 10}, Reason::queue_full);
  ledger.component({"traces", SLUICE_TRACES, batch}).filter(1);
  WrapperSum sum;
  sum.book.offered = 9;
  sum.book.delivered = 5;
  sum.book.dropped[static_cast<size_t>(Reason::permanent)] = 3;
  sum.book.queued = 1;
  sum.book.send_failed = 3;
  sum.book.enqueue_failed = 1;
  sum.queue_size = 1;
  sum.queue_capacity = 1000;
  sum.in_flight_requests = 2;
  sum.held_bytes = 77;
  sum.seen[static_cast<size_t>(flow::Seen::paused)] = 6;
  auto registration = ledger.wrapper({"otlp/t", SLUICE_TRACES, {"traces"}}, [&] { return sum; });

  auto source = [&](MetricSink& sink) { ledger_metrics(ledger.read(), sink); };
  std::string text = text_of(source);
  const char* lines[] = {
      R"(otelcol_receiver_accepted_spans{receiver="otlp",transport="grpc"} 10)",
      R"(otelcol_receiver_refused_spans{receiver="otlp",transport="grpc"} 9)",
      R"(otelcol_processor_incoming_items{otel_signal="traces",processor="batch"} 12)",
      R"(otelcol_processor_outgoing_items{otel_signal="traces",processor="batch"} 9)",
      R"(otelcol_exporter_sent_spans{exporter="otlp/t"} 5)",
      R"(otelcol_exporter_send_failed_spans{exporter="otlp/t"} 3)",
      R"(otelcol_exporter_enqueue_failed_spans{exporter="otlp/t"} 1)",
      R"(otelcol_exporter_queue_size{data_type="traces",exporter="otlp/t"} 1)",
      R"(otelcol_exporter_queue_capacity{data_type="traces",exporter="otlp/t"} 1000)",
      R"(otelcol_exporter_in_flight_requests{data_type="traces",exporter="otlp/t"} 2)",
      R"(sluice_ledger_imbalance{pipeline="traces",signal="traces"} 0)",
      R"(sluice_ledger_imbalance{pipeline="",signal="traces"} 0)",
      R"(sluice_ledger_in_transit{pipelines="traces",signal="traces"} 1)",
      R"(sluice_ledger_door_items{cell="refused",reason="rejected",receiver="otlp",signal="traces",transport="grpc"} 2)",
      R"(sluice_ledger_edge_items{cell="returned",from="processor:batch",pipeline="traces",reason="queue_full",signal="traces",to="exporter:otlp/t"} 1)",
      R"(sluice_ledger_component_items{cell="filtered",component="processor:batch",pipeline="traces",signal="traces"} 1)",
      R"(sluice_ledger_wrapper_items{cell="dropped",exporter="otlp/t",reason="permanent",signal="traces"} 3)",
      R"(sluice_ledger_wrapper_level{cell="queued",exporter="otlp/t",signal="traces"} 1)",
      R"(sluice_delivery_doubtful_items{exporter="otlp/t",signal="traces",what="resent"} 0)",
      R"(sluice_delivery_held_bytes{exporter="otlp/t",signal="traces"} 77)",
  };
  for (const char* line : lines) {
    INFO(line);
    CHECK(has_line(text, line));
  }

  auto items = [&](const char* kind, const char* flow, const char* id, const char* outcome, int n) {
    std::string line = std::string("otelcol_") + kind + "_" + flow + "_items{otelcol_component_id=\"" + id +
                       "\",otelcol_component_kind=\"" + kind + "\",otelcol_component_outcome=\"" + outcome +
                       "\",otelcol_signal=\"traces\"} " + std::to_string(n);
    INFO(line);
    CHECK(has_line(text, line));
  };
  items("receiver", "produced", "otlp", "success", 10);
  items("receiver", "produced", "otlp", "refused", 6);
  items("receiver", "produced", "otlp", "failure", 3);
  items("processor", "consumed", "batch", "success", 10);
  items("processor", "consumed", "batch", "refused", 2);
  items("processor", "produced", "batch", "success", 9);
  items("processor", "produced", "batch", "failure", 1);
  items("exporter", "consumed", "otlp/t", "success", 9);
  items("exporter", "consumed", "otlp/t", "failure", 1);

  CHECK(text.find("sluice_delivery_events") == std::string::npos);
  std::string detailed = text_of(source, MetricsLevel::detailed);
  CHECK(has_line(detailed, R"(sluice_delivery_events{event="paused",exporter="otlp/t",signal="traces"} 6)"));
  CHECK(detailed.find("otelcol_receiver_produced_size{") != std::string::npos);
  std::string basic = text_of(source, MetricsLevel::basic);
  CHECK(basic.find("otelcol_exporter_sent_spans") != std::string::npos);
  CHECK(basic.find("sluice_ledger_imbalance") != std::string::npos);
  CHECK(basic.find("sluice_ledger_edge_items") == std::string::npos);
}

TEST_CASE("ledger metrics: each signal has its noun", "[telemetry]") {
  Ledger ledger;
  for (sluice_signal signal : {SLUICE_TRACES, SLUICE_METRICS, SLUICE_LOGS})
    ledger.door({"otlp", signal, "http"}).receive({1, 1});
  std::string text = text_of([&](MetricSink& sink) { ledger_metrics(ledger.read(), sink); });
  for (const char* noun : {"spans", "metric_points", "log_records"}) {
    CHECK(has_line(text, std::string("otelcol_receiver_accepted_") + noun + R"({receiver="otlp",transport="http"} 0)"));
  }
}

TEST_CASE("ledger metrics: exporter without a queue, no queue metrics", "[telemetry]") {
  Ledger ledger;
  auto registration = ledger.wrapper({"debug", SLUICE_LOGS, {"logs"}}, [] { return WrapperSum{}; });
  std::string text = text_of([&](MetricSink& sink) { ledger_metrics(ledger.read(), sink); });
  CHECK(text.find("otelcol_exporter_queue") == std::string::npos);
  CHECK(text.find("otelcol_exporter_sent_log_records") != std::string::npos);
}

TEST_CASE("request sizes: what goes into the queue and what comes out, at level detailed", "[telemetry]") {
  Metrics metrics;
  RequestSizes sizes(metrics, "otlp/t", SLUICE_TRACES);
  sizes.offered({10, 100});
  sizes.offered({11, 17 << 20});
  sizes.sent({21, 200});
  CHECK(metrics.gather(MetricsLevel::normal).empty());
  std::string text = prometheus_text(metrics.gather(MetricsLevel::detailed), {}, {});
  const std::string labels = R"({data_type="traces",exporter="otlp/t")";
  for (const std::string& line : {"otelcol_exporter_enqueue_size_bucket" + labels + R"(,le="10"} 1)",
                                  "otelcol_exporter_enqueue_size_bucket" + labels + R"(,le="25"} 2)",
                                  "otelcol_exporter_enqueue_size_bytes_bucket" + labels + R"(,le="128"} 1)",
                                  "otelcol_exporter_enqueue_size_bytes_bucket" + labels + R"(,le="16777216"} 1)",
                                  "otelcol_exporter_enqueue_size_bytes_count" + labels + "} 2",
                                  "otelcol_exporter_queue_batch_send_size_sum" + labels + "} 21",
                                  "otelcol_exporter_queue_batch_send_size_bytes_sum" + labels + "} 200"}) {
    INFO(line);
    CHECK(has_line(text, line));
  }
}

TEST_CASE("process metrics: measured from this process", "[telemetry]") {
  Metrics metrics;
  auto registration = metrics.add_source([](MetricSink& sink) { process_metrics(2'500'000'000, sink); });
  auto families = metrics.gather(MetricsLevel::basic);
  auto number = [&](std::string_view name) {
    for (const Family& family : families) {
      if (family.info.name != name) continue;
      const MetricValue& value = family.series.at(0).value;
      return value.index() == 0 ? static_cast<double>(std::get<uint64_t>(value)) : std::get<double>(value);
    }
    return -1.0;
  };
  CHECK(number("otelcol_process_uptime") == 2.5);
  CHECK(number("otelcol_process_cpu_seconds") > 0);
  CHECK(number("otelcol_process_memory_rss") > 1e6);
  CHECK(number("otelcol_process_runtime_heap_alloc_bytes") >= 0);
  CHECK(number("otelcol_process_runtime_total_sys_memory_bytes") >= 0);
}

TEST_CASE("build and budget metrics", "[telemetry]") {
  flow::Budget budget(1000);
  budget.charge(100);
  std::string text = text_of([&](MetricSink& sink) {
    budget_metrics(budget, sink);
    build_metrics("0.1.0", sink);
  });
  CHECK(has_line(text, "sluice_memory_budget_limit_bytes 1000"));
  CHECK(has_line(text, "sluice_memory_budget_entry_limit_bytes 800"));
  CHECK(has_line(text, "sluice_memory_budget_used_bytes 100"));
  CHECK(has_line(text, "sluice_memory_budget_reserved_bytes 0"));
  const flow::Budget none(0);
  const std::string unlimited = text_of([&](MetricSink& sink) { budget_metrics(none, sink); });
  CHECK(has_line(unlimited, "sluice_memory_budget_limit_bytes 0"));
  CHECK(has_line(unlimited, "sluice_memory_budget_entry_limit_bytes 0"));
  CHECK(text.find("sluice_build_info{") != std::string::npos);
  CHECK(text.find("version=\"0.1.0\"} 1\n") != std::string::npos);
}

}  // namespace
}  // namespace sluice::telemetry
