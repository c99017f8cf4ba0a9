// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/config.h"

#include <catch2/catch.hpp>

#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

using exporters::DebugConfig;
using exporters::Verbosity;
using Said = std::vector<std::string>;

TEST_CASE("debug settings: declared soundly", "[exporter][debug]") {
  CHECK(declaration_mistakes<DebugConfig>() == Said{});
}

TEST_CASE("debug settings: defaults are those of the OpenTelemetry Collector", "[exporter][debug]") {
  const auto read = config<DebugConfig>("");
  CHECK(read.said == Said{});
  CHECK(read.settings.verbosity == Verbosity::basic);
  CHECK(read.settings.sampling_initial == 2);
  CHECK(read.settings.sampling_thereafter == 1);
  CHECK(read.settings.use_internal_logger);
}

TEST_CASE("debug settings: a file with every key is read", "[exporter][debug]") {
  const auto read = config<DebugConfig>(R"(
verbosity: Detailed
sampling_initial: 10
sampling_thereafter: 0
use_internal_logger: false
output_paths: [stderr, /tmp/x.txt, "file:///tmp/y.txt"]
sending_queue: {enabled: true}
)");
  CHECK(read.said == Said{});
  CHECK(read.settings.verbosity == Verbosity::detailed);
  CHECK(read.settings.sampling_initial == 10);
  CHECK(read.settings.sampling_thereafter == 0);
  CHECK_FALSE(read.settings.use_internal_logger);
  CHECK(read.settings.output_paths == std::vector<std::string>{"stderr", "/tmp/x.txt", "file:///tmp/y.txt"});
}

TEST_CASE("debug settings: mistakes are named", "[exporter][debug]") {
  CHECK(config<DebugConfig>("verbosity: loud").said ==
        Said{R"(verbosity: "loud" is not one of "basic", "normal" and "detailed" [config.choice])"});
  CHECK(config<DebugConfig>("loglevel: debug").said ==
        Said{"loglevel: this key is gone; write verbosity: detailed instead of loglevel: debug, and verbosity: basic "
             "instead of info [config.removed]"});
  CHECK(config<DebugConfig>("output_paths: [x]").said ==
        Said{"output_paths: needs use_internal_logger: false [config.check]"});
}

}  // namespace
}  // namespace sluice::testing
