// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/component.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <thread>

#include "plugins/net/compression.h"
#include "plugins/net/grpc_for_tests.h"
#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry exporter_otlp_grpc_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;
using net::GrpcServerCall;

// A destination that writes down what it gets and answers as it is told.
class Destination {
 public:
  struct Seen {
    uint32_t method = 0;
    std::string body, metadata;
    net::Codec codec = net::Codec::none;
  };
  std::function<void(GrpcServerCall&)> answer = [](GrpcServerCall& call) { call.answer({}); };

  Destination() {
    server_.handler.on_handle = [this](GrpcServerCall& call) {
      const net::GrpcMessage message = call.take_message();
      Seen seen{call.method(), net::text_of(message), {}, message.codec()};
      if (seen.codec != net::Codec::none) {
        net::ByteBuffer plain;
        net::decompress(seen.codec, seen.body, {.max_bytes = 64 << 20, .reserve = {}}, plain);
        seen.body = plain.view();
      }
      for (const grpc_metadata& pair : call.metadata()) {
        seen.metadata += std::string(net::view(pair.key)) + "=" + std::string(net::view(pair.value)) + "\n";
      }
      {
        std::lock_guard lock(mutex_);
        seen_.push_back(std::move(seen));
      }
      answer(call);
    };
    net::GrpcServerOptions options;
    for (const char* service : {"trace.v1.Trace", "metrics.v1.Metrics", "logs.v1.Logs"}) {
      options.methods.push_back(std::string("/opentelemetry.proto.collector.") + service + "Service/Export");
    }
    server_.start(net::test_server_settings(), options);
  }
  std::vector<Seen> seen() {
    std::lock_guard lock(mutex_);
    return seen_;
  }
  std::string endpoint() const { return "127.0.0.1:" + std::to_string(server_.port()); }

 private:
  std::mutex mutex_;
  std::vector<Seen> seen_;
  net::TestServer server_;
};

FakeHost::Options inputs() {
  return {.component_id = "otlp/tempo", .inputs = {SLUICE_TRACES, SLUICE_METRICS, SLUICE_LOGS}};
}

Tree to(const std::string& endpoint, const char* compression = "none") {
  return Tree::map({{"endpoint", endpoint}, {"compression", compression}, {"tls", Tree::map({{"insecure", true}})}});
}

// Waits for the answer; the test program's own limit ends a wait for nothing.
Result answer_of(const std::shared_ptr<const CallRecord>& call) {
  while (!call->answer()) std::this_thread::yield();
  return call->completed ? *call->completed : Result(*call->answer());
}

// gRPC lets go of a message a moment after the answer.
bool forgets_batches(FakeHost& host) {
  for (const auto end = std::chrono::steady_clock::now() + 20s; host.live_batches() > 0;) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_CASE("otlp_grpc exporter: segments arrive as one message, at the method of their signal",
          "[exporter][otlp_grpc]") {
  FakeHost host(inputs());
  Destination destination;
  const char* compression = GENERATE("none", "gzip");
  {
    Subject exporter(host, exporter_otlp_grpc_sluice_plugin_entry_v0, "otlp_grpc",
                     to(destination.endpoint(), compression));
    REQUIRE(exporter.start() == SLUICE_DONE);
    for (sluice_signal signal : kSignals) {
      const std::vector<std::string> parts = {message(signal, 3), message(signal, 2000), message(signal, 1)};
      const auto call = exporter.consume(host.batch(signal, parts));
      CHECK(answer_of(call).ok());
      const Destination::Seen seen = destination.seen().back();
      CHECK(seen.method == static_cast<uint32_t>(signal));
      CHECK(seen.codec == (std::string_view(compression) == "gzip" ? net::Codec::gzip : net::Codec::none));
      CHECK((seen.body == parts[0] + parts[1] + parts[2]));
    }
    CHECK(forgets_batches(host));
  }
  CHECK(host.violations().empty());
}

TEST_CASE("otlp_grpc exporter: headers and its own name go with every call", "[exporter][otlp_grpc]") {
  FakeHost host(inputs());
  Destination destination;
  Tree settings = Tree::map({{"endpoint", destination.endpoint()},
                             {"tls", Tree::map({{"insecure", true}})},
                             {"headers", Tree::map({{"X-Scope-OrgID", Tree::secret("team-a")}})}});
  Subject exporter(host, exporter_otlp_grpc_sluice_plugin_entry_v0, "otlp_grpc", settings);
  REQUIRE(exporter.start() == SLUICE_DONE);
  CHECK(answer_of(exporter.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1))).ok());
  const std::string metadata = destination.seen().back().metadata;
  CHECK(metadata.find("x-scope-orgid=team-a\n") != std::string::npos);
  CHECK(metadata.find("user-agent=Sluice/") != std::string::npos);
}

