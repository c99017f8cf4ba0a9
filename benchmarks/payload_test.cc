// SPDX-License-Identifier: Apache-2.0
// The sink's word is only as good as its tally: every fault that it shall find is made here.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "benchmarks/tally.h"

namespace sluice::benchmarks {
namespace {

Shape small(Kind kind) {
  return {.kind = kind, .requests = 3, .items_per_request = 25};
}

struct StampsFile {
  explicit StampsFile(uint64_t count) {
    path = (std::filesystem::temp_directory_path() / "sluice-stamps-XXXXXX").string();
    close(mkstemp(path.data()));
    std::filesystem::resize_file(path, count * sizeof(Stamp));
  }
  ~StampsFile() { std::filesystem::remove(path); }
  std::string path;
};

const Kind kKinds[] = {Kind::traces, Kind::logs,       Kind::sums,
                       Kind::gauges, Kind::histograms, Kind::exponential_histograms};

TEST_CASE("payload: every item of every kind has its number, in order", "[benchmarks]") {
  const Kind kind = GENERATE(from_range(std::begin(kKinds), std::end(kKinds)));
  const Payload payload = Payload::make(small(kind));
  uint64_t next = 0;
  for (const auto& request : payload.requests) {
    for_each_item(signal_of(kind), request,
                  [&](wire::Bytes item) { CHECK(item_number(signal_of(kind), item) == next++); });
  }
  CHECK(next == payload.items());
}

TEST_CASE("payload: sizes are those that were published for peers", "[benchmarks]") {
  auto bytes_per_item = [](Kind kind) {
    const Payload payload = Payload::make({.kind = kind, .requests = 4, .items_per_request = 1000});
    return static_cast<double>(payload.bytes()) / static_cast<double>(payload.items());
  };
  CHECK(bytes_per_item(Kind::traces) == Approx(563).margin(6));
  CHECK(bytes_per_item(Kind::logs) == Approx(335).margin(6));
  CHECK(bytes_per_item(Kind::sums) == Approx(165).margin(6));
  CHECK(bytes_per_item(Kind::gauges) == Approx(165).margin(6));
}

TEST_CASE("payload: an item is as large as asked", "[benchmarks]") {
  const Payload payload = Payload::make({.requests = 1, .items_per_request = 100, .item_bytes = 1000});
  CHECK(static_cast<double>(payload.bytes()) / 100 == Approx(1000).epsilon(0.02));
}

TEST_CASE("payload: comes back from its file as it was, and no other file does", "[benchmarks]") {
  const Payload payload = Payload::make(small(Kind::logs));
  const StampsFile file(0);
  payload.write(file.path);
  const Payload read = Payload::read(file.path);
  CHECK(read.requests == payload.requests);
  CHECK(read.shape.kind == Kind::logs);
  std::filesystem::resize_file(file.path, std::filesystem::file_size(file.path) - 1);
  CHECK_THROWS_WITH(Payload::read(file.path), file.path + " is cut short");
  std::ofstream(file.path) << "something else";
  CHECK_THROWS_WITH(Payload::read(file.path), file.path + " is no payload file");
}

TEST_CASE("tally: sees what is lost, doubled, damaged, malformed, foreign, out of order", "[benchmarks]") {
  const Payload payload = Payload::make(small(Kind::traces));
  const StampsFile file(6);
  Stamps stamps(file.path);
  Tally tally(payload, stamps, true);
  auto sent = [&](uint64_t number, bool acknowledged) {
    stamps[number].due_ns = 1;
    if (acknowledged) stamps[number].answered_ns = 2;
  };
  for (uint64_t n = 0; n < 3; ++n) {
    sent(n, true);
    tally.take(payload.requests[n]);
  }
  CHECK(tally.counts().items == 75);
  CHECK(tally.counts().damaged + tally.counts().malformed + tally.counts().foreign + tally.counts().reordered == 0);
  CHECK(tally.missing().lost == 0);
  CHECK(tally.missing().duplicated == 0);
  CHECK(stamps[2].arrived_ns != 0);
  CHECK(stamps[3].arrived_ns == 0);

  SECTION("lost") {
    sent(3, true);
    CHECK(tally.missing().lost == 25);
  }
  SECTION("not acknowledged and not there is not lost") {
    sent(3, false);
    CHECK(tally.missing().lost == 0);
  }
  SECTION("doubled, and so out of order") {
    tally.take(payload.requests[1]);
    CHECK(tally.missing().duplicated == 25);
  }
  SECTION("out of order") {
    sent(3, true), sent(4, true);
    tally.take(payload.requests[1]);
    tally.take(payload.requests[0]);
    CHECK(tally.counts().reordered == 1);
    CHECK(tally.missing().duplicated == 0);
  }
  SECTION("damaged") {
    std::vector<uint8_t> request = payload.requests[0];
    const auto name = std::string("GET /api/v1/orders/{id}");
    const auto at = std::search(request.begin(), request.end(), name.begin(), name.end());
    REQUIRE(at != request.end());
    *at = 'P';
    tally.take(request);
    CHECK(tally.counts().damaged == 1);
  }
  SECTION("malformed") {
    std::vector<uint8_t> request = payload.requests[0];
    request.pop_back();
    tally.take(request);
    CHECK(tally.counts().malformed == 1);
    CHECK(tally.counts().items == 75);
  }
  SECTION("foreign") {
    const Payload larger = Payload::make({.requests = 4, .items_per_request = 25});
    tally.take(larger.requests[3]);
    CHECK(tally.counts().foreign == 25);
  }
}

}  // namespace
}  // namespace sluice::benchmarks
