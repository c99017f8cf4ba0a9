// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/component.h"

#include <utility>
#include <vector>

#include "exporters/debug/print.h"

namespace sluice::exporters {
namespace {

struct Summary {
  std::string_view title;
  Counts counts;
};

Summary summarise(const sluice_batch& batch) {
  uint64_t resources = 0, metrics = 0;
  const auto count = [&resources](size_t, const auto&) { ++resources; };
  switch (batch.signal) {
    case SLUICE_TRACES:
      for_each_resource(batch, wire::traces, count);
      return {"Traces", {{"resource spans", resources}, {"spans", batch.item_count}}};
    case SLUICE_METRICS:
      for_each_resource(batch, wire::metrics, [&](size_t, const wire::ResourceMetrics& resource) {
        ++resources;
        for (const wire::ScopeMetrics& scope : resource.scopes) metrics += scope.items.count();
      });
      return {"Metrics", {{"resource metrics", resources}, {"metrics", metrics}, {"data points", batch.item_count}}};
    default:
      for_each_resource(batch, wire::logs, count);
      return {"Logs", {{"resource logs", resources}, {"log records", batch.item_count}}};
  }
}

}  // namespace

Debug::Debug(Host host, Config config)
    : Exporter(host), config_(std::move(config)), sampler_(config_.sampling_initial, config_.sampling_thereafter) {}

sluice_status Debug::start() {
  if (config_.use_internal_logger) return SLUICE_DONE;
  const std::string problem = output_.open(config_.output_paths);
  return problem.empty() ? SLUICE_DONE : host().fail(problem);
}

void Debug::stop(uint64_t) {
  output_.close();
}

sluice_status Debug::consume(const Call& call) {
  if (config_.use_internal_logger && !host().log_enabled(SLUICE_INFO)) return SLUICE_DONE;
  const Summary summary = summarise(call.batch());
  say(call.signal(), summary.title, summary.counts);
  if (config_.verbosity == Verbosity::normal) say(call.signal(), print_normal(call.batch()), {});
  if (config_.verbosity == Verbosity::detailed) say(call.signal(), print_detailed(call.batch()), {});
  return SLUICE_DONE;
}

void Debug::say(sluice_signal signal, std::string_view message, const Counts& counts) {
  if (!sampler_.print(message, host().now_mono_ns())) return;
  if (config_.use_internal_logger) {
    std::vector<LogField> fields{{"otelcol.signal", signal_name(signal)}};
    for (const auto& [name, count] : counts) fields.emplace_back(name, count);
    host().log(SLUICE_INFO, message, fields, "", 0);
    return;
  }
  const std::string problem = output_.write(console_line(message, counts));
  if (problem.empty()) return;
  if (const auto passed = write_errors_.pass(host().now_mono_ns()))
    host().error(problem, {{"more such errors since the last", *passed}});
}

}  // namespace sluice::exporters
