// SPDX-License-Identifier: Apache-2.0
// The extension over real sockets, with a core that is as well as the test says.
#include "extensions/health_check/component.h"

#include <catch2/catch.hpp>
#include <memory>
#include <mutex>
#include <string>

#include "plugins/net/sockets_for_tests.h"
#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry extension_health_check_sluice_plugin_entry_v0;

namespace sluice::extensions {
namespace {

using net::RawResponse;
using testing::FakeHost;
using testing::Subject;
using testing::Tree;

constexpr const char* kUnavailable =
    R"({"status":"Server not available","upSince":"0001-01-01T00:00:00Z","uptime":""})";

// What the core shows. Static, because the C interface carries no state of its own.
class Shown {
 public:
  void set(std::string text) {
    std::lock_guard lock(mutex_);
    text_ = std::move(text);
  }
  std::string get() {
    std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::string text_;
} shown;

sluice_status snapshot(const sluice_host*, const char* what, void (*write)(void* arg, sluice_str chunk), void* arg) {
  const std::string text = shown.get();
  if (std::string_view(what) != "health" || text.empty()) return SLUICE_UNIMPLEMENTED;
  write(arg, {text.data(), 5});
  write(arg, {text.data() + 5, text.size() - 5});
  return SLUICE_DONE;
}
constexpr sluice_observe kObserve = {sizeof(sluice_observe), 0, &snapshot};

class HealthCheckTest {
 protected:
  HealthCheckTest() {
    be("starting");
    host_.offer_interface(SLUICE_OBSERVE_ID, &kObserve);
  }
  ~HealthCheckTest() {
    subject_.reset();
    CHECK(host_.violations() == std::vector<std::string>{});
  }

  static void be(const std::string& phase, const std::string& components = "") {
    shown.set(R"({"phase":")" + phase + R"(","since":"2023-11-14T22:13:20Z","ready":)" +
              (phase == "running" ? "true" : "false") + R"(,"status":"ok","components":[)" + components + "]}");
  }
  sluice_status start(Tree settings = Tree::map({{"endpoint", "127.0.0.1:0"}})) {
    subject_ = std::make_unique<Subject>(host_, extension_health_check_sluice_plugin_entry_v0, "health_check",
                                         std::move(settings));
    return subject_->start();
  }
  uint16_t port() const {
    for (const testing::LogRecord& record : host_.logs())
      if (record.text == "serving health") return static_cast<uint16_t>(std::stoi(record.field("port")));
    return 0;
  }
  RawResponse ask(const std::string& request = "GET /", const std::string& more = "") const {
    return net::ask_once(port(), request, more);
  }
  std::vector<std::string> changes() const {
    std::vector<std::string> all;
    for (const testing::LogRecord& record : host_.logs())
      if (record.text == "Health Check state change") all.push_back(record.field("status"));
    return all;
  }

