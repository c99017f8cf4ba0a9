// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/http_outcome.h"

#include <algorithm>

#include "plugins/sdk/str.h"

namespace sluice::net {

std::string in_one_line(std::string_view text) {
  constexpr size_t kMaxQuote = 512;
  std::string words(text.substr(0, kMaxQuote));
  for (char& c : words) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return words;
}

std::string printable_url(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const size_t authority = scheme + 3;
  const size_t end = std::min(url.find_first_of("/?", authority), url.size());
  const size_t at = url.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < authority) return std::string(url);
  return std::string(url.substr(0, authority)) + std::string(url.substr(at + 1));
}

Result no_answer(const HttpAnswer& answer) {
  // A timeout says something about this request; anything else about the destination.
  const Code code = answer.timed_out && answer.maybe_sent ? Code::deadline_exceeded : Code::unavailable;
  Result result = Result::retryable(code, "failed to make an HTTP request: " + answer.error);
  if (answer.maybe_sent) result.outcome_unknown();
  return result;
}

Result blocked(uint64_t items, std::string_view text) {
  sluice_result result = Result::partial(items, {}).view();
  result.code = static_cast<int32_t>(Code::failed_precondition);
  result.text = str(text);
  return Result(result);
}

}  // namespace sluice::net
