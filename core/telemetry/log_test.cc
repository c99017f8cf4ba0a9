// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "core/telemetry/json.h"
#include "core/telemetry/log_output.h"

namespace sluice::telemetry {
namespace {

using namespace std::chrono_literals;

// The process's time zone while this lives.
class TimeZone {
 public:
  explicit TimeZone(const char* zone) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    set(zone);
  }
  ~TimeZone() { set(before_ ? before_->c_str() : nullptr); }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

 private:
  static void set(const char* zone) {
    if (zone != nullptr)
      setenv("TZ", zone, 1);
    else
      unsetenv("TZ");
    tzset();
  }
  std::optional<std::string> before_;
};

// A log that writes to a file of its own, with time standing still at 2023-11-14T22:13:21 UTC.
class LogTest {
 protected:
  LogTest() : file_(std::filesystem::temp_directory_path() / ("sluice_log_test_" + random_uuid())) {
    settings_.output_paths = {file_};
    settings_.disable_zap_resource = true;
    settings_.disable_caller = true;
  }
  ~LogTest() { std::filesystem::remove(file_); }

  void configure(const Resource& resource = {}) {
    std::string error;
    REQUIRE(log_.configure(settings_, resource, error));
  }
  std::string written() {
    std::ifstream in(file_);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  const TimeZone zone_{"UTC"};
  base::FakeClock clock_;
  Log log_{clock_};
  Logger logger_{log_};
  config::LogTelemetry settings_;
  std::string file_;
};

TEST_CASE_METHOD(LogTest, "log: console form, as upstream's", "[telemetry][log]") {
  settings_.disable_zap_resource = false;
  settings_.disable_caller = false;
  configure({{"service.name", "sluice"}, {"service.version", "0.1.0"}});
  Logger batch(log_, {SLUICE_PROCESSOR, "batch/2", "traces", "traces/in"});
  batch.warn("it \"happens\"", {{"items", 3}, {"ratio", 0.5}, {"why", "a\nb"}, {"again", true}},
             {"/src/core/x/y.cc", 7});
  CHECK(written() ==
        "2023-11-14T22:13:21.000Z\twarn\tx/y.cc:7\tit \"happens\"\t"
        R"({"resource": {"service.name": "sluice", "service.version": "0.1.0"}, "otelcol.component.id": "batch/2", )"
        R"("otelcol.component.kind": "processor", "otelcol.pipeline.id": "traces/in", "otelcol.signal": "traces", )"
        R"("items": 3, "ratio": 0.5, "why": "a\nb", "again": true})"
        "\n");
}

TEST_CASE_METHOD(LogTest, "log: JSON form", "[telemetry][log]") {
  settings_.encoding = config::LogEncoding::json;
  settings_.disable_zap_resource = false;
  settings_.disable_caller = false;
  Value list;
  list.kind = SLUICE_LIST;
  list.children.resize(2);
  list.children[0].kind = SLUICE_INT;
  list.children[0].integer = 7;
  list.children[1].kind = SLUICE_NULL;
  settings_.initial_fields = {{"env", list}};
  configure({{"service.name", "sluice"}});
  clock_.advance(1'234'000'000);
  logger_.error("x", {{"n", uint64_t{18446744073709551615u}}}, {"y.cc", 1});
  CHECK(written() == R"({"level":"error","ts":"2023-11-14T22:13:22.234Z","caller":"y.cc:1","msg":"x","env":[7,null],)"
                     R"("resource":{"service.name":"sluice"},"n":18446744073709551615})"
                     "\n");
}

TEST_CASE_METHOD(LogTest, "log: caller, is where the line stands", "[telemetry][log]") {
  settings_.disable_caller = false;
  configure();
  logger_.info("here");
  std::string line = "telemetry/log_test.cc:" + std::to_string(__LINE__ - 1);
  CHECK(written().find("\tinfo\t" + line + "\there\n") != std::string::npos);
}

TEST_CASE_METHOD(LogTest, "log: time zone with an offset, written as upstream does", "[telemetry][log]") {
  const TimeZone zone("XXX-05:30");
  configure();
  logger_.info("x");
  CHECK(written() == "2023-11-15T03:43:21.000+0530\tinfo\tx\n");
}

TEST_CASE_METHOD(LogTest, "log: level, decides what is written", "[telemetry][log]") {
  settings_.level = config::LogLevel::warn;
  configure();
  CHECK_FALSE(logger_.enabled(LogLevel::info));
  CHECK(logger_.enabled(LogLevel::warn));
  logger_.debug("no");
  logger_.info("no");
  logger_.warn("yes");
  logger_.error("yes");
  CHECK(written() == "2023-11-14T22:13:21.000Z\twarn\tyes\n2023-11-14T22:13:21.000Z\terror\tyes\n");
  settings_.level = config::LogLevel::fatal;
  configure();
  CHECK_FALSE(logger_.enabled(LogLevel::error));
}

TEST_CASE_METHOD(LogTest, "log: equal lines within a tick, the first ones and then one in so many",
                 "[telemetry][log]") {
  settings_.sampling.value = {10s, 2, 3};
  configure();
  auto lines = [&] {
    std::string text = written();
    return std::count(text.begin(), text.end(), '\n');
  };
  for (int i = 0; i < 11; ++i) logger_.info("again");
  CHECK(lines() == 2 + 3);
  logger_.warn("again");  // another level is another line
  CHECK(lines() == 6);
  clock_.advance(10'000'000'000);
  logger_.info("again");
  CHECK(lines() == 7);

  settings_.sampling.value.thereafter = 0;
  configure();
  for (int i = 0; i < 50; ++i) logger_.info("third");
  CHECK(lines() == 9);
  settings_.sampling.on = false;
  configure();
  for (int i = 0; i < 50; ++i) logger_.info("fourth");
  CHECK(lines() == 59);
}

TEST_CASE_METHOD(LogTest, "log: secrets, never show", "[telemetry][log]") {
  configure({{"host", "hunter22"}});
  log_.add_secret("hunter2");
  log_.add_secret("hunter22");
  log_.add_secret("abc");  // too short to look for
  logger_.info("pw=hunter22 hunter2, abc", {{"url", "https://u:hunter2@h/"}, {"quoted", "a\"hunter22"}});
  CHECK(written() ==
        "2023-11-14T22:13:21.000Z\tinfo\tpw=[REDACTED] [REDACTED], abc\t"
        R"({"url": "https://u:[REDACTED]@h/", "quoted": "a\"[REDACTED]"})"
        "\n");
}

TEST_CASE_METHOD(LogTest, "log: control characters and broken UTF-8, escaped; newlines stay", "[telemetry][log]") {
  configure();
  logger_.info("a\tb\nc\x01\xff\xc3\xa9", {{"k\n", "\xed\xa0\x80"}});
  CHECK(written() ==
        "2023-11-14T22:13:21.000Z\tinfo\ta\\tb\nc\\u0001\xEF\xBF\xBD\xc3\xa9\t"
        "{\"k\\n\": \"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}\n");
}

TEST_CASE_METHOD(LogTest, "log: what a plugin logs", "[telemetry][log]") {
  settings_.disable_caller = false;
  configure();
  sluice_value fields[4]{};
  for (sluice_value& field : fields) field.key = {"sidb" + (&field - fields), 1};
  fields[0].kind = SLUICE_STRING;
  fields[0].string = {"1", 1};
  fields[1].kind = SLUICE_INT;
  fields[1].integer = -7;
  fields[2].kind = SLUICE_DOUBLE;
  fields[2].number = 0.5;
  fields[3].kind = SLUICE_BOOL;
  fields[3].integer = 1;
  sluice_log entry{};
  entry.struct_size = sizeof entry;
  entry.level = SLUICE_ERROR;
  entry.text = {"text", 4};
  entry.file = "a/b/c.cc";
  entry.line = 3;
  entry.fields = fields;
  entry.field_count = 4;
  Logger(log_, {SLUICE_RECEIVER, "otlp", "", ""}).log(entry);
  entry.level = 99;
  entry.file = nullptr;
  entry.field_count = 0;
  logger_.log(entry);
  CHECK(
      written() ==
      "2023-11-14T22:13:21.000Z\terror\tb/c.cc:3\ttext\t"
      R"({"otelcol.component.id": "otlp", "otelcol.component.kind": "receiver", "s": "1", "i": -7, "d": 0.5, "b": true})"
      "\n2023-11-14T22:13:21.000Z\terror\ttext\n");
}

TEST_CASE_METHOD(LogTest, "log: a file that cannot be opened, an error and nothing changed", "[telemetry][log]") {
  configure();
  config::LogTelemetry bad = settings_;
  bad.output_paths = {"/nowhere/at/all.log"};
  std::string error;
  CHECK_FALSE(log_.configure(bad, {}, error));
  CHECK(error == "cannot open log file \"/nowhere/at/all.log\": No such file or directory");
  logger_.info("still here");
  CHECK(written().find("still here") != std::string::npos);
}

TEST_CASE_METHOD(LogTest, "log: an output that fails, is told once where errors go", "[telemetry][log]") {
  settings_.output_paths = {"/dev/full"};
  settings_.error_output_paths = {file_};
  configure();
  logger_.info("one");
  logger_.info("two");
  CHECK(written() ==
        "2023-11-14T22:13:21.000Z\terror\tcannot write the log\t"
        R"({"output": "/dev/full", "error": "No space left on device"})"
        "\n");
  CHECK(log_.dropped_lines() == 2);
}

TEST_CASE_METHOD(LogTest, "log: written by several threads, whole lines and none lost", "[telemetry][log]") {
  settings_.sampling.on = false;
  settings_.output_paths = {file_, file_ + ".second"};
  configure();
  constexpr int kThreads = 4, kLines = 100;  // in all less than the backlog, so none may be dropped
  std::string text(300, 'x');
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int line = 0; line < kLines; ++line) logger_.info(text, {{"thread", thread}});
    });
  }
  for (auto& thread : threads) thread.join();
  log_.flush();
  std::istringstream lines(written());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    if (line.size() != std::string("2023-11-14T22:13:21.000Z\tinfo\t\t{\"thread\": 0}").size() + text.size()) {
      FAIL("a mixed line: " + line);
    }
  }
  CHECK(count == kThreads * kLines);
  CHECK(std::filesystem::file_size(file_) == std::filesystem::file_size(file_ + ".second"));
  std::filesystem::remove(file_ + ".second");
}

