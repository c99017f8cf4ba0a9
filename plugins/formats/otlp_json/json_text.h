// SPDX-License-Identifier: Apache-2.0
//
// The texts inside JSON strings: escapes, hex, base64, durations.
#ifndef SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_TEXT_H
#define SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_TEXT_H

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/wire/signal.h"

namespace sluice::formats {

/// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// Appends what a JSON string means; `raw` is what is between the quotes, valid UTF-8. False for an escape that is
/// none.
bool append_unescaped(std::string& out, std::string_view raw);

void append_hex(std::string& out, wire::Bytes bytes);
bool append_from_hex(std::string& out, std::string_view hex);

void append_base64(std::string& out, wire::Bytes bytes);
/// Either alphabet, with or without padding.
bool append_from_base64(std::string& out, std::string_view base64);

/// A google.protobuf.Duration as JSON has it, such as "2s" or "-0.500s".
void append_duration(std::string& out, int64_t seconds, int32_t nanos);
bool parse_duration(std::string_view text, int64_t& seconds, int32_t& nanos);

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_TEXT_H
