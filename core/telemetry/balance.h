// SPDX-License-Identifier: Apache-2.0
// What the books say together: one balance per signal for the process, one per group of pipelines that share a
// component, and the imbalance, which is 0 at every moment or the collector has a fault. The account is the process's
// last line.
//
//   received + recovered + added + fanned + regained
//     = delivered + dropped + returned + turned_away + filtered + held + waiting + queued + in_flight + left
#ifndef SLUICE_CORE_TELEMETRY_BALANCE_H
#define SLUICE_CORE_TELEMETRY_BALANCE_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/telemetry/ledger.h"

namespace sluice::telemetry {

struct Balance {
  uint64_t received = 0, recovered = 0, added = 0, regained = 0;
  int64_t fanned = 0;
  uint64_t turned_away = 0;  // refused at a door before any pipeline saw it
  uint64_t delivered = 0, filtered = 0, left = 0;
  int64_t held = 0, waiting = 0, queued = 0, in_flight = 0;
  Reasons dropped{}, returned{};

  // Left side minus right side. While the process works: what is between two books. At rest anything but 0 is a fault.
  int64_t in_transit() const;
  bool empty() const;
  Balance& operator+=(const Balance&);
};

struct PipelineBalance {
  std::vector<std::string> pipelines;  // connected by a shared exporter or a connector; ascending
  sluice_signal signal = SLUICE_TRACES;
  Balance balance;
};

struct Imbalance {
  std::string pipeline;  // empty: doors, which belong to a receiver and not to a pipeline
  sluice_signal signal = SLUICE_TRACES;
  uint64_t items = 0;
};

// Of the whole process; `received` is what came in at the doors.
Balance process_balance(const LedgerSnapshot& snapshot, sluice_signal signal);

// `received` is what receivers sent into these pipelines: an item that goes to two groups counts in both.
std::vector<PipelineBalance> pipeline_balances(const LedgerSnapshot& snapshot);

// |sum of each book| + |each level - what its owner holds|, added up by pipeline and signal. A wrapper that ends
// several pipelines counts in each of them.
std::vector<Imbalance> imbalances(const LedgerSnapshot& snapshot);

// "received 1200 = delivered 1180 + dropped 20 (permanent 20)", all signals together; terms that are 0 are left out.
std::string account_line(const LedgerSnapshot& snapshot);

// The same for programs: one line of JSON with `total` and each signal that had items.
std::string account_json(const LedgerSnapshot& snapshot);

std::string_view signal_name(sluice_signal signal);  // "traces"
std::string_view item_name(sluice_signal signal);    // "spans", as in upstream's metric names
std::string_view kind_name(sluice_kind kind);        // "receiver"

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_BALANCE_H