// A pipe that nobody reads until the test does.
class Pipe {
 public:
  Pipe() {
    REQUIRE(pipe2(ends_, O_CLOEXEC) == 0);
    REQUIRE(fcntl(ends_[0], F_SETFL, O_NONBLOCK) == 0);
  }
  ~Pipe() { close(ends_[0]); }
  int writing_end() const { return ends_[1]; }
  std::string read_all() {
    std::string text(1 << 20, '\0');
    ssize_t length = read(ends_[0], text.data(), text.size());
    return text.substr(0, length > 0 ? static_cast<size_t>(length) : 0);
  }

 private:
  int ends_[2];
};

std::string gap(uint64_t lines) {
  return "gap of " + std::to_string(lines) + "\n";
}

TEST_CASE("log output: a reader that does not read, nobody waits and the gap is told", "[telemetry][log]") {
  Pipe pipe;
  constexpr size_t kBacklog = 10'000;
  LogOutput output("pipe", pipe.writing_end(), true, kBacklog);
  std::string line(99, 'x');
  line += '\n';
  size_t sent = 0;
  for (; output.dropped_lines() < 5; ++sent) REQUIRE(output.write(line, gap) == 0);  // would never end if it waited

  std::string taken = pipe.read_all();
  output.flush(0);
  taken += pipe.read_all();
  REQUIRE(output.write("after\n", gap) == 0);
  taken += pipe.read_all();
  std::string expected;
  for (size_t i = 0; i < sent - 5; ++i) expected += line;
  CHECK(taken == expected + "gap of 5\nafter\n");
}

