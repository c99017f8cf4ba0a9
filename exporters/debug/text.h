// SPDX-License-Identifier: Apache-2.0
// How values look in print, to the byte as in the OpenTelemetry Collector: Go's forms of numbers and times, and the
// text form of attribute values. Everything is appended to a string.
#ifndef SLUICE_EXPORTERS_DEBUG_TEXT_H
#define SLUICE_EXPORTERS_DEBUG_TEXT_H

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/formats/value_text/value_text.h"
#include "plugins/wire/views.h"

namespace sluice::exporters {

void append_decimal(std::string& out, int64_t value);
void append_decimal(std::string& out, uint64_t value);
// Go's %f: six digits behind the point; NaN, +Inf, -Inf.
void append_fixed(std::string& out, double value);
// Go's %v: the shortest digits that give the same number, 1e+06 from a million on; NaN, +Inf, -Inf.
void append_shortest(std::string& out, double value);
// Lower-case hex; nothing for an id of zeros.
void append_id(std::string& out, wire::Bytes id);
// "2023-11-14 22:13:20.25 +0000 UTC", zeros at the end of the fraction left out.
void append_time(std::string& out, uint64_t unix_nano);
// The text form of a value.
using formats::append_value;
// "Int(200)"
void append_typed_value(std::string& out, const wire::AnyValue& value);
// "k=v k=v", with this between the pairs.
void append_pairs(std::string& out, const wire::Attributes& attributes, std::string_view separator);

// Appends texts and numbers one after another: print(out, "Span #", 3, "\n").
template <class T>
void append(std::string& out, const T& value) {
  if constexpr (std::signed_integral<T>)
    append_decimal(out, static_cast<int64_t>(value));
  else if constexpr (std::unsigned_integral<T>)
    append_decimal(out, static_cast<uint64_t>(value));
  else
    out.append(std::string_view(value));
}
template <class... Parts>
void print(std::string& out, const Parts&... parts) {
  (append(out, parts), ...);
}

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_DEBUG_TEXT_H
