// SPDX-License-Identifier: Apache-2.0
// What the core says about itself: upstream's metrics from the ledger's books, ours beside them, and the process.
#ifndef SLUICE_CORE_TELEMETRY_OWN_METRICS_H
#define SLUICE_CORE_TELEMETRY_OWN_METRICS_H

#include <cstdint>
#include <string_view>

#include "core/flow/budget.h"
#include "core/telemetry/ledger.h"
#include "core/telemetry/metrics.h"

namespace sluice::telemetry {

// otelcol_receiver_accepted_spans ..., otelcol.*.consumed.items ..., sluice_ledger_*.
void ledger_metrics(const LedgerSnapshot& snapshot, MetricSink& sink);

// otelcol_process_*; `uptime_ns` since the process began its work.
void process_metrics(uint64_t uptime_ns, MetricSink& sink);

// sluice_memory_budget_*.
void budget_metrics(const flow::Budget& budget, MetricSink& sink);

// sluice_build_info.
void build_metrics(std::string_view version, MetricSink& sink);

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_OWN_METRICS_H
