// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/config.h"

#include <catch2/catch.hpp>

#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

using processors::Acknowledge;
using processors::BatchConfig;
using Said = std::vector<std::string>;

TEST_CASE("batch settings: declared soundly", "[processor][batch]") {
  CHECK(declaration_mistakes<BatchConfig>() == Said{});
}

TEST_CASE("batch settings: defaults are those of the OpenTelemetry Collector", "[processor][batch]") {
  const auto read = config<BatchConfig>("");
  CHECK(read.said == Said{});
  CHECK(read.settings.timeout == std::chrono::milliseconds(200));
  CHECK(read.settings.send_batch_size == 8192);
  CHECK(read.settings.send_batch_max_size == 0);
  CHECK(read.settings.metadata_keys.empty());
  CHECK(read.settings.metadata_cardinality_limit == 1000);
  CHECK(read.settings.acknowledge == Acknowledge::accepted);
}

TEST_CASE("batch settings: a file with every key is read", "[processor][batch]") {
  const auto read = config<BatchConfig>(R"(
timeout: 10s
send_batch_size: 100
send_batch_max_size: 200
metadata_keys: [X-Tenant, zone]
metadata_cardinality_limit: 5
acknowledge: delivered
)");
  CHECK(read.said == Said{});
  CHECK(read.settings.timeout == std::chrono::seconds(10));
  CHECK(read.settings.send_batch_size == 100);
  CHECK(read.settings.send_batch_max_size == 200);
  CHECK(read.settings.metadata_keys == std::vector<std::string>{"X-Tenant", "zone"});
  CHECK(read.settings.metadata_cardinality_limit == 5);
  CHECK(read.settings.acknowledge == Acknowledge::delivered);
}

TEST_CASE("batch settings: mistakes are named", "[processor][batch]") {
  CHECK(config<BatchConfig>("timeout: -1s").said ==
        Said{R"(timeout: "-1s" is out of range; accepted: at least 0s [config.range])"});
  CHECK(config<BatchConfig>("send_batch_max_size: 5").said ==
        Said{"send_batch_max_size: must be 0, or at least send_batch_size (8192) [config.check]"});
  CHECK(config<BatchConfig>("metadata_keys: [tenant, Tenant]").said ==
        Said{"metadata_keys[1]: the item stands twice in this list, letter case aside; remove one of the two "
             "[config.duplicate-item]"});
}

}  // namespace
}  // namespace sluice::testing
