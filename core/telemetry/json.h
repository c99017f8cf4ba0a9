// SPDX-License-Identifier: Apache-2.0
// Just enough JSON to write log lines, health and the account. Invalid UTF-8 becomes U+FFFD, so the output is always
// valid.
#ifndef SLUICE_CORE_TELEMETRY_JSON_H
#define SLUICE_CORE_TELEMETRY_JSON_H

#include <string>
#include <string_view>

#include "plugins/sdk/settings.h"

namespace sluice::telemetry {

// Appends `text` in quotes.
void append_json(std::string& out, std::string_view text);

// Appends a number; those that JSON does not know become texts.
void append_json(std::string& out, double value);

// Appends a value of the configuration. `spaced`: as upstream's console encoding, {"a": 1, "b": [2, 3]}.
void append_json(std::string& out, const sluice::Value& value, bool spaced);

// Appends control characters as JSON escapes them, and everything else as it is: keeps a text on its line.
void append_one_line(std::string& out, std::string_view text);

// `text` with U+FFFD for each byte that belongs to no UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_JSON_H
