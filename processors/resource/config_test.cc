// SPDX-License-Identifier: Apache-2.0
#include "processors/resource/config.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

using processors::ResourceConfig;
using Said = std::vector<std::string>;

TEST_CASE("resource settings: declared soundly", "[processor][resource]") {
  CHECK(declaration_mistakes<ResourceConfig>() == Said{});
}

TEST_CASE("resource settings: a list of actions is read", "[processor][resource]") {
  const auto read = config<ResourceConfig>(R"(
attributes:
  - {key: cloud.availability_zone, value: zone-1, action: upsert}
  - {key: k8s.cluster.name, from_attribute: k8s-cluster, action: insert}
  - {key: redundant-attribute, action: delete}
)");
  CHECK(read.said == Said{});
  REQUIRE(read.settings.attributes.size() == 3);
  CHECK(read.settings.attributes[1].from_attribute == "k8s-cluster");
}

TEST_CASE("resource settings: mistakes are named with their place", "[processor][resource]") {
  CHECK(config<ResourceConfig>("").said == Said{"the key \"attributes\" is missing [config.missing]"});
  CHECK(config<ResourceConfig>("attributes: []").said.size() == 1);
  CHECK(config<ResourceConfig>("attributes: [{key: a, action: extract, pattern: x}]").said ==
        Said{"pattern: the pattern has no group to take an attribute from: write (?P<name>...) [config.check]"});
}

}  // namespace
}  // namespace sluice::testing
