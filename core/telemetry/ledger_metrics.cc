// SPDX-License-Identifier: Apache-2.0
// The ledger as metrics. Upstream's names mean what docs/telemetry.md says; each cell of the books stands beside them.
#include <string>
#include <string_view>
#include <utility>

#include "core/telemetry/balance.h"
#include "core/telemetry/own_metrics.h"

namespace sluice::telemetry {

namespace {

using enum MetricType;

MetricInfo info(std::string name, const char* unit, const char* help, MetricType type = counter,
                MetricsLevel level = MetricsLevel::basic) {
  return {std::move(name), unit, help, type, level, {}};
}

std::string text(std::string_view view) {
  return std::string(view);
}

// ---- upstream's
// -------------------------------------------------------------------------------------------------------

enum class Outcome { success, refused, failure };

// `flow` is consumed or produced.
void add_items(MetricSink& sink, sluice_kind kind, const std::string& id, sluice_signal signal, const char* flow,
               Outcome outcome, uint64_t items) {
  static constexpr const char* kOutcomes[] = {"success", "refused", "failure"};
  std::string name = "otelcol." + text(kind_name(kind)) + "." + flow + ".items";
  bool is_consumed = std::string_view(flow) == "consumed";
  sink.add(info(name, "{item}", is_consumed ? "Items passed to the component." : "Items sent by the component.",
                counter, MetricsLevel::normal),
           {{"otelcol.component.kind", text(kind_name(kind))},
            {"otelcol.component.id", id},
            {"otelcol.signal", text(signal_name(signal))},
            {"otelcol.component.outcome", kOutcomes[static_cast<size_t>(outcome)]}},
           items);
}

void add_bytes(MetricSink& sink, sluice_kind kind, const std::string& id, sluice_signal signal, const char* flow,
               uint64_t bytes) {
  std::string name = "otelcol." + text(kind_name(kind)) + "." + flow + ".size";
  sink.add(info(name, "By", "Encoded size of these items.", counter, MetricsLevel::detailed),
           {{"otelcol.component.kind", text(kind_name(kind))},
            {"otelcol.component.id", id},
            {"otelcol.signal", text(signal_name(signal))},
            {"otelcol.component.outcome", "success"}},
           bytes);
}

// What the receiver itself could not take, as against what it was told by those behind it.
bool is_own_failure(Reason reason) {
  return reason == Reason::invalid || reason == Reason::plugin_error;
}

void receiver_metrics(const DoorKey& key, const DoorSum& door, MetricSink& sink) {
  Labels labels = {{"receiver", key.receiver}, {"transport", key.transport}};
  std::string items = text(item_name(key.signal));
  sink.add(info("otelcol_receiver_accepted_" + items, "{items}", "Items that were taken into the pipeline."), labels,
           door.accepted);
  sink.add(info("otelcol_receiver_refused_" + items, "{items}", "Items that were not taken: their sender was told so."),
           labels, total(door.refused));
  uint64_t failed = 0;
  for (size_t i = 0; i < door.refused.size(); ++i) {
    if (is_own_failure(static_cast<Reason>(i))) failed += door.refused[i];
  }
  auto add = [&](Outcome outcome, uint64_t n) {
    add_items(sink, SLUICE_RECEIVER, key.receiver, key.signal, "produced", outcome, n);
  };
  add(Outcome::success, door.accepted);
  add(Outcome::refused, total(door.refused) - failed);
  add(Outcome::failure, failed);
  add_bytes(sink, SLUICE_RECEIVER, key.receiver, key.signal, "produced", door.accepted_bytes);
}

void component_flow_metrics(const EdgeKey& key, const EdgeSum& edge, MetricSink& sink) {
  auto add = [&](const ComponentName& component, const char* flow) {
    if (component.kind == 0 || component.kind == SLUICE_RECEIVER) return;
    uint64_t refused = edge.passed_back, failed = total(edge.returned);
    if (component.kind == SLUICE_EXPORTER) failed += std::exchange(refused, 0);  // nobody is behind an exporter
    add_items(sink, component.kind, component.id, key.signal, flow, Outcome::success, edge.taken);
    add_items(sink, component.kind, component.id, key.signal, flow, Outcome::refused, refused);
    add_items(sink, component.kind, component.id, key.signal, flow, Outcome::failure, failed);
    add_bytes(sink, component.kind, component.id, key.signal, flow, edge.taken_bytes);
  };
  add(key.to, "consumed");
  add(key.from, "produced");

  auto processor_labels = [&](const std::string& id) {
    return Labels{{"processor", id}, {"otel.signal", text(signal_name(key.signal))}};
  };
  if (key.to.kind == SLUICE_PROCESSOR) {
    sink.add(info("otelcol_processor_incoming_items", "{items}", "Items passed to the processor."),
             processor_labels(key.to.id), edge.offered);
  }
  if (key.from.kind == SLUICE_PROCESSOR) {
    sink.add(info("otelcol_processor_outgoing_items", "{items}", "Items that the processor passed on."),
             processor_labels(key.from.id), edge.taken);
  }
}

void exporter_metrics(const WrapperKey& key, const WrapperSum& wrapper, MetricSink& sink) {
  std::string items = text(item_name(key.signal));
  Labels labels = {{"exporter", key.exporter}};
  sink.add(info("otelcol_exporter_sent_" + items, "{items}", "Items that the destination took."), labels,
           wrapper.book.delivered);
  sink.add(info("otelcol_exporter_send_failed_" + items, "{items}",
                "Items given up after at least one attempt, counted once, at their end."),
           labels, wrapper.book.send_failed);
  sink.add(info("otelcol_exporter_enqueue_failed_" + items, "{items}", "Items that found no place in the queue."),
           labels, wrapper.book.enqueue_failed);

  Labels with_type = {{"exporter", key.exporter}, {"data_type", text(signal_name(key.signal))}};
  if (wrapper.queue_capacity > 0) {
    sink.add(info("otelcol_exporter_queue_size", "", "What the queue holds, in its sizer's units.", gauge), with_type,
             wrapper.queue_size);
    sink.add(info("otelcol_exporter_queue_capacity", "", "What the queue can hold, in its sizer's units.", gauge),
             with_type, wrapper.queue_capacity);
  }
  sink.add(info("otelcol_exporter_in_flight_requests", "{requests}", "Requests begun and not ended.", up_down_counter),
           with_type, static_cast<int64_t>(wrapper.in_flight_requests));
}

// ---- ours
// -------------------------------------------------------------------------------------------------------------

// Counters and levels of one book, all with the labels of its place.
class BookSink {
 public:
  BookSink(MetricSink& sink, std::string book, Labels place)
      : sink_(sink), book_(std::move(book)), place_(std::move(place)) {}

