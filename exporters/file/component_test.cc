// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "exporters/file/folder_for_tests.h"
#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"
#include "plugins/wire/split.h"

extern "C" const sluice_entry exporter_file_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;

const sluice_entry& kEntry = exporter_file_sluice_plugin_entry_v0;

std::string line_of(sluice_signal signal, const std::string& message) {
  std::string json;
  REQUIRE(formats::otlp_to_json(static_cast<wire::Signal>(signal), wire::to_bytes(message), json));
  return json + "\n";
}

// One resource with this attribute, or with none if the name is null.
std::string grouped(const char* name, uint64_t spans) {
  std::string out;
  wire::Writer writer(out);
  writer.message(1, [&](auto& resource_spans) {
    if (name) {
      resource_spans.message(1, [&](auto& resource) {
        resource.message(1, [&](auto& attribute) {
          attribute.text(1, "tenant");
          attribute.message(2, [&](auto& value) { value.text(1, name); });
        });
      });
    }
    resource_spans.message(2, [&](auto& scope_spans) {
      for (uint64_t i = 0; i < spans; ++i) scope_spans.message(2, [](auto& span) { span.text(5, "work"); });
    });
  });
  return out;
}

Tree group_by_tenant(const Folder& folder, int max_open_files = 100, bool append = false) {
  return Tree::map(
      {{"path", folder / "*.json"},
       {"append", append},
       {"group_by",
        Tree::map({{"enabled", true}, {"resource_attribute", "tenant"}, {"max_open_files", max_open_files}})}});
}

TEST_CASE("file exporter: a line for each batch, all signals in one file", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / "out.json"}}));
  REQUIRE(file.start() == SLUICE_DONE);
  CHECK(file.consume(SLUICE_TRACES, sample_traces())->answer() == SLUICE_DONE);
  CHECK(file.consume(SLUICE_METRICS, sample_metrics())->answer() == SLUICE_DONE);
  CHECK(file.consume(SLUICE_LOGS, sample_logs())->answer() == SLUICE_DONE);
  // Written when it is answered, not later.
  CHECK(folder.read("out.json") == line_of(SLUICE_TRACES, sample_traces()) + line_of(SLUICE_METRICS, sample_metrics()) +
                                       line_of(SLUICE_LOGS, sample_logs()));
}

TEST_CASE("file exporter: a batch of several messages is one record", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  const std::string one = message(SLUICE_LOGS, 2), other = message(SLUICE_LOGS, 3, "b");
  SECTION("JSON") {
    Subject file(host, kEntry, "file", Tree::map({{"path", folder / "out"}}));
    REQUIRE(file.start() == SLUICE_DONE);
    CHECK(file.consume(host.batch(SLUICE_LOGS, {one, other}))->answer() == SLUICE_DONE);
    CHECK(folder.read("out") == line_of(SLUICE_LOGS, one + other));
  }
  SECTION("protobuf") {
    Subject file(host, kEntry, "file", Tree::map({{"path", folder / "out"}, {"format", "proto"}}));
    REQUIRE(file.start() == SLUICE_DONE);
    CHECK(file.consume(host.batch(SLUICE_LOGS, {one, other}))->answer() == SLUICE_DONE);
    CHECK(folder.read("out").substr(4) == one + other);
  }
}

TEST_CASE("file exporter: a start empties the file, append keeps it", "[exporter][file]") {
  const Folder folder;
  const std::string before = line_of(SLUICE_LOGS, sample_logs());
  folder.write("out", before);
  const bool append = GENERATE(false, true);
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / "out"}, {"append", append}}));
  REQUIRE(file.start() == SLUICE_DONE);
  CHECK(folder.read("out") == (append ? before : ""));
  file.consume(SLUICE_TRACES, sample_traces());
  CHECK(folder.read("out") == (append ? before : "") + line_of(SLUICE_TRACES, sample_traces()));
}

TEST_CASE("file exporter: half a record that was left behind is removed before anything is appended",
          "[exporter][file]") {
  const Folder folder;
  const std::string before = line_of(SLUICE_LOGS, sample_logs());
  folder.write("out", before + before.substr(0, 30));
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / "out"}, {"append", true}}));
  REQUIRE(file.start() == SLUICE_DONE);
  CHECK(folder.read("out") == before);
  REQUIRE(host.logs().size() == 1);
  CHECK(host.logs()[0].level == SLUICE_WARN);
  CHECK(host.logs()[0].field("bytes") == "30");
}

