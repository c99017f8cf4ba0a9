// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry exporter_debug_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

const sluice_entry& kEntry = exporter_debug_sluice_plugin_entry_v0;

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-debug-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

TEST_CASE("debug exporter: basic prints the counts", "[exporter][debug]") {
  FakeHost host;
  Subject debug(host, kEntry, "debug");
  REQUIRE(debug.start() == SLUICE_DONE);
  CHECK(debug.consume(SLUICE_TRACES, message(SLUICE_TRACES, 3))->answer() == SLUICE_DONE);
  const BatchRef metrics = host.batch(SLUICE_METRICS, {message(SLUICE_METRICS, 2), sample_metrics()});
  CHECK(debug.consume(metrics)->answer() == SLUICE_DONE);
  CHECK(debug.consume(SLUICE_LOGS, message(SLUICE_LOGS, 4))->answer() == SLUICE_DONE);
  const auto logs = host.logs();
  REQUIRE(logs.size() == 3);
  using Fields = std::vector<std::pair<std::string, std::string>>;
  CHECK(logs[0].level == SLUICE_INFO);
  CHECK(logs[0].text == "Traces");
  CHECK(logs[0].fields == Fields{{"otelcol.signal", "traces"}, {"resource spans", "1"}, {"spans", "3"}});
  CHECK(logs[1].text == "Metrics");
  CHECK(logs[1].fields ==
        Fields{{"otelcol.signal", "metrics"}, {"resource metrics", "2"}, {"metrics", "3"}, {"data points", "3"}});
  CHECK(logs[2].text == "Logs");
  CHECK(logs[2].fields == Fields{{"otelcol.signal", "logs"}, {"resource logs", "1"}, {"log records", "4"}});
}

TEST_CASE("debug exporter: normal and detailed follow the counts with one text", "[exporter][debug]") {
  const auto [verbosity, begins] = GENERATE(table<const char*, const char*>({
      {"normal", "ResourceLog #0 service.name=demo\n"},
      {"detailed", "ResourceLog #0\nResource SchemaURL: \n"},
  }));
  FakeHost host;
  Subject debug(host, kEntry, "debug", Tree::map({{"verbosity", verbosity}}));
  REQUIRE(debug.start() == SLUICE_DONE);
  debug.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  REQUIRE(host.logs().size() == 2);
  CHECK(host.logs()[0].text == "Logs");
  CHECK(host.logs()[1].text.starts_with(begins));
  CHECK(host.logs()[1].fields == std::vector<std::pair<std::string, std::string>>{{"otelcol.signal", "logs"}});
}

TEST_CASE("debug exporter: equal messages of a second are sampled", "[exporter][debug]") {
  FakeHost host;
  Subject debug(host, kEntry, "debug", Tree::map({{"sampling_initial", 1}, {"sampling_thereafter", 2}}));
  REQUIRE(debug.start() == SLUICE_DONE);
  for (int i = 0; i < 5; ++i) CHECK(debug.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1))->answer() == SLUICE_DONE);
  CHECK(host.logs().size() == 3);
  host.advance(std::chrono::seconds(1));
  debug.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  CHECK(host.logs().size() == 4);
}

TEST_CASE("debug exporter: nothing is printed where the log is off, everything is taken", "[exporter][debug]") {
  FakeHost host;
  host.set_log_level(SLUICE_WARN);
  Subject debug(host, kEntry, "debug", Tree::map({{"verbosity", "detailed"}}));
  REQUIRE(debug.start() == SLUICE_DONE);
  CHECK(debug.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1))->answer() == SLUICE_DONE);
  CHECK(host.logs().empty());
}

TEST_CASE("debug exporter: own output is appended to files", "[exporter][debug]") {
  const Folder folder;
  const std::string plain = folder / "plain.log";
  const std::string url = folder / "url.log";
  std::ofstream(plain) << "before\n";
  FakeHost host;
  Subject debug(host, kEntry, "debug",
                Tree::map({{"use_internal_logger", false}, {"output_paths", Tree::list({plain, "file://" + url})}}));
  REQUIRE(debug.start() == SLUICE_DONE);
  debug.consume(SLUICE_TRACES, message(SLUICE_TRACES, 1));
  const std::string line = "Traces\t{\"resource spans\": 1, \"spans\": 1}\n";
  CHECK(read(plain) == "before\n" + line);
  CHECK(read(url) == line);
  CHECK(host.logs().empty());
}

TEST_CASE("debug exporter: output that cannot be opened fails start", "[exporter][debug]") {
  const Folder folder;
  const std::string path = folder / "no/such/file";
  FakeHost host;
  Subject debug(host, kEntry, "debug",
                Tree::map({{"use_internal_logger", false}, {"output_paths", Tree::list({"stderr", path})}}));
  CHECK(debug.start() == SLUICE_FAILED_PERMANENT);
  CHECK(host.last_error() == "cannot open \"" + path + "\" for writing: No such file or directory");
}

TEST_CASE("debug exporter: output that cannot be written is reported, not per batch", "[exporter][debug]") {
  FakeHost host;
  Subject debug(host, kEntry, "debug",
                Tree::map({{"use_internal_logger", false}, {"output_paths", Tree::list({"/dev/full"})}}));
  REQUIRE(debug.start() == SLUICE_DONE);
  for (int i = 0; i < 3; ++i) debug.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  REQUIRE(host.logs().size() == 1);
  CHECK(host.logs()[0].text == "cannot write to \"/dev/full\": No space left on device");
}

TEST_CASE("debug exporter: settings that contradict each other are refused", "[exporter][debug]") {
  FakeHost host;
  const Subject unused(host, kEntry, "debug", Tree::map({{"output_paths", Tree::list({"stdout"})}}));
  CHECK_FALSE(unused.created());
  CHECK(host.last_error() == "needs use_internal_logger: false");
  const Subject scheme(host, kEntry, "debug",
                       Tree::map({{"use_internal_logger", false}, {"output_paths", Tree::list({"https://x/y"})}}));
  CHECK_FALSE(scheme.created());
  CHECK(host.last_error() == "\"https://x/y\" is neither stdout, stderr, a path nor a URL as file:///path");
}

TEST_CASE("debug exporter: keeps the rules of the border", "[exporter][debug]") {
  CHECK(conformance_problems(exporter_debug_sluice_plugin_entry_v0, "debug") == std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
