// SPDX-License-Identifier: Apache-2.0
// Which of the formats a scraper gets, and how compressed: its Accept and Accept-Encoding headers.
#ifndef SLUICE_PLUGINS_FORMATS_PROMETHEUS_NEGOTIATION_H
#define SLUICE_PLUGINS_FORMATS_PROMETHEUS_NEGOTIATION_H

#include <cstdint>
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

enum class Encoding : uint8_t { identity, gzip, zstd };
// What the client likes best; of equals zstd, then gzip.
Encoding negotiate_encoding(std::string_view accept_encoding);

}  // namespace sluice::formats::prometheus
#endif  // SLUICE_PLUGINS_FORMATS_PROMETHEUS_NEGOTIATION_H
