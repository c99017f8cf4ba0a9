// SPDX-License-Identifier: Apache-2.0
//
// Attributes in the spelling that nearly all have: `{"key":"k","value":{"stringValue":"v"}}`, or with an "intValue".
//
// PERF: such a one is read in one go, and its lengths are known before its bytes: a third of what it takes as a
// message.
#ifndef SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_ATTRIBUTE_H
#define SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_ATTRIBUTE_H

#include <cstdint>

#include "plugins/formats/otlp_json/json_output.h"
#include "plugins/formats/otlp_json/json_tokens.h"

namespace sluice::formats {

/// Advances over one and writes it as field `number`; `value` becomes the place of its string or number. False for any
/// other, of which nothing is read.
bool copy_plain_attribute(JsonTokens& tokens, JsonOutput& out, uint32_t number, JsonTokens::Place& value);

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_ATTRIBUTE_H
