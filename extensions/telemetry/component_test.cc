// SPDX-License-Identifier: Apache-2.0
// The extension over real sockets, with a core that shows what the test says.
#include "extensions/telemetry/component.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "plugins/net/compression.h"
#include "plugins/net/sockets_for_tests.h"
#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry extension_telemetry_sluice_plugin_entry_v0;

namespace sluice::extensions {
namespace {

using net::RawResponse;
using net::RawSocket;
using testing::FakeHost;
using testing::Subject;
using testing::Tree;

// What the core would show. Static, because the C interface carries no state of its own.
std::string shown;
std::atomic<sluice_status> answer = SLUICE_DONE;

sluice_status snapshot(const sluice_host*, const char* what, void (*write)(void* arg, sluice_str chunk), void* arg) {
  if (answer != SLUICE_DONE || std::string_view(what) != "metrics") return SLUICE_UNIMPLEMENTED;
  size_t half = shown.size() / 2;
  write(arg, {shown.data(), half});
  write(arg, {shown.data() + half, shown.size() - half});
  return SLUICE_DONE;
}

class TelemetryTest {
 protected:
  TelemetryTest() {
    shown = "sluice_build_info 1\n";
    answer = SLUICE_DONE;
    host_.offer_interface(SLUICE_OBSERVE_ID, &kObserve);
  }

  uint16_t start() {
    REQUIRE(telemetry_.start() == SLUICE_DONE);
    std::string endpoint(host_.logs().back().field("endpoint"));
    return static_cast<uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  }
  static RawResponse get(uint16_t port, const std::string& lines = "", const std::string& request = "GET /metrics") {
    return net::ask_once(port, request, lines);
  }

