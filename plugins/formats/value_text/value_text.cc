// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/value_text/value_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

namespace sluice::formats {
namespace {

template <class Out, class... How>
void append_chars(Out& out, How... how) {
  char text[32];  // fixed notation is used for numbers of up to 16 digits before the point
  const char* end = std::to_chars(text, text + sizeof text, how...).ptr;
  out.append(text, static_cast<size_t>(end - text));
}

constexpr uint8_t kAlways = 1, kForHtml = 2;
constexpr auto kMayNeedEscape = [] {
  std::array<uint8_t, 256> when{};
  for (size_t c = 0; c < 0x20; ++c) when[c] = kAlways;
  when['"'] = when['\\'] = when[0xe2] = kAlways;
  when['<'] = when['>'] = when['&'] = kForHtml;
  return when;
}();

// Sixteen bytes, compared at once.
typedef uint8_t Block __attribute__((vector_size(16)));

bool any_may_need_escape(Block bytes) {
  // 0x22 and 0x26, 0x3c and 0x3e differ in one bit.
  const auto found = (bytes < 0x20) | ((bytes | 4) == '&') | ((bytes | 2) == '>') | (bytes == '\\') | (bytes == 0xe2);
  const auto halves = std::bit_cast<std::array<uint64_t, 2>>(found);
  return (halves[0] | halves[1]) != 0;
}

// Copies one block, whose words may overlap, unless one of its bytes may need an escape.
template <class Word>
bool copy_block(const std::array<size_t, sizeof(Block) / sizeof(Word)>& at, std::string_view from, char* to) {
  std::array<Word, sizeof(Block) / sizeof(Word)> words;
  for (size_t i = 0; i < at.size(); ++i) std::memcpy(&words[i], from.data() + at[i], sizeof(Word));
  if (any_may_need_escape(std::bit_cast<Block>(words))) return false;
  for (size_t i = 0; i < at.size(); ++i) std::memcpy(to + at[i], &words[i], sizeof(Word));
  return true;
}

// Copies the blocks in front in which nothing needs an escape for certain; returns how many bytes that are.
// PERF: the last block overlaps the one before it, which is cheaper than a loop over a tail.
size_t copy_plain(std::string_view text, char* to) {
  const size_t size = text.size();
  if (size >= 16) {
    for (size_t i = 0; i < size; i += 16) {
      i = std::min(i, size - 16);
      if (!copy_block<Block>({i}, text, to)) return i;
    }
    return size;
  }
  if (size >= 8) return copy_block<uint64_t>({0, size - 8}, text, to) ? size : 0;
  if (size >= 4) return copy_block<uint32_t>({0, 0, 0, size - 4}, text, to) ? size : 0;
  return 0;
}

// U+2028 or U+2029, line ends to JavaScript.
bool begins_line_end(std::string_view text) {
  return text.starts_with("\u2028") || text.starts_with("\u2029");
}

bool needs_escape(std::string_view text, uint8_t when) {
  const auto c = static_cast<unsigned char>(text[0]);
  return (kMayNeedEscape[c] & when) != 0 && (c != 0xe2 || begins_line_end(text));
}

// The escape of the character at the front; returns how many bytes of the text it stands for.
template <class Out>
size_t append_escape(Out& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto c = static_cast<unsigned char>(text[0]);
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += text[0];
      return 1;
    case '\n':
      out += "\\n";
      return 1;
    case '\r':
      out += "\\r";
      return 1;
    case '\t':
      out += "\\t";
      return 1;
    case 0xe2:
      out += text[2] == '\xa8' ? "\\u2028" : "\\u2029";
      return 3;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
      return 1;
  }
}

template <class Out>
void append_base64(Out& out, wire::Bytes bytes) {
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
template <class Out>
void append_json_number(Out& out, double value) {
  constexpr double kAllIntegers = 1LL << 53;  // from here on
  const double size = std::abs(value);
  if (size == 0 || (size >= 1e-6 && size < kAllIntegers)) return append_chars(out, value, std::chars_format::fixed);
  std::string text;
  append_chars(text, value, std::chars_format::scientific);
  if (size >= kAllIntegers && size < 1e21) {
    // The shortest digits, then zeros: the fixed form would be exact to the last digit.
    const size_t e = text.find('e');
    const size_t digits = (value < 0) + 1 + static_cast<size_t>(std::stoi(text.substr(e + 1)));
    text.erase(e);
    if (const size_t point = text.find('.'); point != std::string::npos) text.erase(point, 1);
    text.append(digits - text.size(), '0');
  } else if (const size_t last = text.size() - 1;
             text[last - 1] == '0' && (text[last - 2] == '-' || text[last - 2] == '+')) {
    text.erase(last - 1, 1);
  }
  out += text;
}

template <class Out>
void append_json_text(Out& out, std::string_view text, JsonText how) {
  const uint8_t when = how == JsonText::for_html ? kAlways | kForHtml : kAlways;
  out += '"';
  while (!text.empty()) {
    const size_t before = out.size();
    out.resize(before + text.size());
    const size_t plain = copy_plain(text, out.data() + before);
    out.resize(before + plain);
    text.remove_prefix(plain);
    // What stopped it, if not the end, is in the next block.
    for (const size_t left = text.size() - std::min(text.size(), sizeof(Block)); text.size() > left;) {
      size_t length = 1;
      if (needs_escape(text, when))
        length = append_escape(out, text);
      else
        out += text[0];
      text.remove_prefix(length);
    }
  }
  out += '"';
}

template <class Out>
void append_json(Out& out, const wire::AnyValue& value, JsonText how) {
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

template <class Out>
void append_value(Out& out, const wire::AnyValue& value) {
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

template void append_value(std::string&, const wire::AnyValue&);
template void append_value(TextBuffer&, const wire::AnyValue&);
template void append_json(std::string&, const wire::AnyValue&, JsonText);
template void append_json(TextBuffer&, const wire::AnyValue&, JsonText);
template void append_json_text(std::string&, std::string_view, JsonText);
template void append_json_text(TextBuffer&, std::string_view, JsonText);
template void append_json_number(std::string&, double);
template void append_json_number(TextBuffer&, double);

}  // namespace sluice::formats