TEST_CASE("log output: a message longer than pipe and backlog, arrives whole where somebody reads",
          "[telemetry][log]") {
  Pipe pipe;
  LogOutput output("pipe", pipe.writing_end(), true, 10'000);
  std::string message;
  for (int i = 0; i < 20'000; ++i) message += std::to_string(i) + "\n";
  message += "end\n";
  std::string taken;
  std::thread reader([&] {
    while (taken.size() < message.size()) taken += pipe.read_all();
  });
  CHECK(output.write(message, gap) == 0);
  output.flush(60'000);  // for a reader that was kept from reading for longer than a writer waits
  reader.join();
  CHECK(taken == message);
  CHECK(output.dropped_lines() == 0);
}

TEST_CASE("log output: flush, waits for a slow reader only as long as it may", "[telemetry][log]") {
  Pipe pipe;
  LogOutput output("pipe", pipe.writing_end(), true, 1 << 20);
  std::string line(4000, 'x');
  line += '\n';
  size_t sent = 0;
  for (; sent < 100'000; sent += line.size()) output.write(line, gap);
  output.flush(1);  // returns although nobody reads

  std::string taken;
  std::thread reader([&] {
    while (taken.size() < sent) taken += pipe.read_all();
  });
  output.flush(60'000);
  reader.join();
  CHECK(taken.size() == sent);
}

TEST_CASE("json: values of the configuration", "[telemetry][log]") {
  Value map;
  map.kind = SLUICE_MAP;
  map.children.resize(4);
  map.children[0].key = "a";
  map.children[0].kind = SLUICE_BOOL;
  map.children[0].integer = 1;
  map.children[1].key = "b";
  map.children[1].kind = SLUICE_DOUBLE;
  map.children[1].number = 0.5;
  map.children[2].key = "c";
  map.children[2].kind = SLUICE_STRING;
  map.children[2].string = "x";
  map.children[3].key = "d";
  map.children[3].kind = SLUICE_LIST;
  std::string spaced, dense;
  append_json(spaced, map, true);
  append_json(dense, map, false);
  CHECK(spaced == R"({"a": true, "b": 0.5, "c": "x", "d": []})");
  CHECK(dense == R"({"a":true,"b":0.5,"c":"x","d":[]})");
}

}  // namespace
}  // namespace sluice::telemetry
