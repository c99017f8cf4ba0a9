// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/otlp_json/json_tokens.h"

#include <charconv>

namespace sluice::formats {
namespace {

const char* skip_digits(const char* p) noexcept {
  while (static_cast<uint8_t>(*p - '0') <= 9) ++p;
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
  const char* p = skip_digits(whole);
  if (p == whole) return simdjson::INCORRECT_TYPE;
  if (*whole == '0' && p - whole > 1) return simdjson::NUMBER_ERROR;
  if (*p == '.') {
    const char* fraction = p + 1;
    p = skip_digits(fraction);
    if (p == fraction) return simdjson::NUMBER_ERROR;
  }
  if (*p == 'e' || *p == 'E') {
    ++p;
    if (*p == '-' || *p == '+') ++p;
    const char* exponent = p;
    p = skip_digits(exponent);
    if (p == exponent || p - exponent > 19) return simdjson::NUMBER_ERROR;
  }
  if (!ends_scalar(*p)) return simdjson::NUMBER_ERROR;
  if (std::from_chars(begin, p, out).ec != std::errc()) {
    // Too large or too close to zero: simdjson tells which.
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    simdjson::ondemand::value value;
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
