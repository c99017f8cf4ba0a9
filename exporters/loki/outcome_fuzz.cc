// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as Loki's words in an answer; the first byte chooses the status. More than was sent is never
// counted, whatever it says. The corpus (tests/fuzz/loki_answer) is replayed in every run of the tests.
#include <cstdlib>

#include "exporters/loki/outcome.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr int kStatus[] = {400, 429, 260, 500, 413, 204};
  if (size == 0) return 0;
  formats::loki::Push push;
  push.streams.push_back({R"({job="a"})", 7, {}});
  push.streams.push_back({R"({job="b; 9 errors like: '{x", z="}'"})", 5, {}});
  push.items = {{0, 12}};
  push.entries = 12;
  net::HttpAnswer answer;
  answer.status = kStatus[data[0] % std::size(kStatus)];
  answer.body.assign(reinterpret_cast<const char*>(data + 1), size - 1);
  const Result result = exporters::outcome_of(answer, push, "http://user:secret@loki:3100/loki/api/v1/push");
  if (result.rejected_items() > push.entries || (result.rejected_items() != 0 && !result.ok())) std::abort();
  if (result.text().find("secret") != std::string_view::npos && answer.body.find("secret") == std::string::npos)
    std::abort();
  const Result results[] = {result};
  const Result all = exporters::combine({&push, 1}, results, {});
  if (all.rejected_items() > push.entries || all.status() != result.status()) std::abort();
  return 0;
}
