// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry exporter_tally_sluice_plugin_entry_v0;

namespace tally {
namespace {

using namespace sluice::testing;

const sluice_entry& kEntry = exporter_tally_sluice_plugin_entry_v0;

TEST_CASE("tally exporter: a line for each batch", "[exporter][tally]") {
  std::string folder = (std::filesystem::temp_directory_path() / "tally-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()));
  const std::string path = folder + "/lines";
  {
    FakeHost host;
    Subject tally(host, kEntry, "tally", Tree::map({{"path", path}}));
    REQUIRE(tally.start() == SLUICE_DONE);
    CHECK(tally.consume(SLUICE_TRACES, message(SLUICE_TRACES, 17))->answer() == SLUICE_DONE);
    CHECK(tally.consume(SLUICE_LOGS, message(SLUICE_LOGS, 2))->answer() == SLUICE_DONE);
  }
  std::ifstream file(path);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == "traces 17\nlogs 2\n");
  CHECK(conformance_problems(kEntry, "tally", {.settings = Tree::map({{"path", path}})}) == std::vector<std::string>{});
  std::filesystem::remove_all(folder);
}

TEST_CASE("tally exporter: file that cannot be opened fails start", "[exporter][tally]") {
  FakeHost host;
  Subject tally(host, kEntry, "tally", Tree::map({{"path", "/no/such/folder/lines"}}));
  CHECK(tally.start() == SLUICE_FAILED_PERMANENT);
  CHECK(host.last_error() == "cannot open \"/no/such/folder/lines\" for writing");
}

TEST_CASE("tally exporter: full disk is told as something that may pass", "[exporter][tally]") {
  FakeHost host;
  Subject tally(host, kEntry, "tally", Tree::map({{"path", "/dev/full"}}));
  REQUIRE(tally.start() == SLUICE_DONE);
  CHECK(tally.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1))->answer() == SLUICE_FAILED_RETRYABLE);
}

}  // namespace
}  // namespace tally
