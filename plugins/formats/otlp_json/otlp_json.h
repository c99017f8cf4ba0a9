// SPDX-License-Identifier: Apache-2.0
//
// OTLP's JSON encoding to and from its protobuf encoding, driven by the tables of plugins/wire/schema.h. OTLP differs
// from protobuf's JSON mapping in that ids are hex and enums are numbers.
//
// Read are: names in camelCase and snake_case, numbers as numbers or strings, enums by number or name, base64 with
// either alphabet, null as an absent field; unknown fields are passed over, though their JSON has to be well-formed.
// What lies deeper than kMaxJsonDepth arrays and objects is refused, and so is anything after the value. Unpaired
// surrogates become U+FFFD, as in other receivers: JavaScript writes them when it cuts a string.
#ifndef SLUICE_PLUGINS_FORMATS_OTLP_JSON_OTLP_JSON_H
#define SLUICE_PLUGINS_FORMATS_OTLP_JSON_OTLP_JSON_H

#include <string>
#include <string_view>

#include "plugins/wire/schema.h"
#include "plugins/wire/signal.h"

namespace sluice::formats {

inline constexpr int kMaxJsonDepth = 64;

/// Appends the message as protobuf to `out`. On failure `error` says what is wrong and where, as in
/// `resourceSpans[0].scopeSpans[0].spans[2].kind: "SERVER" is not a value of this field, at byte 291`, and `out` is as
/// it was. The message is not checked against wire/check.h's limits.
bool json_to_otlp(wire::Signal signal, std::string_view json, std::string& out, std::string& error);

/// Appends the message as JSON to `out`. Bytes that passed check() never fail; on failure `out` is as it was.
bool otlp_to_json(wire::Signal signal, wire::Bytes message, std::string& out);

/// The same for any message of the schema: Export responses (wire::export_response()) and google.rpc.Status, of whose
/// details RetryInfo and BadRequest are known; others keep type and value (in JSON as base64).
bool json_to_message(wire::Message type, std::string_view json, std::string& out, std::string& error);
bool message_to_json(wire::Message type, wire::Bytes message, std::string& out);

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_OTLP_JSON_OTLP_JSON_H
