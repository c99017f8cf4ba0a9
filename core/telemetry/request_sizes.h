// SPDX-License-Identifier: Apache-2.0
// Upstream's histograms of what goes into an exporter's queue and what comes out of it, shown at level detailed.
#ifndef SLUICE_CORE_TELEMETRY_REQUEST_SIZES_H
#define SLUICE_CORE_TELEMETRY_REQUEST_SIZES_H

#include <string>

#include "core/telemetry/books.h"
#include "core/telemetry/metrics.h"

namespace sluice::telemetry {

class RequestSizes {
 public:
  RequestSizes(Metrics& metrics, const std::string& exporter, sluice_signal signal);

  void offered(Load source);  // once for each source [any thread]
  void sent(Load request);    // once for each request, at its first attempt [any thread]

 private:
  // Null where there are too many series.
  Metric* enqueue_items_;
  Metric* enqueue_bytes_;
  Metric* send_items_;
  Metric* send_bytes_;
};

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_REQUEST_SIZES_H
