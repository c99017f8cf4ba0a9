// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/value_text/value_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

namespace sluice::formats {
namespace {

template <class... How>
void append_chars(std::string& out, How... how) {
  char text[32];  // fixed notation is used for numbers of up to 15 digits before the point
  out.append(text, std::to_chars(text, text + sizeof text, how...).ptr);
}

constexpr uint8_t kAlways = 1, kForHtml = 2;
constexpr auto kMayNeedEscape = [] {
  std::array<uint8_t, 256> when{};
  for (size_t c = 0; c < 0x20; ++c) when[c] = kAlways;
  when['"'] = when['\\'] = when[0xe2] = kAlways;
  when['<'] = when['>'] = when['&'] = kForHtml;
  return when;
}();

void append_base64(std::string& out, wire::Bytes bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < left ? bytes[i + k] : 0U);
    for (size_t k = 0; k < 4; ++k) out += k <= left ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
}

}  // namespace

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

void append_json_text(std::string& out, std::string_view text, JsonText how) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  const uint8_t when = how == JsonText::for_html ? kAlways | kForHtml : kAlways;
  size_t kept = 0;  // so far text is written
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((kMayNeedEscape[c] & when) == 0) continue;
    size_t length = 1;
    if (c == 0xe2) {  // line ends to JavaScript
      const std::string_view three = text.substr(i, 3);
      if (three != "\u2028" && three != "\u2029") continue;
      length = 3;
    }
    out.append(text, kept, i - kept);
    kept = i + length;
    switch (c) {
      case '"':
      case '\\':
        out += '\\';
        out += text[i];
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case 0xe2:
        out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
    i = kept - 1;
  }
  out.append(text, kept);
  out += '"';
}

void append_json(std::string& out, const wire::AnyValue& value, JsonText how) {
  using Type = wire::AnyValue::Type;
  switch (value.type) {
    case Type::empty:
      out += "null";
      break;
    case Type::string:
      append_json_text(out, value.text(), how);
      break;
    case Type::boolean:
      out += value.boolean() ? "true" : "false";
      break;
    case Type::integer:
      append_chars(out, value.integer());
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
        append_json(out, item, how);
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
        append_json_text(out, pairs[i].key, how);
        out += ':';
        append_json(out, pairs[i].value, how);
      }
      out += separator == '{' ? "{}" : "}";
      break;
    }
  }
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

}  // namespace sluice::formats
