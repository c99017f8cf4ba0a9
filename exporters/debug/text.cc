// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

namespace sluice::exporters {
namespace {

template <class... How>
void append_chars(std::string& out, How... how) {
  char text[400];  // the longest fixed form has 309 digits before the point and 6 behind it
  out.append(text, std::to_chars(text, text + sizeof text, how...).ptr);
}

// False for NaN and infinities, which it names as Go does.
bool append_special(std::string& out, double value) {
  if (std::isnan(value))
    out += "NaN";
  else if (std::isinf(value))
    out += value < 0 ? "-Inf" : "+Inf";
  else
    return false;
  return true;
}

}  // namespace

void append_decimal(std::string& out, int64_t value) {
  append_chars(out, value);
}
void append_decimal(std::string& out, uint64_t value) {
  append_chars(out, value);
}

void append_fixed(std::string& out, double value) {
  if (!append_special(out, value)) append_chars(out, value, std::chars_format::fixed, 6);
}

void append_shortest(std::string& out, double value) {
  if (append_special(out, value)) return;
  // Go writes an exponent below 1e-4 and from 1e6 on, however few digits there are.
  const double size = std::abs(value);
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e6);
  append_chars(out, value, fixed ? std::chars_format::fixed : std::chars_format::scientific);
}

void append_id(std::string& out, wire::Bytes id) {
  constexpr char kHex[] = "0123456789abcdef";
  if (std::all_of(id.begin(), id.end(), [](uint8_t byte) { return byte == 0; })) return;
  for (const uint8_t byte : id) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

void append_time(std::string& out, uint64_t unix_nano) {
  using namespace std::chrono;
  // Nanoseconds are read as signed, as upstream reads them: the second half of the range lies before 1970.
  const sys_time<nanoseconds> time{nanoseconds(static_cast<int64_t>(unix_nano))};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  const auto two_digits = [&out](uint64_t value) { print(out, value < 10 ? "0" : "", value); };
  print(out, static_cast<int>(date.year()), "-");
  two_digits(static_cast<unsigned>(date.month()));
  out += '-';
  two_digits(static_cast<unsigned>(date.day()));
  out += ' ';
  two_digits(static_cast<uint64_t>(clock.hours().count()));
  out += ':';
  two_digits(static_cast<uint64_t>(clock.minutes().count()));
  out += ':';
  two_digits(static_cast<uint64_t>(clock.seconds().count()));
  if (const int64_t fraction = clock.subseconds().count()) {
    std::string digits = std::to_string(fraction);
    digits.insert(0, 9 - digits.size(), '0');
    digits.erase(digits.find_last_not_of('0') + 1);
    print(out, ".", digits);
  }
  out += " +0000 UTC";
}

void append_typed_value(std::string& out, const wire::AnyValue& value) {
  constexpr std::string_view kTypes[] = {"Empty", "Str", "Bool", "Int", "Double", "Slice", "Map", "Bytes"};
  print(out, kTypes[static_cast<size_t>(value.type)], "(");
  append_value(out, value);
  out += ')';
}

void append_pairs(std::string& out, const wire::Attributes& attributes, std::string_view separator) {
  std::string_view before;
  for (const wire::KeyValue& attribute : attributes) {
    print(out, std::exchange(before, separator), attribute.key, "=");
    append_value(out, attribute.value);
  }
}

}  // namespace sluice::exporters
