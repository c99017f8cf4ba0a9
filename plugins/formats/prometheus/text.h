// SPDX-License-Identifier: Apache-2.0
// Numbers and texts as the exposition formats write them, to the byte as Prometheus' own libraries do.
#ifndef SLUICE_PLUGINS_FORMATS_PROMETHEUS_TEXT_H
#define SLUICE_PLUGINS_FORMATS_PROMETHEUS_TEXT_H

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::formats::prometheus {

void append_integer(std::string& out, uint64_t value);
void append_integer(std::string& out, int64_t value);
// The shortest digits that give the same number, 1e+06 from a million on; NaN, +Inf, -Inf.
void append_number(std::string& out, double value);
// The same, with ".0" where it would look like an integer.
void append_open_metrics_number(std::string& out, double value);

// Backslash and line feed as \\ and \n; with `quotes`, a quotation mark as \" too.
void append_escaped(std::string& out, std::string_view text, bool quotes);
// The name itself, or between quotation marks if it is not plain.
void append_name(std::string& out, std::string_view name);

}  // namespace sluice::formats::prometheus
#endif  // SLUICE_PLUGINS_FORMATS_PROMETHEUS_TEXT_H
