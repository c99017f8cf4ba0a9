// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/request_sizes.h"

#include <vector>

#include "core/telemetry/balance.h"

namespace sluice::telemetry {

namespace {

std::vector<double> item_bounds() {
  return {10,   25,   50,   75,   100,  250,  500,   750,   1000,  2000,  3000,
          4000, 5000, 6000, 7000, 8000, 9000, 10000, 20000, 30000, 50000, 100000};
}

std::vector<double> byte_bounds() {
  std::vector<double> bounds;
  for (uint64_t bytes = 128; bytes <= uint64_t{16} << 20; bytes *= 2) bounds.push_back(static_cast<double>(bytes));
  return bounds;
}

void observe(Metric* items, Metric* bytes, Load load) {
  if (items != nullptr) items->record(static_cast<double>(load.items));
  if (bytes != nullptr) bytes->record(static_cast<double>(load.bytes));
}

}  // namespace

RequestSizes::RequestSizes(Metrics& metrics, const std::string& exporter, sluice_signal signal) {
  auto define = [&](const char* name, const char* unit, const char* help, const std::vector<double>& bounds) {
    return metrics.define({name, unit, help, MetricType::histogram, MetricsLevel::detailed, bounds},
                          {{"exporter", exporter}, {"data_type", std::string(signal_name(signal))}});
  };
  enqueue_items_ =
      define("otelcol_exporter_enqueue_size", "{items}", "Items of what is offered to the queue.", item_bounds());
  enqueue_bytes_ =
      define("otelcol_exporter_enqueue_size_bytes", "By", "Bytes of what is offered to the queue.", byte_bounds());
  send_items_ = define("otelcol_exporter_queue_batch_send_size", "{items}", "Items of a request.", item_bounds());
  send_bytes_ = define("otelcol_exporter_queue_batch_send_size_bytes", "By", "Bytes of a request.", byte_bounds());
}

void RequestSizes::offered(Load source) {
  observe(enqueue_items_, enqueue_bytes_, source);
}

void RequestSizes::sent(Load request) {
  observe(send_items_, send_bytes_, request);
}

}  // namespace sluice::telemetry