  void count(const char* cell, uint64_t items) { add(cell, nullptr, items); }
  void count(const char* cell, const Reasons& reasons) {
    for (size_t i = 0; i < reasons.size(); ++i) {
      if (reasons[i] != 0) add(cell, flow::kReasonNames[i].data(), reasons[i]);
    }
  }
  void level(const char* cell, int64_t items) {
    Labels labels = place_;
    labels.emplace_back("cell", cell);
    sink_.add(info("sluice_ledger_" + book_ + "_level", "{items}", "Items in this cell of the ledger now.", gauge,
                   MetricsLevel::normal),
              std::move(labels), items);
  }

 private:
  void add(const char* cell, const char* reason, uint64_t items) {
    Labels labels = place_;
    labels.emplace_back("cell", cell);
    if (reason != nullptr) labels.emplace_back("reason", reason);
    sink_.add(info("sluice_ledger_" + book_ + "_items", "{items}", "Items that came into this cell of the ledger.",
                   counter, MetricsLevel::normal),
              std::move(labels), items);
  }

  MetricSink& sink_;
  const std::string book_;
  const Labels place_;
};

std::string full_name(const ComponentName& component) {
  return component.kind == 0 ? "" : text(kind_name(component.kind)) + ":" + component.id;
}

void books(const LedgerSnapshot& snapshot, MetricSink& sink) {
  for (const auto& [key, door] : snapshot.doors) {
    BookSink book(
        sink, "door",
        {{"receiver", key.receiver}, {"transport", key.transport}, {"signal", text(signal_name(key.signal))}});
    book.count("received", door.received);
    book.count("accepted", door.accepted);
    book.count("refused", door.refused);
    book.level("open", door.open);
  }
  for (const auto& [key, edge] : snapshot.edges) {
    BookSink book(sink, "edge",
                  {{"pipeline", key.pipeline},
                   {"signal", text(signal_name(key.signal))},
                   {"from", full_name(key.from)},
                   {"to", full_name(key.to)}});
    book.count("offered", edge.offered);
    book.count("taken", edge.taken);
    book.count("passed_back", edge.passed_back);
    book.count("returned", edge.returned);
    book.level("open", edge.open);
  }
  for (const auto& [key, component] : snapshot.components) {
    BookSink book(sink, "component",
                  {{"pipeline", key.pipeline},
                   {"signal", text(signal_name(key.signal))},
                   {"component", full_name(key.component)}});
    book.count("filtered", component.filtered);
    book.count("added", component.added);
    book.count("regained", component.regained);
    book.count("dropped", component.dropped);
    book.level("held", component.held);
  }
  for (const auto& [key, wrapper] : snapshot.wrappers) {
    BookSink book(sink, "wrapper", {{"exporter", key.exporter}, {"signal", text(signal_name(key.signal))}});
    book.count("offered", wrapper.book.offered);
    book.count("recovered", wrapper.book.recovered);
    book.count("delivered", wrapper.book.delivered);
    book.count("left", wrapper.book.left);
    book.count("dropped", wrapper.book.dropped);
    book.count("returned", wrapper.book.returned);
    book.level("waiting", static_cast<int64_t>(wrapper.book.waiting));
    book.level("queued", static_cast<int64_t>(wrapper.book.queued));
    book.level("in_flight", static_cast<int64_t>(wrapper.book.in_flight));
  }
}

void delivery_metrics(const WrapperKey& key, const WrapperSum& wrapper, MetricSink& sink) {
  Labels place = {{"exporter", key.exporter}, {"signal", text(signal_name(key.signal))}};
  auto with = [&](const char* label, std::string_view value) {
    Labels labels = place;
    labels.emplace_back(label, text(value));
    return labels;
  };
  MetricInfo doubtful = info("sluice_delivery_doubtful_items", "{items}",
                             "Items whose outcome at the destination is not known.", counter, MetricsLevel::normal);
  sink.add(doubtful, with("what", "resent"), wrapper.book.resent);
  sink.add(doubtful, with("what", "duplicates_possible"), wrapper.book.duplicates_possible);
  sink.add(doubtful, with("what", "expired_unknown"), wrapper.book.expired_unknown);
  sink.add(info("sluice_delivery_held_bytes", "By",
                "Memory that the batches in the queue keep in use, what is being sent included.", gauge,
                MetricsLevel::normal),
           place, wrapper.held_bytes);
  MetricInfo events = info("sluice_delivery_events", "{events}", "How often queue and retry came to this.", counter,
                           MetricsLevel::detailed);
  for (size_t i = 0; i < wrapper.seen.size(); ++i) {
    if (wrapper.seen[i] != 0) sink.add(events, with("event", flow::kSeenNames[i]), wrapper.seen[i]);
  }
}

void sums(const LedgerSnapshot& snapshot, MetricSink& sink) {
  MetricInfo imbalance = info("sluice_ledger_imbalance", "{items}",
                              "Items that the ledger cannot explain: 0, or the collector has a fault.", gauge);
  for (const auto& [pipeline, signal, items] : imbalances(snapshot)) {
    sink.add(imbalance, {{"pipeline", pipeline}, {"signal", text(signal_name(signal))}}, items);
  }
  MetricInfo in_transit = info("sluice_ledger_in_transit", "{items}",
                               "Items between two books now: 0 whenever nothing moves.", gauge, MetricsLevel::normal);
  for (const auto& group : pipeline_balances(snapshot)) {
    std::string pipelines;
    for (const auto& pipeline : group.pipelines) pipelines += (pipelines.empty() ? "" : ",") + pipeline;
    sink.add(in_transit, {{"pipelines", pipelines}, {"signal", text(signal_name(group.signal))}},
             group.balance.in_transit());
  }
}

}  // namespace

void ledger_metrics(const LedgerSnapshot& snapshot, MetricSink& sink) {
  for (const auto& [key, door] : snapshot.doors) receiver_metrics(key, door, sink);
  for (const auto& [key, edge] : snapshot.edges) component_flow_metrics(key, edge, sink);
  for (const auto& [key, wrapper] : snapshot.wrappers) {
    exporter_metrics(key, wrapper, sink);
    delivery_metrics(key, wrapper, sink);
  }
  books(snapshot, sink);
  sums(snapshot, sink);
}

}  // namespace sluice::telemetry
