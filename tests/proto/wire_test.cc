// SPDX-License-Identifier: Apache-2.0
//
// check() against protobuf's parser: whole messages, truncated ones, mutated ones.
#include <catch2/catch.hpp>
#include <string>

#include "plugins/wire/check.h"
#include "plugins/wire/split.h"
#include "tests/proto/oracle.h"
#include "tests/proto/otlp_protobuf_fuzz.h"

namespace sluice::wire {
namespace {

using oracle::Random;

TEST_CASE("check against protobuf: random messages pass, with as many items", "[proto]") {
  Random random(1);
  uint64_t items = 0;
  for (int round = 0; round < 400; ++round) {
    for (const Signal signal : oracle::kSignals) {
      const auto message = oracle::make_message(signal);
      oracle::fill(*message, random);
      const std::string bytes = message->SerializeAsString();
      const Checked checked = check(signal, to_bytes(bytes));
      INFO(checked.describe());
      REQUIRE(checked.ok);
      REQUIRE(checked.items == oracle::items(*message).size());
      REQUIRE(count_items(signal, to_bytes(bytes)) == checked.items);
      items += checked.items;
    }
  }
  CHECK(items > 1000);
}

TEST_CASE("check against protobuf: concatenated messages are one message", "[proto]") {
  Random random(2);
  for (int round = 0; round < 50; ++round) {
    for (const Signal signal : oracle::kSignals) {
      const std::string a = oracle::random_bytes(signal, random);
      const std::string b = oracle::random_bytes(signal, random);
      const auto both = oracle::parse(signal, a + b);
      REQUIRE(both != nullptr);
      const uint64_t items = check(signal, to_bytes(a)).items + check(signal, to_bytes(b)).items;
      REQUIRE(check(signal, to_bytes(a + b)).items == items);
      REQUIRE(oracle::items(*both).size() == items);
    }
  }
}

TEST_CASE("check against protobuf: every truncation gets the same answer", "[proto]") {
  Random random(3);
  for (int round = 0; round < 6; ++round) {
    for (const Signal signal : oracle::kSignals) {
      const std::string bytes = oracle::random_bytes(signal, random, {.elements = 2});
      for (size_t size = 0; size < std::min<size_t>(bytes.size(), 4000); ++size) {
        // A copy of just that size, so that AddressSanitizer sees a read past the end.
        const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
        REQUIRE(fuzz::compare(signal, cut) == "");
      }
    }
  }
}

TEST_CASE("check against protobuf: mutated messages get the same answer, but for the known limits", "[proto]") {
  Random random(4);
  int refused = 0;
  int accepted = 0;
  for (int round = 0; round < 30'000; ++round) {
    const Signal signal = oracle::kSignals[random() % 3];
    static std::string seeds[3];
    std::string& seed = seeds[static_cast<size_t>(signal)];
    if (seed.empty() || round % 50 < 3) seed = oracle::random_bytes(signal, random, {.elements = 2});
    if (seed.empty() || seed.size() > 20'000) {
      seed.clear();
      continue;
    }
    std::vector<uint8_t> bytes(seed.begin(), seed.end());
    const uint64_t mutations = 1 + random() % 3;
    for (uint64_t i = 0; i < mutations && !bytes.empty(); ++i) {
      const size_t at = random() % bytes.size();
      switch (random() % 5) {
        case 0:
          bytes[at] = static_cast<uint8_t>(random());
          break;
        case 1:
          bytes[at] ^= static_cast<uint8_t>(1U << random() % 8);
          break;
        case 2:
          bytes.erase(bytes.begin() + static_cast<long>(at));
          break;
        case 3:
          bytes.insert(bytes.begin() + static_cast<long>(at), static_cast<uint8_t>(random()));
          break;
        default:
          bytes[at] = static_cast<uint8_t>(bytes[at] + (random() % 2 == 0 ? 1 : -1));
      }
    }
    const std::string difference = fuzz::compare(signal, bytes);
    INFO(difference);
    REQUIRE(difference.empty());
    ++(check(signal, bytes).ok ? accepted : refused);
  }
  CHECK(refused > 1000);
  CHECK(accepted > 1000);
}

}  // namespace
}  // namespace sluice::wire
