// SPDX-License-Identifier: Apache-2.0
//
// Slices against protobuf: parsed, cut there, serialised.
#include <catch2/catch.hpp>
#include <string>

#include "plugins/wire/check.h"
#include "plugins/wire/split.h"
#include "tests/proto/oracle.h"

namespace sluice::wire {
namespace {

using oracle::Random;

TEST_CASE("slices against protobuf: any range of any message, byte for byte", "[proto]") {
  Random random(11);
  int cut = 0;
  for (int round = 0; round < 150; ++round) {
    for (const Signal signal : oracle::kSignals) {
      const std::string bytes = oracle::random_bytes(signal, random);
      const uint64_t items = check(signal, to_bytes(bytes)).items;
      if (items == 0) continue;
      for (int range = 0; range < 5; ++range) {
        const uint64_t first = random() % items;
        const uint64_t count = 1 + random() % (items - first);
        const auto expected = oracle::parse(signal, bytes);
        REQUIRE(expected != nullptr);
        oracle::keep_items(*expected, first, count);
        std::string slice;
        append_slice(signal, to_bytes(bytes), first, count, slice);
        REQUIRE((slice == expected->SerializeAsString()));
        ++cut;
      }
    }
  }
  CHECK(cut > 500);
}

TEST_CASE("slices against protobuf: the pieces of a message have all of its items once, in order", "[proto]") {
  Random random(12);
  for (int round = 0; round < 100; ++round) {
    for (const Signal signal : oracle::kSignals) {
      const std::string bytes = oracle::random_bytes(signal, random);
      const uint64_t items = check(signal, to_bytes(bytes)).items;
      const uint64_t limit = 200 + random() % (bytes.size() + 1);
      std::string merged;
      for (uint64_t first = 0; first < items;) {
        const uint64_t fitting = items_within(signal, to_bytes(bytes), first, limit);
        std::string piece;
        append_slice(signal, to_bytes(bytes), first, std::max<uint64_t>(fitting, 1), piece);
        if (fitting > 0) REQUIRE(piece.size() <= limit);
        if (first + fitting < items) {
          std::string larger;
          append_slice(signal, to_bytes(bytes), first, fitting + 1, larger);
          REQUIRE(larger.size() > limit);
        }
        merged += piece;
        first += std::max<uint64_t>(fitting, 1);
      }
      const auto whole = oracle::parse(signal, bytes);
      const auto joined = oracle::parse(signal, merged);
      REQUIRE(joined != nullptr);
      const auto before = oracle::items(*whole);
      const auto after = oracle::items(*joined);
      REQUIRE(before.size() == after.size());
      for (size_t i = 0; i < before.size(); ++i) {
        const auto text = [](const oracle::Item& item) {
          return item.parent->GetReflection()
              ->GetRepeatedMessage(*item.parent, item.field, item.index)
              .SerializeAsString();
        };
        REQUIRE((text(before[i]) == text(after[i])));
      }
    }
  }
}

}  // namespace
}  // namespace sluice::wire
