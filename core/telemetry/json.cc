// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace sluice::telemetry {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the valid UTF-8 sequence at the start of `text`, 0 if there is none.
size_t sequence_length(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what is above U+10FFFF.
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

void append_control(std::string& out, char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  out += "\\u00";
  out += kHex[(c >> 4) & 15];
  out += kHex[c & 15];
}

void append_text(std::string& out, std::string_view text, bool quoted) {
  while (!text.empty()) {
    char c = text[0];
    size_t length = sequence_length(text);
    if (length == 0) {
      out += kReplacement;
      length = 1;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      append_control(out, c);
    } else {
      if (quoted && (c == '"' || c == '\\')) out += '\\';
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
  out += '"';
  append_text(out, text, true);
  out += '"';
}

void append_json(std::string& out, double value) {
  if (std::isnan(value)) return append_json(out, "NaN");
  if (std::isinf(value)) return append_json(out, value > 0 ? "+Inf" : "-Inf");
  std::array<char, 32> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void append_json(std::string& out, const sluice::Value& value, bool spaced) {
  const char* comma = spaced ? ", " : ",";
  switch (value.kind) {
    case SLUICE_NULL:
      out += "null";
      return;
    case SLUICE_BOOL:
      out += value.integer != 0 ? "true" : "false";
      return;
    case SLUICE_INT:
      out += std::to_string(value.integer);
      return;
    case SLUICE_DOUBLE:
      return append_json(out, value.number);
    case SLUICE_LIST:
    case SLUICE_MAP:
      break;
    default:
      return append_json(out, value.string);
  }
  bool is_map = value.kind == SLUICE_MAP;
  out += is_map ? '{' : '[';
  for (const auto& child : value.children) {
    if (&child != &value.children.front()) out += comma;
    if (is_map) {
      append_json(out, child.key);
      out += spaced ? ": " : ":";
    }
    append_json(out, child, spaced);
  }
  out += is_map ? '}' : ']';
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    out += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

void append_one_line(std::string& out, std::string_view text) {
  append_text(out, text, false);
}

}  // namespace sluice::telemetry
