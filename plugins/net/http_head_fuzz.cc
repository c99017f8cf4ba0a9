// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as a request, at once and byte by byte: both ways must come to the same. What is behind the
// head is taken as a chunked body. The corpus (tests/fuzz/http) is replayed in every run of the tests.
#include <cstdlib>
#include <string>

#include "plugins/net/http_head.h"

using sluice::net::ChunkedDecoder;
using sluice::net::HeadResult;
using sluice::net::HttpHead;

namespace {

bool decode(std::string_view input, size_t piece, std::string& body, size_t& left) {
  ChunkedDecoder decoder;
  while (!input.empty()) {
    std::string_view now = input.substr(0, piece), data;
    const size_t offered = now.size();
    for (;;) {
      const auto step = decoder.next(now, data);
      if (step == ChunkedDecoder::Step::bad) return false;
      if (step == ChunkedDecoder::Step::data) body += data;
      if (step == ChunkedDecoder::Step::done) return left = input.size() - offered + now.size(), true;
      if (step == ChunkedDecoder::Step::starved) break;
    }
    input.remove_prefix(offered);
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string whole(reinterpret_cast<const char*>(data), size), pieces = whole;
  HttpHead at_once, slowly;
  const sluice::net::HeadLimits limits{1024, 10};
  const HeadResult one = sluice::net::parse_head(whole.data(), size, 0, limits, at_once);
  HeadResult two;
  for (size_t n = 1; n <= size && two.state == HeadResult::incomplete; ++n) {
    two = sluice::net::parse_head(pieces.data(), n, n - 1, limits, slowly);
  }
  // A head that is bad from the start may be found so before the rest of it has come, and for an earlier reason.
  if (one.state == HeadResult::complete || two.state == HeadResult::complete) {
    if (one.state != two.state || one.size != two.size || at_once.path != slowly.path) std::abort();
    if (at_once.fields.size() != slowly.fields.size() || at_once.content_length != slowly.content_length) std::abort();
  }
  if (one.state != HeadResult::complete) return 0;
  const std::string_view rest = std::string_view(whole).substr(one.size);
  std::string first, second;
  size_t first_left = 0, second_left = 0;
  const bool ok = decode(rest, rest.size() + 1, first, first_left);
  if (decode(rest, 1, second, second_left) != ok) std::abort();
  if (ok && (first != second || first_left != second_left)) std::abort();
  return 0;
}
