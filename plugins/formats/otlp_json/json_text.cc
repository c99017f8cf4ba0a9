// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/otlp_json/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::formats {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr char kBase64Digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto kHexValues = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (uint8_t i = 0; i < 10; ++i) values[static_cast<size_t>('0') + i] = static_cast<int8_t>(i);
  for (uint8_t i = 0; i < 6; ++i) {
    values[static_cast<size_t>('a') + i] = values[static_cast<size_t>('A') + i] = static_cast<int8_t>(10 + i);
  }
  return values;
}();

constexpr int hex_value(char c) noexcept {
  return kHexValues[static_cast<uint8_t>(c)];
}

constexpr auto kBase64Values = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (int8_t i = 0; i < 64; ++i) values[static_cast<uint8_t>(kBase64Digits[i])] = i;
  values['-'] = 62;
  values['_'] = 63;
  return values;
}();

/// The four digits after \u, or -1.
int32_t read_code_unit(std::string_view digits) noexcept {
  if (digits.size() < 4) return -1;
  int32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int value = hex_value(digits[static_cast<size_t>(i)]);
    if (value < 0) return -1;
    unit = unit * 16 + value;
  }
  return unit;
}

void append_utf8(std::string& out, uint32_t code_point) {
  if (code_point < 0x80) {
    out.push_back(static_cast<char>(code_point));
    return;
  }
  if (code_point < 0x800) {
    out.push_back(static_cast<char>(0xc0 | code_point >> 6));
  } else {
    if (code_point < 0x10000) {
      out.push_back(static_cast<char>(0xe0 | code_point >> 12));
    } else {
      out.push_back(static_cast<char>(0xf0 | code_point >> 18));
      out.push_back(static_cast<char>(0x80 | (code_point >> 12 & 0x3f)));
    }
    out.push_back(static_cast<char>(0x80 | (code_point >> 6 & 0x3f)));
  }
  out.push_back(static_cast<char>(0x80 | (code_point & 0x3f)));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  size_t kept = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<uint8_t>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, kept, i - kept);
    kept = i + 1;
    out.push_back('\\');
    switch (c) {
      case '"':
      case '\\':
        out.push_back(static_cast<char>(c));
        break;
      case '\n':
        out.push_back('n');
        break;
      case '\r':
        out.push_back('r');
        break;
      case '\t':
        out.push_back('t');
        break;
      case '\b':
        out.push_back('b');
        break;
      case '\f':
        out.push_back('f');
        break;
      default:
        out.append("u00");
        out.push_back(kHexDigits[c >> 4]);
        out.push_back(kHexDigits[c & 15]);
    }
  }
  out.append(text, kept);
  out.push_back('"');
}

bool append_unescaped(std::string& out, std::string_view raw) {
  constexpr uint32_t kReplacement = 0xfffd;
  while (true) {
    const size_t slash = raw.find('\\');
    out.append(raw.substr(0, slash));
    if (slash == std::string_view::npos) return true;
    raw.remove_prefix(slash + 1);
    if (raw.empty()) return false;
    const char escape = raw.front();
    raw.remove_prefix(1);
    switch (escape) {
      case '"':
      case '\\':
      case '/':
        out.push_back(escape);
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 'r':
        out.push_back('\r');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 'b':
        out.push_back('\b');
        break;
      case 'f':
        out.push_back('\f');
        break;
      case 'u': {
        const int32_t unit = read_code_unit(raw);
        if (unit < 0) return false;
        raw.remove_prefix(4);
        auto code_point = static_cast<uint32_t>(unit);
        if (code_point >= 0xd800 && code_point <= 0xdfff) {
          const int32_t low = raw.starts_with("\\u") ? read_code_unit(raw.substr(2)) : -1;
          if (code_point < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) {
            raw.remove_prefix(6);
            code_point = 0x10000 + ((code_point - 0xd800) << 10) + (static_cast<uint32_t>(low) - 0xdc00);
          } else {
            code_point = kReplacement;
          }
        }
        append_utf8(out, code_point);
        break;
      }
      default:
        return false;
    }
  }
}

