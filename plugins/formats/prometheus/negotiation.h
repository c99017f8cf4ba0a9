// SPDX-License-Identifier: Apache-2.0
// Which of the formats a scraper gets: its Accept header.
#ifndef SLUICE_PLUGINS_FORMATS_PROMETHEUS_NEGOTIATION_H
#define SLUICE_PLUGINS_FORMATS_PROMETHEUS_NEGOTIATION_H

#include <string>
#include <string_view>

#include "plugins/formats/prometheus/exposition.h"

namespace sluice::formats::prometheus {

struct Negotiated {
  Format format = Format::text;
  Escaping escaping = Escaping::underscores;
  const char* open_metrics_version = "1.0.0";  // what was asked for; the two differ in nothing that is written

  std::string content_type() const;
};

// Whatever the header says, there is an answer: the text format is for everybody.
Negotiated negotiate(std::string_view accept, bool open_metrics);

}  // namespace sluice::formats::prometheus
#endif  // SLUICE_PLUGINS_FORMATS_PROMETHEUS_NEGOTIATION_H