  static constexpr sluice_observe kObserve = {sizeof(sluice_observe), 0, &snapshot};
  FakeHost host_{{.component_id = "telemetry"}};
  Subject telemetry_{host_, extension_telemetry_sluice_plugin_entry_v0, "telemetry",
                     Tree::map({{"host", "127.0.0.1"}, {"port", 0}})};
};

TEST_CASE_METHOD(TelemetryTest, "telemetry extension: GET /metrics, what the core shows", "[extension][telemetry]") {
  uint16_t port = start();
  RawResponse response = get(port);
  CHECK(response.status == 200);
  CHECK(response.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(response.body == shown);
  CHECK(get(port, "", "GET /metrics?x=y").body == shown);
  telemetry_.destroy();
  CHECK(host_.violations().empty());
}

TEST_CASE_METHOD(TelemetryTest, "telemetry extension: HEAD, the head alone", "[extension][telemetry]") {
  RawResponse response = get(start(), "", "HEAD /metrics");
  CHECK(response.status == 200);
  CHECK(response.field("Content-Length") == std::to_string(shown.size()));
  CHECK(response.body.empty());
}

TEST_CASE_METHOD(TelemetryTest, "telemetry extension: other paths and methods, are refused", "[extension][telemetry]") {
  uint16_t port = start();
  CHECK(get(port, "", "GET /").status == 404);
  CHECK(get(port, "", "GET /metrics/").status == 404);
  RawResponse post = get(port, "Content-Length: 0\r\n", "POST /metrics");
  CHECK(post.status == 405);
  CHECK(post.field("Allow") == "GET, HEAD");
}

TEST_CASE_METHOD(TelemetryTest, "telemetry extension: gzip, where the client takes it and it pays",
                 "[extension][telemetry]") {
  uint16_t port = start();
  CHECK(get(port, "Accept-Encoding: gzip\r\n").field("Content-Encoding").empty());
  for (int i = 0; i < 200; ++i) shown += "another_metric{number=\"" + std::to_string(i) + "\"} 1\n";
  for (const char* accepted : {"gzip", "br, gzip;q=0.5", "deflate ,gzip ; q=1", "*"}) {
    INFO(accepted);
    RawResponse response = get(port, std::string("Accept-Encoding: ") + accepted + "\r\n");
    CHECK(response.field("Content-Encoding") == "gzip");
    net::ByteBuffer text;
    REQUIRE(net::decompress(net::Codec::gzip, response.body, {.max_bytes = 1 << 20}, text) == net::CodecStatus::ok);
    CHECK(text.view() == shown);
    CHECK(response.body.size() < shown.size() / 4);
  }
  for (const char* refused : {"identity", "br", "gzip;q=0", "gzip;q=0.0, br"}) {
    INFO(refused);
    RawResponse response = get(port, std::string("Accept-Encoding: ") + refused + "\r\n");
    CHECK(response.field("Content-Encoding").empty());
    CHECK(response.body == shown);
  }
}

TEST_CASE_METHOD(TelemetryTest, "telemetry extension: nothing to show, 503", "[extension][telemetry]") {
  uint16_t port = start();
  answer = SLUICE_UNIMPLEMENTED;
  CHECK(get(port).status == 503);
}

TEST_CASE_METHOD(TelemetryTest, "telemetry extension: a client that does not read, holds up nobody",
                 "[extension][telemetry]") {
  uint16_t port = start();
  shown.assign(16 << 20, 'x');  // more than the sockets' buffers take
  RawSocket slow = RawSocket::to_port(port);
  slow.send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(get(port, "", "GET /").status == 404);
  telemetry_.stop();  // and stopping waits for it no longer than its deadline
}

TEST_CASE_METHOD(TelemetryTest, "telemetry extension: port in use, start fails with the reason",
                 "[extension][telemetry]") {
  uint16_t port = start();
  FakeHost other;
  other.offer_interface(SLUICE_OBSERVE_ID, &kObserve);
  Subject second(other, extension_telemetry_sluice_plugin_entry_v0, "telemetry",
                 Tree::map({{"host", "127.0.0.1"}, {"port", port}}));
  CHECK(second.start() != SLUICE_DONE);
  CHECK(other.last_error().find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
  CHECK(other.last_error().find("address already in use") != std::string::npos);
}

TEST_CASE_METHOD(TelemetryTest, "telemetry extension: a core that shows nothing, 503 and a warning",
                 "[extension][telemetry]") {
  host_.offer_interface(SLUICE_OBSERVE_ID, nullptr);
  REQUIRE(telemetry_.init() == SLUICE_DONE);
  CHECK(host_.logs().back().text == "this collector shows no metrics to extensions");
  CHECK(get(start()).status == 503);
}

TEST_CASE("telemetry extension: keeps the rules of the border", "[extension][telemetry]") {
  testing::ConformanceOptions options;
  options.settings = Tree::map({{"host", "127.0.0.1"}, {"port", 0}});
  CHECK(testing::conformance_problems(extension_telemetry_sluice_plugin_entry_v0, "telemetry", options) ==
        std::vector<std::string>{});
}

TEST_CASE_METHOD(TelemetryTest, "telemetry extension: is found by its interface", "[extension][telemetry]") {
  const sluice_component& component = testing::component_of(extension_telemetry_sluice_plugin_entry_v0, "telemetry");
  CHECK(component.kind == SLUICE_EXTENSION);
  REQUIRE(component.interfaces[0] != nullptr);
  CHECK(std::string_view(component.interfaces[0]) == kPrometheusReaderId);
  REQUIRE(telemetry_.init() == SLUICE_DONE);
  const sluice_instance* instance = telemetry_.get();
  CHECK(instance->get_interface(instance->self, kPrometheusReaderId) != nullptr);
  CHECK(instance->get_interface(instance->self, "sluice.other/1") == nullptr);
}

TEST_CASE_METHOD(TelemetryTest, "telemetry extension: stopped twice, and without start", "[extension][telemetry]") {
  telemetry_.stop();
  telemetry_.stop();
  CHECK(host_.violations().empty());
}

}  // namespace
}  // namespace sluice::extensions