void append_hex(std::string& out, wire::Bytes bytes) {
  size_t at = out.size();
  out.resize(at + 2 * bytes.size());
  for (const uint8_t byte : bytes) {
    out[at++] = kHexDigits[byte >> 4];
    out[at++] = kHexDigits[byte & 15];
  }
}

bool append_from_hex(std::string& out, std::string_view hex) {
  if (hex.size() % 2 != 0) return false;
  const size_t at = out.size();
  out.resize(at + hex.size() / 2);
  char* next = out.data() + at;
  int wrong = 0;  // negative once there was a digit that is none
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_value(hex[i]);
    const int low = hex_value(hex[i + 1]);
    wrong |= high | low;
    *next++ = static_cast<char>(static_cast<unsigned>(high) << 4 | static_cast<unsigned>(low));
  }
  return wrong >= 0;
}

void append_base64(std::string& out, wire::Bytes bytes) {
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = std::min<size_t>(3, bytes.size() - i);
    const uint32_t group = static_cast<uint32_t>(bytes[i]) << 16 |
                           (left > 1 ? static_cast<uint32_t>(bytes[i + 1]) << 8 : 0) | (left > 2 ? bytes[i + 2] : 0U);
    out.push_back(kBase64Digits[group >> 18]);
    out.push_back(kBase64Digits[group >> 12 & 63]);
    out.push_back(left > 1 ? kBase64Digits[group >> 6 & 63] : '=');
    out.push_back(left > 2 ? kBase64Digits[group & 63] : '=');
  }
}

bool append_from_base64(std::string& out, std::string_view base64) {
  if (base64.size() % 4 == 0) {
    if (base64.ends_with('=')) base64.remove_suffix(1);
    if (base64.ends_with('=')) base64.remove_suffix(1);
  }
  if (base64.size() % 4 == 1) return false;
  uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : base64) {
    const int8_t value = kBase64Values[static_cast<uint8_t>(c)];
    if (value < 0) return false;
    group = group << 6 | static_cast<uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(group >> bits & 0xff));
    }
  }
  return true;
}

void append_duration(std::string& out, int64_t seconds, int32_t nanos) {
  if (seconds < 0 || nanos < 0) out.push_back('-');
  const uint64_t whole = seconds < 0 ? 0 - static_cast<uint64_t>(seconds) : static_cast<uint64_t>(seconds);
  out.append(std::to_string(whole));
  const uint32_t fraction = nanos < 0 ? 0 - static_cast<uint32_t>(nanos) : static_cast<uint32_t>(nanos);
  if (fraction != 0) {
    std::string digits = std::to_string(fraction);
    digits.insert(0, digits.size() < 9 ? 9 - digits.size() : 0, '0');
    while (digits.ends_with("000")) digits.resize(digits.size() - 3);
    out.append(".").append(digits);
  }
  out.push_back('s');
}

bool parse_duration(std::string_view text, int64_t& seconds, int32_t& nanos) {
  if (!text.ends_with('s')) return false;
  text.remove_suffix(1);
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? "0" : text.substr(point + 1);
  if (fraction.empty() || fraction.size() > 9) return false;
  uint64_t value = 0;
  const auto [whole_end, whole_error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (whole_error != std::errc() || whole_end != whole.data() + whole.size()) return false;
  // Protobuf's own limit: about 10,000 years.
  if (value > 315'576'000'000) return false;
  uint32_t parts = 0;
  const auto [end, error] = std::from_chars(fraction.data(), fraction.data() + fraction.size(), parts);
  if (error != std::errc() || end != fraction.data() + fraction.size()) return false;
  for (size_t i = fraction.size(); i < 9; ++i) parts *= 10;
  seconds = negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
  nanos = negative ? -static_cast<int32_t>(parts) : static_cast<int32_t>(parts);
  return true;
}

}  // namespace sluice::formats
