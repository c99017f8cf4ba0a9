// SPDX-License-Identifier: Apache-2.0
// What happens to records when the disk, the folder or somebody else gets in the way.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "exporters/file/folder_for_tests.h"
#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry exporter_file_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

namespace fs = std::filesystem;

const sluice_entry& kEntry = exporter_file_sluice_plugin_entry_v0;

std::string line_of_logs() {
  std::string json;
  REQUIRE(formats::otlp_to_json(wire::Signal::logs, wire::to_bytes(sample_logs()), json));
  return json + "\n";
}

// No file of this process may get larger: a write is cut short there, the next one fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    before_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit now{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &now) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_handler_);
  }

 private:
  rlimit before_{};
  void (*before_handler_)(int) = nullptr;
};

TEST_CASE("file exporter: half a record is taken back, the next one fits behind the last whole one",
          "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / "out"}}));
  REQUIRE(file.start() == SLUICE_DONE);
  const std::string line = line_of_logs();
  REQUIRE(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  {
    const FileSizeLimit limit(line.size() * 2 - 10);
    const auto call = file.consume(SLUICE_LOGS, sample_logs());
    REQUIRE(call->completed);
    CHECK(call->completed->status() == SLUICE_FAILED_RETRYABLE);
    CHECK(call->completed->text() == "cannot write to \"" + (folder / "out") + "\": File too large");
    CHECK(folder.read("out") == line);
    CHECK(host.health().first == SLUICE_HEALTH_DEGRADED);
  }
  CHECK(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  CHECK(folder.read("out") == line + line);
  CHECK(host.health().first == SLUICE_HEALTH_OK);
}

TEST_CASE("file exporter: a full disk is answered with its error", "[exporter][file]") {
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", "/dev/full"}}));
  REQUIRE(file.start() == SLUICE_DONE);
  const auto call = file.consume(SLUICE_LOGS, sample_logs());
  REQUIRE(call->completed);
  CHECK(call->completed->status() == SLUICE_FAILED_RETRYABLE);
  CHECK(call->completed->code() == Code::unavailable);
  CHECK(call->completed->text() == "cannot write to \"/dev/full\": No space left on device");
}

TEST_CASE("file exporter: what is no file can be written to, but not rotated", "[exporter][file]") {
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", "/dev/null"}}));
  REQUIRE(file.start() == SLUICE_DONE);
  CHECK(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  FakeHost other;
  Subject rotated(other, kEntry, "file", Tree::map({{"path", "/dev/null"}, {"rotation", Tree::map({})}}));
  CHECK(rotated.start() == SLUICE_FAILED_PERMANENT);
  CHECK(other.last_error() == "cannot rotate \"/dev/null\": it is not a regular file");
}

TEST_CASE("file exporter: a path that cannot be opened is said at the start", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  const auto [path, error] = GENERATE(table<const char*, const char*>(
      {{"missing/out", "No such file or directory"}, {"there/out", "Not a directory"}, {".", "Is a directory"}}));
  folder.write("there", "");
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / path}}));
  CHECK(file.start() == SLUICE_FAILED_PERMANENT);
  CHECK(host.last_error() == "cannot open \"" + (folder / path) + "\": " + error);
}

TEST_CASE("file exporter: the file is moved away, the next record begins a new one", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / "out"}}));
  REQUIRE(file.start() == SLUICE_DONE);
  const std::string line = line_of_logs();
  REQUIRE(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  SECTION("moved") {
    fs::rename(folder / "out", folder / "out.1");
    CHECK(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
    CHECK(folder.read("out.1") == line);
  }
  SECTION("removed") {
    fs::remove(folder / "out");
    CHECK(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  }
  SECTION("copied and emptied") {
    fs::resize_file(folder / "out", 0);
    CHECK(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  }
  SECTION("replaced") {
    fs::rename(folder / "out", folder / "out.1");
    folder.write("out", "");
    CHECK(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  }
  CHECK(folder.read("out") == line);
}

TEST_CASE("file exporter: the folder is gone, nothing is taken until it is back", "[exporter][file]") {
  const Folder folder;
  fs::create_directory(folder / "in");
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / "in/out"}}));
  REQUIRE(file.start() == SLUICE_DONE);
  REQUIRE(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  fs::rename(folder / "in", folder / "away");
  const auto call = file.consume(SLUICE_LOGS, sample_logs());
  REQUIRE(call->completed);
  CHECK(call->completed->status() == SLUICE_FAILED_RETRYABLE);
  CHECK(call->completed->text() == "cannot open \"" + (folder / "in/out") + "\": No such file or directory");
  fs::create_directory(folder / "in");
  CHECK(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  CHECK(folder.read("in/out") == line_of_logs());
  CHECK(folder.read("away/out") == line_of_logs());
}

TEST_CASE("file exporter: where folders are created, a lost one is created again", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / "in/out"}, {"create_directory", true}}));
  REQUIRE(file.start() == SLUICE_DONE);
  fs::remove_all(folder / "in");
  CHECK(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  CHECK(folder.read("in/out") == line_of_logs());
}

TEST_CASE("file exporter: one group's trouble is not that of the others", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(host, kEntry, "file",
               Tree::map({{"path", folder / "*"},
                          {"group_by", Tree::map({{"enabled", true}, {"resource_attribute", "service.name"}})}}));
  REQUIRE(file.start() == SLUICE_DONE);
  const std::string large = message(SLUICE_LOGS, 50, "item", "large"), small = message(SLUICE_LOGS, 2, "item", "small");
  {
    const FileSizeLimit limit(1000);
    const auto call = file.consume(host.batch(SLUICE_LOGS, {large, small}));
    REQUIRE(call->completed);
    CHECK(call->completed->status() == SLUICE_DONE);
    CHECK(call->completed->rejected_items() == 0);
    REQUIRE(call->completed->ranges().size() == 1);
    CHECK(call->completed->ranges()[0].first == 0);
    CHECK(call->completed->ranges()[0].count == 50);
    CHECK(call->completed->ranges()[0].status == SLUICE_FAILED_RETRYABLE);
    CHECK(folder.read("large").empty());
    CHECK(file.consume(host.batch(SLUICE_LOGS, large))->completed->ranges().empty());
  }
  CHECK(file.consume(host.batch(SLUICE_LOGS, large))->answer() == SLUICE_DONE);
  std::string json;
  REQUIRE(formats::otlp_to_json(wire::Signal::logs, wire::to_bytes(small), json));
  CHECK(folder.read("small") == json + "\n");
}

TEST_CASE("file exporter: a full file that cannot be moved aside keeps its name and its records", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  const std::string name(250, 'n');  // with a time behind it, it is longer than a name may be
  Subject file(host, kEntry, "file",
               Tree::map({{"path", folder / name}, {"rotation", Tree::map({{"max_megabytes", 1}})}}));
  REQUIRE(file.start() == SLUICE_DONE);
  const std::string half = message(SLUICE_LOGS, 1, std::string(600 << 10, 'x'));
  REQUIRE(file.consume(SLUICE_LOGS, half)->answer() == SLUICE_DONE);
  const std::string before = folder.read(name);
  const auto call = file.consume(SLUICE_LOGS, half);
  REQUIRE(call->completed);
  CHECK(call->completed->status() == SLUICE_FAILED_RETRYABLE);
  CHECK(call->completed->text() == "cannot move aside \"" + (folder / name) + "\": File name too long");
  CHECK(folder.names() == std::vector<std::string>{name});
  CHECK(folder.read(name) == before);
}

}  // namespace
}  // namespace sluice::testing
