// SPDX-License-Identifier: Apache-2.0
#include "core/config/suggest.h"

#include <catch2/catch.hpp>

namespace sluice::config {
namespace {

TEST_CASE("suggest: the nearest name, letter case, _ and - aside", "[config]") {
  const std::vector<std::string> names = {"endpoint", "timeout", "tls", "max_size", "queue_size"};
  CHECK(nearest("endpont", names) == "endpoint");
  CHECK(nearest("endpiont", names) == "endpoint");  // swapped neighbours are one change
  CHECK(nearest("TimeOut", names) == "timeout");
  CHECK(nearest("max-size", names) == "max_size");
  CHECK(nearest("tsl", names) == "tls");
  CHECK(nearest("queuesize", names) == "queue_size");
  CHECK(nearest("xyz", names) == "");
  CHECK(nearest("", names) == "");
  CHECK(nearest("endpoint", names) == "");  // it is accepted
  CHECK(nearest("a", {"b"}) == "");         // nothing of it is left
  CHECK(nearest(std::string(1000, 'e'), names) == "");
}

TEST_CASE("suggest: without a near one, what is accepted, up to twelve", "[config]") {
  CHECK(suggestion("endpont", {"endpoint"}) == "did you mean \"endpoint\"?");
  CHECK(suggestion("xyz", {"a", "b"}) == "accepted: a, b");
  CHECK(suggestion("xyz", {}) == "");
  std::vector<std::string> many;
  for (int i = 0; i < 13; ++i) many.push_back("name" + std::to_string(i));
  const std::string text = suggestion("xyz", many);
  CHECK(text.ends_with(", name11, ..."));
}

}  // namespace
}  // namespace sluice::config
