// SPDX-License-Identifier: Apache-2.0
//
// Fuzz target: any text as OTLP/JSON of each signal and as a Status. What is taken is a message, and its JSON is taken
// again and means the same. The corpus (tests/fuzz/otlp_json) is replayed in every run of the tests.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/wire/check.h"

namespace {

using namespace sluice;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  for (const wire::Message type : {wire::Message::traces_data, wire::Message::metrics_data, wire::Message::logs_data,
                                   wire::Message::rpc_status, wire::Message::export_trace_response}) {
    std::string bytes;
    std::string error;
    if (!formats::json_to_message(type, json, bytes, error)) {
      require(bytes.empty() && !error.empty(), "refused without words or with leftovers");
      continue;
    }
    std::string written;
    require(formats::message_to_json(type, wire::to_bytes(bytes), written), "what was read cannot be written");
    std::string again;
    require(formats::json_to_message(type, written, again, error), "what was written cannot be read");
    std::string rewritten;
    require(formats::message_to_json(type, wire::to_bytes(again), rewritten), "the second message is damaged");
    require(written == rewritten, "there and back differs");
  }
  return 0;
}