  FakeHost host_{{.component_id = "health_check"}};
  std::unique_ptr<Subject> subject_;
};

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: 503 while it starts, 200 while it runs, 503 when it stops",
                 "[extension][health_check]") {
  REQUIRE(start() == SLUICE_DONE);
  RawResponse response = ask();
  CHECK(response.status == 503);
  CHECK(response.field("Content-Type") == "application/json");
  CHECK(response.body == kUnavailable);

  be("running");
  host_.advance(std::chrono::milliseconds(1500));
  response = ask();
  CHECK(response.status == 200);
  CHECK(response.field("Content-Type") == "application/json");
  CHECK(response.body == R"({"status":"Server available","upSince":"2023-11-14T22:13:20Z","uptime":"1.5s"})");

  be("stopping");
  CHECK(ask().status == 503);
  CHECK(changes() == std::vector<std::string>{"ready", "unavailable"});
}

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: changes that nobody asks about, are logged",
                 "[extension][health_check]") {
  REQUIRE(start() == SLUICE_DONE);
  be("running");
  host_.advance(std::chrono::seconds(1));
  CHECK(changes() == std::vector<std::string>{"ready"});
  be("running", R"({"kind":"exporter","id":"file","status":"broken","text":"disk is full"})");
  host_.advance(std::chrono::seconds(1));
  CHECK(changes() == std::vector<std::string>{"ready", "unavailable"});
  CHECK(host_.logs().back().field("because of") == "exporter file: disk is full");
  CHECK(ask().status == 503);
  be("running", R"({"kind":"exporter","id":"file","status":"degraded","text":"slow"})");
  CHECK(ask().status == 200);
}

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: any method, the head alone for HEAD",
                 "[extension][health_check]") {
  REQUIRE(start() == SLUICE_DONE);
  be("running");
  CHECK(ask("POST /", "Content-Length: 2000000\r\n").status == 200);  // nobody waits for the body
  CHECK(ask("DELETE /").status == 200);
  const RawResponse head = ask("HEAD /");
  CHECK(head.status == 200);
  CHECK(head.body.empty());
}

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: connections end after an answer, unless told otherwise",
                 "[extension][health_check]") {
  const bool keep = GENERATE(false, true);
  REQUIRE(start(keep ? Tree::map({{"endpoint", "127.0.0.1:0"}, {"keep_alives_enabled", true}})
                     : Tree::map({{"endpoint", "127.0.0.1:0"}})) == SLUICE_DONE);
  CHECK((ask().field("Connection") == "close") == !keep);
}

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: path, that one alone unless it ends in a slash",
                 "[extension][health_check]") {
  const bool below = GENERATE(false, true);
  REQUIRE(start(Tree::map({{"endpoint", "127.0.0.1:0"}, {"path", below ? "/health/" : "/health"}})) == SLUICE_DONE);
  be("running");
  CHECK(ask("GET /health?full").status == (below ? 404 : 200));
  CHECK(ask("GET /health/").status == (below ? 200 : 404));
  CHECK(ask("GET /health/live").status == (below ? 200 : 404));
  CHECK(ask("GET /").status == 404);
}

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: response_body, in place of JSON",
                 "[extension][health_check]") {
  REQUIRE(start(Tree::map({{"endpoint", "127.0.0.1:0"},
                           {"response_body", Tree::map({{"healthy", "I'm good"}, {"unhealthy", "I'm bad!"}})}})) ==
          SLUICE_DONE);
  CHECK(ask().body == "I'm bad!");
  be("running");
  const RawResponse response = ask();
  CHECK(response.status == 200);
  CHECK(response.field("Content-Type") == "text/plain; charset=utf-8");
  CHECK(response.body == "I'm good");
}

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: a core that says nothing that can be read, 503",
                 "[extension][health_check]") {
  REQUIRE(start() == SLUICE_DONE);
  be("running");
  CHECK(ask().status == 200);
  shown.set(GENERATE("", "is it well?"));
  CHECK(ask().status == 503);
}

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: a core without health, 503 and a warning",
                 "[extension][health_check]") {
  host_.offer_interface(SLUICE_OBSERVE_ID, nullptr);
  REQUIRE(start() == SLUICE_DONE);
  CHECK(host_.logs()[0].text == "this collector shows no health to extensions");
  CHECK(ask().status == 503);
}

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: port in use, start fails with the reason",
                 "[extension][health_check]") {
  REQUIRE(start() == SLUICE_DONE);
  const std::string endpoint = "127.0.0.1:" + std::to_string(port());
  FakeHost other;
  other.offer_interface(SLUICE_OBSERVE_ID, &kObserve);
  Subject second(other, extension_health_check_sluice_plugin_entry_v0, "health_check",
                 Tree::map({{"endpoint", endpoint}}));
  CHECK(second.start() != SLUICE_DONE);
  CHECK(other.last_error() == "listen on " + endpoint + ": address already in use");
}

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: check_collector_pipeline, a warning that it does nothing",
                 "[extension][health_check]") {
  REQUIRE(start(Tree::map({{"endpoint", "127.0.0.1:0"},
                           {"check_collector_pipeline", Tree::map({{"enabled", true}})}})) == SLUICE_DONE);
  REQUIRE_FALSE(host_.logs().empty());
  CHECK(host_.logs()[0].level == SLUICE_WARN);
  CHECK(host_.logs()[0].text.find("check_collector_pipeline has no effect") != std::string::npos);
}

TEST_CASE_METHOD(HealthCheckTest, "health_check extension: keeps the rules of the border",
                 "[extension][health_check]") {
  testing::ConformanceOptions options;
  options.settings = Tree::map({{"endpoint", "127.0.0.1:0"}});
  CHECK(testing::conformance_problems(extension_health_check_sluice_plugin_entry_v0, "health_check", options) ==
        std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::extensions
