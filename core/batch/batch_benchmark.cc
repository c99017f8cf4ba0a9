// SPDX-License-Identifier: Apache-2.0
//
// Hidden case: run `batch_test "[!benchmark]"` of a release build. The message is a thousand log records of 58 bytes,
// each with a resource of its own; times are for the thousand.
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch/batch.h"
#include "core/batch/testing.h"

namespace sluice::batch {
namespace {

Made adopt_chunks(std::string_view message, size_t chunk_bytes, flow::Budget& budget) {
  std::vector<sluice_segment> chunks;
  for (size_t at = 0; at < message.size(); at += chunk_bytes) {
    const std::string_view chunk = message.substr(at, chunk_bytes);
    chunks.push_back({reinterpret_cast<const uint8_t*>(chunk.data()), chunk.size(), 0});
  }
  const auto of_message = static_cast<uint32_t>(chunks.size());
  sluice_adopt foreign{};
  foreign.struct_size = sizeof foreign;
  foreign.signal = SLUICE_LOGS;
  foreign.segments = chunks.data();
  foreign.message_chunks = &of_message;
  foreign.segment_count = of_message;
  foreign.message_count = 1;
  foreign.release = [](void*) {};
  return adopt(foreign, budget, Charge::entry);
}

TEST_CASE("batch: a thousand log records", "[!benchmark]") {
  std::string message;
  for (int i = 0; i < 1000; ++i) message += one_log();
  flow::Budget budget(64 << 20);
  const Made whole = adopt_chunks(message, message.size(), budget);
  REQUIRE(whole.status == SLUICE_DONE);
  REQUIRE(whole.batch->item_count == 1000);
  REQUIRE(adopt_chunks(message, 8192, budget).batch->segment_count == 1);
  std::vector<sluice_piece> pieces(8, {whole.batch.get(), 0, 1});
  REQUIRE(gather(pieces).batch->item_count == 8000);

  BENCHMARK("adopt: shared and checked") {
    return adopt_chunks(message, message.size(), budget).batch->item_count;
  };
  BENCHMARK("adopt from chunks of 8 KiB: joined by a copy and checked") {
    return adopt_chunks(message, 8192, budget).batch->item_count;
  };
  BENCHMARK("gather eight of them") {
    return gather(pieces).batch->item_count;
  };
}

}  // namespace
}  // namespace sluice::batch
