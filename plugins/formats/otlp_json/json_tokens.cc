// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/otlp_json/json_tokens.h"

#include <charconv>

namespace sluice::formats {
namespace {

constexpr ptrdiff_t kExactDigits = 15;  // below 2^53
constexpr std::array<double, kExactDigits + 1> kPowersOfTen = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

const char* read_digits(const char* p, uint64_t& value) noexcept {
  for (; static_cast<uint8_t>(*p - '0') <= 9; ++p) value = value * 10 + static_cast<uint64_t>(*p - '0');
  return p;
}

}  // namespace

bool JsonTokens::skip_value() noexcept {
  int open = 0;
  do {
    switch (text_[*at_++]) {
      case '{':
      case '[':
        ++open;
        break;
      case '}':
      case ']':
        --open;
        break;
      default:
        break;
    }
  } while (open > 0 && !at_end());
  return open <= 0;
}

simdjson::error_code JsonTokens::float64(double& out) {
  const char* begin = text_ + *at_;
  const char* whole = begin + (*begin == '-');
  uint64_t digits = 0;  // of the number without its point
  const char* p = read_digits(whole, digits);
  if (p == whole) return simdjson::INCORRECT_TYPE;
  if (*whole == '0' && p - whole > 1) return simdjson::NUMBER_ERROR;
  ptrdiff_t decimals = 0;
  if (*p == '.') {
    const char* fraction = p + 1;
    p = read_digits(fraction, digits);
    decimals = p - fraction;
    if (decimals == 0) return simdjson::NUMBER_ERROR;
  }
  const bool is_short = p - whole <= kExactDigits;
  bool has_exponent = false;
  if (*p == 'e' || *p == 'E') {
    has_exponent = true;
    ++p;
    if (*p == '-' || *p == '+') ++p;
    const char* exponent = p;
    uint64_t ignored = 0;
    p = read_digits(exponent, ignored);
    if (p == exponent || p - exponent > 19) return simdjson::NUMBER_ERROR;
  }
  if (!ends_scalar(*p)) return simdjson::NUMBER_ERROR;
  if (is_short && !has_exponent) {
    // PERF: both are exact, so the quotient is what any correct way gives.
    const double value = static_cast<double>(digits) / kPowersOfTen[static_cast<size_t>(decimals)];
    out = *begin == '-' ? -value : value;
  } else if (std::from_chars(begin, p, out).ec != std::errc()) {
    // Too large or too close to zero: simdjson tells which.
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    const simdjson::padded_string array("[" + std::string(begin, p) + "]");
    if (const auto error = parser.iterate(array).get(document)) return error;
    if (const auto error = document.at(0).get_double().get(out)) return error;
  }
  ++at_;
  return simdjson::SUCCESS;
}

bool JsonTokens::unescape(std::string_view raw, std::string& out) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  const simdjson::padded_string quoted('"' + std::string(raw) + '"');
  std::string_view text;
  if (parser.iterate(quoted).get(document) || document.get_string().get(text)) return false;
  out = text;
  return true;
}

}  // namespace sluice::formats
