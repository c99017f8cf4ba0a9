// SPDX-License-Identifier: Apache-2.0
// The text form of attribute values and log bodies, to the byte as the OpenTelemetry Collector writes it where a value
// has to become text: a converted attribute, a label, a line in print. Everything is appended to an `Out`, which is a
// std::string or a TextBuffer.
#ifndef SLUICE_PLUGINS_FORMATS_VALUE_TEXT_VALUE_TEXT_H
#define SLUICE_PLUGINS_FORMATS_VALUE_TEXT_VALUE_TEXT_H

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/formats/value_text/text_buffer.h"
#include "plugins/wire/signal.h"
#include "plugins/wire/views.h"

namespace sluice::formats {

// Texts as they are, maps and lists as JSON with sorted keys, bytes in base64, nothing for an empty value; numbers as
// JavaScript writes them, with NaN, Infinity and -Infinity.
template <class Out>
void append_value(Out& out, const wire::AnyValue& value);

// As JSON: texts and bytes in quotes, null for an empty value and for numbers that JSON does not have.
enum class JsonText : uint8_t {
  plain,
  for_html,  // as Go's encoder: <, > and & are escaped too, so that it may stand inside of HTML
};
template <class Out>
void append_json(Out& out, const wire::AnyValue& value, JsonText how = JsonText::plain);
template <class Out>
void append_json_text(Out& out, std::string_view text, JsonText how = JsonText::plain);
// Fixed notation between 1e-6 and 1e21, no leading zero in an exponent. The number is finite.
template <class Out>
void append_json_number(Out& out, double value);

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_VALUE_TEXT_VALUE_TEXT_H