TEST_CASE("file exporter: somebody else's last line is ended, not removed", "[exporter][file]") {
  const Folder folder;
  folder.write("out", "# a note");
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / "out"}, {"append", true}}));
  REQUIRE(file.start() == SLUICE_DONE);
  file.consume(SLUICE_LOGS, sample_logs());
  CHECK(folder.read("out") == "# a note\n" + line_of(SLUICE_LOGS, sample_logs()));
}

TEST_CASE("file exporter: frames are not appended to a file of something else", "[exporter][file]") {
  const Folder folder;
  folder.write("out", "hello, this is a letter");
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / "out"}, {"append", true}, {"format", "proto"}}));
  CHECK(file.start() == SLUICE_FAILED_PERMANENT);
  CHECK(host.last_error().find("does not hold frames of telemetry") != std::string::npos);
  CHECK(folder.read("out") == "hello, this is a letter");
}

TEST_CASE("file exporter: threads share a file, every line is whole", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(host, kEntry, "file", Tree::map({{"path", folder / "out"}}));
  REQUIRE(file.start() == SLUICE_DONE);
  const std::string lines[] = {line_of(SLUICE_TRACES, sample_traces()), line_of(SLUICE_METRICS, sample_metrics()),
                               line_of(SLUICE_LOGS, sample_logs())};
  const std::string messages[] = {sample_traces(), sample_metrics(), sample_logs()};
  std::vector<std::thread> threads;
  for (const sluice_signal signal : kSignals) {
    threads.emplace_back([&, signal] {
      const BatchRef batch = host.batch(signal, messages[signal]);
      for (int i = 0; i < 200; ++i) file.consume(batch);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream in(folder.read("out"));
  size_t counts[3] = {};
  for (std::string line; std::getline(in, line);)
    for (size_t i = 0; i < 3; ++i) counts[i] += line + "\n" == lines[i];
  for (const size_t count : counts) CHECK(count == 200);
}

TEST_CASE("file exporter: a full file is moved aside and named after the time", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(host, kEntry, "file",
               Tree::map({{"path", folder / "deep/er/out.json"}, {"rotation", Tree::map({{"max_megabytes", 1}})}}));
  REQUIRE(file.start() == SLUICE_DONE);
  const std::string half = message(SLUICE_LOGS, 1, std::string(600 << 10, 'x'));
  CHECK(file.consume(SLUICE_LOGS, half)->answer() == SLUICE_DONE);
  CHECK(folder.read("deep/er/out.json") == line_of(SLUICE_LOGS, half));
  file.consume(SLUICE_LOGS, half);
  // In the same millisecond: no backup replaces another.
  file.consume(SLUICE_LOGS, half);
  host.advance(25ms);
  file.consume(SLUICE_LOGS, half);
  for (const char* name : {"out.json", "out-2023-11-14T22-13-20.000.json", "out-2023-11-14T22-13-20.001.json",
                           "out-2023-11-14T22-13-20.025.json"})
    CHECK(folder.read(std::string("deep/er/") + name) == line_of(SLUICE_LOGS, half));
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "deep/er"), {}) == 4);
}

TEST_CASE("file exporter: rotation goes on with the file that is there, and removes old ones", "[exporter][file]") {
  const Folder folder;
  const std::string before = line_of(SLUICE_LOGS, message(SLUICE_LOGS, 1, std::string(900 << 10, 'x')));
  folder.write("out", before);
  folder.write("out-2023-11-01T00-00-00.000", "old");
  folder.write("out-2023-11-02T00-00-00.000-size", "newer");
  FakeHost host;
  Subject file(
      host, kEntry, "file",
      Tree::map({{"path", folder / "out"}, {"rotation", Tree::map({{"max_megabytes", 1}, {"max_backups", 2}})}}));
  REQUIRE(file.start() == SLUICE_DONE);
  CHECK(folder.read("out") == before);
  const std::string next = message(SLUICE_LOGS, 1, std::string(200 << 10, 'y'));
  CHECK(file.consume(SLUICE_LOGS, next)->answer() == SLUICE_DONE);
  CHECK(folder.read("out") == line_of(SLUICE_LOGS, next));
  CHECK(folder.names() ==
        std::vector<std::string>{"out", "out-2023-11-02T00-00-00.000-size", "out-2023-11-14T22-13-20.000"});
  CHECK(folder.read("out-2023-11-14T22-13-20.000") == before);
}

