// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as the headers Accept and Accept-Encoding of a scraper. The corpus (tests/fuzz/accept) is
// replayed in every run of the tests.
#include <cstdlib>

#include "plugins/formats/accept/accept.h"
#include "plugins/formats/prometheus/negotiation.h"

using namespace sluice::formats::prometheus;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  const Negotiated any = negotiate(header, true), no_open_metrics = negotiate(header, false);
  if (no_open_metrics.format == Format::open_metrics) std::abort();
  // What is answered is what was asked for: asked for again, it is answered again.
  if (negotiate(any.content_type(), true).format != any.format) std::abort();
  constexpr std::string_view kOffered[] = {"zstd", "gzip"};
  if (!sluice::formats::favourite_coding(header, kOffered).empty() &&
      header.find_first_of("*gGzZ") == std::string_view::npos)
    std::abort();
  return 0;
}