TEST_CASE("otlp_grpc exporter: refusals keep code, text and delay", "[exporter][otlp_grpc]") {
  FakeHost host(inputs());
  Destination destination;
  Subject exporter(host, exporter_otlp_grpc_sluice_plugin_entry_v0, "otlp_grpc", to(destination.endpoint()));
  REQUIRE(exporter.start() == SLUICE_DONE);
  destination.answer = [](GrpcServerCall& call) {
    call.fail({.code = GRPC_STATUS_RESOURCE_EXHAUSTED, .message = "slower", .retry_after = 7s});
  };
  const Result slower = answer_of(exporter.consume(SLUICE_TRACES, message(SLUICE_TRACES, 1)));
  CHECK(slower.status() == SLUICE_FAILED_RETRYABLE);
  CHECK(slower.retry_after() == 7s);
  destination.answer = [](GrpcServerCall& call) {
    call.fail({.code = GRPC_STATUS_INVALID_ARGUMENT, .message = "bad trace id"});
  };
  const Result bad = answer_of(exporter.consume(SLUICE_TRACES, message(SLUICE_TRACES, 1)));
  CHECK(bad.status() == SLUICE_FAILED_PERMANENT);
  CHECK(bad.code() == Code::invalid_argument);
  CHECK(bad.text() == "bad trace id");
}

TEST_CASE("otlp_grpc exporter: partial success is counted and told, but not for each batch", "[exporter][otlp_grpc]") {
  FakeHost host(inputs());
  Destination destination;
  destination.answer = [](GrpcServerCall& call) { call.answer(net::encode_partial_success({2, "too old"})); };
  Subject exporter(host, exporter_otlp_grpc_sluice_plugin_entry_v0, "otlp_grpc", to(destination.endpoint()));
  REQUIRE(exporter.start() == SLUICE_DONE);
  for (int i = 0; i < 5; ++i) {
    const Result partial = answer_of(exporter.consume(SLUICE_METRICS, message(SLUICE_METRICS, 10)));
    CHECK(partial.status() == SLUICE_DONE);
    CHECK(partial.rejected_items() == 2);
  }
  REQUIRE(host.logs().size() == 1);
  CHECK(host.logs()[0].level == SLUICE_WARN);
  CHECK(host.logs()[0].text == "Partial success response");
  CHECK(host.logs()[0].field("message") == "too old");
  CHECK(host.logs()[0].field("dropped_data_points") == "2");
}

TEST_CASE("otlp_grpc exporter: a destination that does not answer in time is an unknown outcome",
          "[exporter][otlp_grpc]") {
  FakeHost host(inputs());
  Destination destination;
  std::atomic<GrpcServerCall*> held{nullptr};
  destination.answer = [&](GrpcServerCall& call) { held = &call; };
  Subject exporter(host, exporter_otlp_grpc_sluice_plugin_entry_v0, "otlp_grpc", to(destination.endpoint()));
  REQUIRE(exporter.start() == SLUICE_DONE);
  const BatchRef batch = host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 1));
  const Result late = answer_of(exporter.consume(batch, {}, host.now_mono_ns() + 200'000'000));
  CHECK(late.status() == SLUICE_FAILED_RETRYABLE);
  CHECK(late.code() == Code::deadline_exceeded);
  CHECK((late.flags() & SLUICE_RESULT_UNKNOWN) != 0);
  while (!held) std::this_thread::yield();
  held.load()->answer({});
}

