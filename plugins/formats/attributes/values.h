// SPDX-License-Identifier: Apache-2.0
// Values between YAML, the wire and each other: encoding what users write, comparing, hashing, converting.
#ifndef SLUICE_PLUGINS_FORMATS_ATTRIBUTES_VALUES_H
#define SLUICE_PLUGINS_FORMATS_ATTRIBUTES_VALUES_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/sdk/settings.h"
#include "plugins/wire/views.h"

namespace sluice::formats {

// An AnyValue of the type that the user wrote.
std::string encode_value(const Value& value);

// Why a value of the configuration cannot be an attribute's, for users; empty if it can.
std::string value_problem(const Value& value);

// Whether both are of one type and equal; maps whatever the order of their keys.
bool equal_values(const wire::AnyValue& a, const wire::AnyValue& b);

// `text` with U+FFFD for each byte that is not UTF-8, so that it can be a string of OTLP.
std::string to_utf8(std::string_view text);

// As upstream reads numbers: all of the text, an optional sign; nothing that does not fit.
std::optional<int64_t> parse_int(std::string_view text);
std::optional<double> parse_double(std::string_view text);

// Towards zero; nothing for NaN and what an int64 cannot hold.
std::optional<int64_t> to_int(double value);

// Digests a value into 64 lower-case hex digits: SHA-256 of a text's bytes, of one byte 0 or 1 for a bool, of the eight
// bytes of a number, lowest first. False for other types and for the empty text, whose hash is the empty text.
class ValueHasher {
 public:
  static constexpr size_t kDigits = 64;

  ValueHasher();
  ValueHasher(const ValueHasher&) = delete;
  ValueHasher& operator=(const ValueHasher&) = delete;
  ~ValueHasher();
  bool hash(const wire::AnyValue& value, char* digits);

 private:
  void* context_;  // OpenSSL's, made once: making one costs more than a short text's hash
};

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_ATTRIBUTES_VALUES_H