TEST_CASE("file exporter: what is larger than a file may be is to be cut", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(host, kEntry, "file",
               Tree::map({{"path", folder / "out"}, {"rotation", Tree::map({{"max_megabytes", 1}})}}));
  REQUIRE(file.start() == SLUICE_DONE);
  CHECK(file.consume(SLUICE_LOGS, message(SLUICE_LOGS, 3, std::string(400 << 10, 'x')))->answer() == SLUICE_TOO_LARGE);
  CHECK(folder.read("out").empty());
}

TEST_CASE("file exporter: groups go to files of their own", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(host, kEntry, "file", group_by_tenant(folder));
  REQUIRE(file.start() == SLUICE_DONE);
  CHECK(folder.names().empty());
  const BatchRef batch = host.batch(SLUICE_TRACES, {grouped("a", 1) + grouped("b/c", 2), grouped("a", 3)});
  CHECK(file.consume(batch)->answer() == SLUICE_DONE);
  CHECK(folder.read("a.json") == line_of(SLUICE_TRACES, grouped("a", 1) + grouped("a", 3)));
  CHECK(folder.read("b/c.json") == line_of(SLUICE_TRACES, grouped("b/c", 2)));
  CHECK(folder.names() == std::vector<std::string>{"a.json", "b"});
}

TEST_CASE("file exporter: what belongs to no group, or to one that no file can have, is rejected", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(host, kEntry, "file", group_by_tenant(folder));
  REQUIRE(file.start() == SLUICE_DONE);
  const std::string long_name(300, 'n');
  const auto call = file.consume(host.batch(
      SLUICE_TRACES, {grouped(nullptr, 1), grouped("a", 2), grouped(long_name.c_str(), 3), grouped("../../a", 4)}));
  REQUIRE(call->completed);
  CHECK(call->completed->status() == SLUICE_DONE);
  CHECK(call->completed->rejected_items() == 4);
  const auto& ranges = call->completed->ranges();
  REQUIRE(ranges.size() == 2);
  CHECK(ranges[0].first == 0);
  CHECK(ranges[0].count == 1);
  CHECK(ranges[0].status == SLUICE_FAILED_PERMANENT);
  CHECK(ranges[1].first == 3);
  CHECK(ranges[1].count == 3);
  CHECK(ranges[1].status == SLUICE_FAILED_PERMANENT);
  CHECK(call->completed->text() == "a resource has no text in its attribute tenant");
  CHECK(folder.names() == std::vector<std::string>{"a.json"});
  CHECK(folder.read("a.json") ==
        line_of(SLUICE_TRACES, grouped("../../a", 4)) + line_of(SLUICE_TRACES, grouped("a", 2)));
}

TEST_CASE("file exporter: a file that was closed to make room is continued, not emptied", "[exporter][file]") {
  const Folder folder;
  folder.write("a.json", "from an earlier run\n");
  const bool append = GENERATE(false, true);
  FakeHost host;
  Subject file(host, kEntry, "file", group_by_tenant(folder, 1, append));
  REQUIRE(file.start() == SLUICE_DONE);
  for (const char* name : {"a", "b", "a", "b", "a"})
    CHECK(file.consume(SLUICE_TRACES, grouped(name, 1))->answer() == SLUICE_DONE);
  const std::string line = line_of(SLUICE_TRACES, grouped("a", 1));
  CHECK(folder.read("a.json") == (append ? "from an earlier run\n" : "") + line + line + line);
}

TEST_CASE("file exporter: folders are created where they are asked for", "[exporter][file]") {
  const Folder folder;
  FakeHost host;
  Subject file(
      host, kEntry, "file",
      Tree::map({{"path", folder / "one/two/out"}, {"create_directory", true}, {"directory_permissions", "0700"}}));
  REQUIRE(file.start() == SLUICE_DONE);
  struct stat one {};
  REQUIRE(::stat((folder / "one").c_str(), &one) == 0);
  CHECK((one.st_mode & 0777) == 0700);
  file.consume(SLUICE_LOGS, sample_logs());
  CHECK(folder.read("one/two/out") == line_of(SLUICE_LOGS, sample_logs()));
}

TEST_CASE("file exporter: keeps the rules of the border", "[exporter][file]") {
  const Folder folder;
  CHECK(conformance_problems(kEntry, "file", {.settings = Tree::map({{"path", folder / "out"}})}) ==
        std::vector<std::string>{});
  CHECK(conformance_problems(kEntry, "file", {.settings = group_by_tenant(folder, 2)}) == std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