TEST_CASE("otlp_grpc exporter: without a destination every batch comes back", "[exporter][otlp_grpc]") {
  FakeHost host(inputs());
  std::string endpoint;
  {
    Destination gone;
    endpoint = gone.endpoint();
  }
  Subject exporter(host, exporter_otlp_grpc_sluice_plugin_entry_v0, "otlp_grpc", to(endpoint));
  REQUIRE(exporter.start() == SLUICE_DONE);
  const Result refused = answer_of(exporter.consume(SLUICE_TRACES, message(SLUICE_TRACES, 1)));
  CHECK(refused.status() == SLUICE_FAILED_RETRYABLE);
  CHECK(refused.code() == Code::unavailable);
  CHECK((refused.flags() & SLUICE_RESULT_UNKNOWN) == 0);
}

TEST_CASE("otlp_grpc exporter: stopping answers what is open", "[exporter][otlp_grpc]") {
  FakeHost host(inputs());
  Destination destination;
  std::atomic<GrpcServerCall*> held{nullptr};
  destination.answer = [&](GrpcServerCall& call) { held = &call; };
  Subject exporter(host, exporter_otlp_grpc_sluice_plugin_entry_v0, "otlp_grpc", to(destination.endpoint()));
  REQUIRE(exporter.start() == SLUICE_DONE);
  const auto open = exporter.consume(SLUICE_TRACES, message(SLUICE_TRACES, 1));
  while (!held) std::this_thread::yield();
  exporter.stop();
  exporter.stop();
  CHECK(open->answer() == SLUICE_FAILED_RETRYABLE);
  held.load()->answer({});
  exporter.destroy();
  CHECK(host.violations().empty());
}

TEST_CASE("otlp_grpc exporter: wrong settings are told where they stand", "[exporter][otlp_grpc]") {
  auto problem = [](Tree settings) {
    FakeHost host(inputs());
    Subject exporter(host, exporter_otlp_grpc_sluice_plugin_entry_v0, "otlp_grpc", std::move(settings));
    CHECK_FALSE(exporter.created());
    return host.problems().empty() ? std::string("none") : host.problems().front().text;
  };
  CHECK(problem(Tree::map({})) == "requires a non-empty \"endpoint\"");
  CHECK(problem(to("tempo")).find("invalid port \"\"") == 0);
  CHECK(problem(to("tempo:1", "zstd")).find("not supported yet") != std::string::npos);
  CHECK(
      problem(Tree::map({{"endpoint", "tempo:1"}, {"tls", Tree::map({{"min_version", "1.3"}})}})).find("min_version") ==
      0);
  CHECK(problem(Tree::map({{"endpoint", "tempo:1"}, {"headers", Tree::map({{"grpc-encoding", Tree::secret("x")}})}}))
            .find("header \"grpc-encoding\" is set by the transport") == 0);
  FakeHost host(inputs());
  Subject exporter(host, exporter_otlp_grpc_sluice_plugin_entry_v0, "otlp_grpc",
                   Tree::map({{"endpoint", "tempo:1"}, {"tls", Tree::map({{"ca_file", "/nowhere/ca.pem"}})}}));
  REQUIRE(exporter.created());
  CHECK(exporter.start() == SLUICE_FAILED_PERMANENT);
  CHECK(host.last_error() == "failed to load TLS config: cannot read /nowhere/ca.pem: No such file or directory");
}

TEST_CASE("otlp_grpc exporter: keeps the rules of the border", "[exporter][otlp_grpc]") {
  Destination destination;
  ConformanceOptions options;
  options.settings = to(destination.endpoint());
  CHECK(conformance_problems(exporter_otlp_grpc_sluice_plugin_entry_v0, "otlp_grpc", options) ==
        std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
