// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

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

// As JavaScript and JSON encoders write a number: fixed between 1e-6 and 1e21, no leading zero in the exponent.
void append_json_number(std::string& out, double value) {
  const double size = std::abs(value);
  if (size == 0 || (size >= 1e-6 && size < 1e15)) return append_chars(out, value, std::chars_format::fixed);
  const size_t first = out.size();
  append_chars(out, value, std::chars_format::scientific);
  if (size >= 1e15 &&
      size < 1e21) {  // the shortest digits, then zeros: the fixed form would be exact to the last digit
    const size_t e = out.find('e', first);
    const size_t digits = first + (value < 0) + 1 + static_cast<size_t>(std::stoi(out.substr(e + 1)));
    out.erase(e);
    if (const size_t point = out.find('.', first); point != std::string::npos) out.erase(point, 1);
    out.append(digits - out.size(), '0');
    return;
  }
  const size_t last = out.size() - 1;
  if (out[last - 1] == '0' && (out[last - 2] == '-' || out[last - 2] == '+')) out.erase(last - 1, 1);
}

void append_json_text(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::string_view rest = text.substr(i);
    if (c == '"' || c == '\\') {
      print(out, "\\", std::string_view(&c, 1));
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else if (rest.starts_with("\u2028") || rest.starts_with("\u2029")) {  // line ends to JavaScript
      out += rest.starts_with("\u2028") ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_base64(std::string& out, wire::Bytes bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < left ? bytes[i + k] : 0U);
    for (size_t k = 0; k < 4; ++k) out += k <= left ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
}

void append_json(std::string& out, const wire::AnyValue& value) {
  using Type = wire::AnyValue::Type;
  switch (value.type) {
    case Type::empty:
      out += "null";
      break;
    case Type::string:
      append_json_text(out, value.text());
      break;
    case Type::boolean:
      out += value.boolean() ? "true" : "false";
      break;
    case Type::integer:
      append_decimal(out, value.integer());
      break;
    case Type::float64:
      if (std::isfinite(value.float64()))
        append_json_number(out, value.float64());
      else
        out += "null";
      break;
    case Type::bytes:
      out += '"';
      append_base64(out, value.bytes());
      out += '"';
      break;
    case Type::array: {
      char separator = '[';
      for (const wire::AnyValue& item : value.array()) {
        out += std::exchange(separator, ',');
        append_json(out, item);
      }
      out += separator == '[' ? "[]" : "]";
      break;
    }
    case Type::map: {
      std::vector<wire::KeyValue> pairs;
      for (const wire::KeyValue& pair : value.map()) pairs.push_back(pair);
      std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
      char separator = '{';
      for (size_t i = 0; i < pairs.size(); ++i) {
        if (i + 1 < pairs.size() && pairs[i + 1].key == pairs[i].key) continue;  // of a repeated key the last counts
        out += std::exchange(separator, ',');
        append_json_text(out, pairs[i].key);
        out += ':';
        append_json(out, pairs[i].value);
      }
      out += separator == '{' ? "{}" : "}";
      break;
    }
  }
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

void append_value(std::string& out, const wire::AnyValue& value) {
  using Type = wire::AnyValue::Type;
  switch (value.type) {
    case Type::empty:
      break;
    case Type::string:
      out += value.text();
      break;
    case Type::bytes:
      append_base64(out, value.bytes());
      break;
    case Type::float64:
      if (std::isnan(value.float64()))
        out += "NaN";
      else if (std::isinf(value.float64()))
        out += value.float64() < 0 ? "-Infinity" : "Infinity";
      else
        append_json_number(out, value.float64());
      break;
    default:
      append_json(out, value);
  }
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
