// SPDX-License-Identifier: Apache-2.0
// Scalars: types, durations, sizes.
#include "core/config/scalar.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace sluice::config {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  for (std::string_view name : names)
    if (text == name) return true;
  return false;
}

// Base as Go's ParseInt(text, 0, 64): 0x, 0b, 0o, and 0 alone for octal.
std::optional<int64_t> parse_integer(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    text.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  }
  uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (magnitude > kMax + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
std::optional<double> parse_float(std::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t first = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i > first;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const bool whole = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits() && !whole) return std::nullopt;
  } else if (!whole) {
    return std::nullopt;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (!digits()) return std::nullopt;
  }
  if (i != text.size()) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) {  // leaves `value` alone: an overflow is infinite, as in Go
    const size_t exponent = text.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos && text.find('-', exponent) != std::string_view::npos;
    value = tiny ? 0 : std::numeric_limits<double>::infinity();
    return text[0] == '-' ? -value : value;
  }
  return value;
}

struct Unit {
  std::string_view name;
  uint64_t factor;
};
constexpr Unit kTimes[] = {{"ns", 1},         {"us", 1000},         {"\xC2\xB5s", 1000},   {"\xCE\xBCs", 1000},
                           {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
constexpr Unit kSizes[] = {
    {"b", 1},     {"kib", 1ull << 10}, {"mib", 1ull << 20},   {"gib", 1ull << 30},      {"tib", 1ull << 40},
    {"kb", 1000}, {"mb", 1'000'000},   {"gb", 1'000'000'000}, {"tb", 1'000'000'000'000}};

}  // namespace

Scalar resolve_scalar(std::string_view text) {
  if (text.empty() || one_of(text, {"~", "null", "Null", "NULL"})) return {NodeKind::null};
  const char first = text[0];
  if (first == 't' || first == 'T' || first == 'f' || first == 'F') {
    if (one_of(text, {"true", "True", "TRUE"})) return {NodeKind::boolean, 1};
    if (one_of(text, {"false", "False", "FALSE"})) return {NodeKind::boolean, 0};
    return {};
  }
  if (!is_digit(first) && first != '-' && first != '+' && first != '.') return {};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return {NodeKind::real, 0, kInfinity};
  if (one_of(text, {"-.inf", "-.Inf", "-.INF"})) return {NodeKind::real, 0, -kInfinity};
  if (one_of(text, {".nan", ".NaN", ".NAN"})) return {NodeKind::real, 0, std::nan("")};
  std::string plain;
  if (text.find('_') != std::string_view::npos) {
    for (char c : text)
      if (c != '_') plain += c;
    text = plain;
  }
  if (const auto integer = parse_integer(text)) return {NodeKind::integer, *integer, static_cast<double>(*integer)};
  if (const auto number = parse_float(text)) return {NodeKind::real, 0, *number};
  return {};
}

std::optional<int64_t> parse_duration(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  long double sum = 0;  // 64 bits of mantissa: exact for every nanosecond that fits
  while (!text.empty()) {
    size_t i = 0, digits = 0;
    for (bool point = false; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !point)); ++i)
      text[i] == '.' ? void(point = true) : void(++digits);
    if (digits == 0) return std::nullopt;
    long double amount = 0, scale = 0;
    for (char c : text.substr(0, i)) {
      if (c == '.') {
        scale = 1;
        continue;
      }
      amount = amount * 10 + (c - '0');
      scale *= 10;
    }
    text.remove_prefix(i);
    i = 0;
    while (i < text.size() && !is_digit(text[i]) && text[i] != '.') ++i;
    const std::string_view unit = text.substr(0, i);
    text.remove_prefix(i);
    const Unit* found = nullptr;
    for (const Unit& known : kTimes)
      if (known.name == unit) found = &known;
    if (!found) return std::nullopt;
    sum += std::trunc(amount * found->factor / (scale > 0 ? scale : 1));
  }
  constexpr auto kMax = static_cast<long double>(std::numeric_limits<int64_t>::max());
  if (!(sum <= kMax)) return std::nullopt;
  return negative ? -static_cast<int64_t>(sum) : static_cast<int64_t>(sum);
}

std::optional<uint64_t> parse_bytes(std::string_view text) {
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  std::string unit;
  for (char c : text) unit += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  if (unit.empty()) unit += 'b';
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();  // the border carries sizes as int64
  for (const Unit& known : kSizes)
    if (known.name == unit) return count > kMax / known.factor ? std::nullopt : std::optional(count * known.factor);
  return std::nullopt;
}

std::string format_duration(int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  std::string text = nanoseconds < 0 ? "-" : "";
  uint64_t rest = nanoseconds < 0 ? 0 - static_cast<uint64_t>(nanoseconds) : static_cast<uint64_t>(nanoseconds);
  for (const auto& [name, factor] : {Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
                                     Unit{"ms", 1'000'000}, Unit{"us", 1000}, Unit{"ns", 1}}) {
    if (rest < factor) continue;
    text += std::to_string(rest / factor);
    text += name;
    rest %= factor;
  }
  return text;
}

std::string format_number(double number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number < 0 ? "-.inf" : ".inf";
  char text[32];
  const auto result = std::to_chars(text, text + sizeof text, number);
  return std::string(text, result.ptr);
}

}  // namespace sluice::config
