// SPDX-License-Identifier: Apache-2.0
// What a scrape shows of the table.
#ifndef SLUICE_EXPORTERS_PROMETHEUS_SCRAPE_H
#define SLUICE_EXPORTERS_PROMETHEUS_SCRAPE_H

#include "exporters/prometheus/series_table.h"
#include "plugins/formats/prometheus/exposition.h"

namespace sluice::exporters {

void write_all(SeriesTable& table, bool send_timestamps, formats::prometheus::ExpositionWriter& writer);

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_PROMETHEUS_SCRAPE_H
