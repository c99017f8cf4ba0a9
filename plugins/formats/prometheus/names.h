// SPDX-License-Identifier: Apache-2.0
// Names of metrics and labels: from OTLP's to Prometheus', by the rules of OpenTelemetry's specification, and from
// those with any character to the ones that a scraper without UTF-8 understands.
#ifndef SLUICE_PLUGINS_FORMATS_PROMETHEUS_NAMES_H
#define SLUICE_PLUGINS_FORMATS_PROMETHEUS_NAMES_H

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::formats::prometheus {

// The four translation strategies are the four combinations.
struct Translation {
  bool escape = true;    // every character that Prometheus 2 does not know becomes an underscore
  bool suffixes = true;  // units and types are added to metrics: _seconds, _total
};

// What of a metric's type decides its suffix.
enum class Suffix : uint8_t { none, total, ratio };  // total: monotonic sums; ratio: gauges, where the unit is 1

// Empty where nothing of the name is left: the metric cannot be shown.
std::string metric_name(Translation translation, std::string_view name_space, std::string_view name,
                        std::string_view unit, Suffix suffix);

// The same for an attribute's key.
std::string label_name(Translation translation, std::string_view key);

// [a-zA-Z_:][a-zA-Z0-9_:]*, what every scraper understands; other names are written in quotes.
bool is_plain_name(std::string_view name);

// How a scraper wants names that are not plain.
enum class Escaping : uint8_t { allow_utf8, underscores, dots, values };

std::string escape_name(std::string_view name, Escaping escaping);

}  // namespace sluice::formats::prometheus
#endif  // SLUICE_PLUGINS_FORMATS_PROMETHEUS_NAMES_H
