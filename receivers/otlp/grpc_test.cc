// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/grpc.h"

#include <catch2/catch.hpp>
#include <thread>

#include "plugins/net/compression.h"
#include "plugins/net/grpc_for_tests.h"
#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry receiver_otlp_sluice_plugin_entry_v0;

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;
using net::begin;
using net::TestReply;

FakeHost::Options outputs(uint64_t budget = UINT64_MAX) {
  return {.component_id = "otlp", .outputs = {SLUICE_TRACES, SLUICE_METRICS, SLUICE_LOGS}, .budget_bytes = budget};
}

Tree grpc_settings(bool include_metadata = false) {
  const Tree grpc = Tree::map({{"endpoint", "127.0.0.1:0"}, {"include_metadata", include_metadata}});
  return Tree::map({{"protocols", Tree::map({{"grpc", grpc}})}});
}

// The receiver on a free port, and a client of it.
class Fixture {
 public:
  explicit Fixture(FakeHost::Options options = outputs(), Tree settings = grpc_settings())
      : host(std::move(options)), receiver(host, receiver_otlp_sluice_plugin_entry_v0, "otlp", std::move(settings)) {}
  ~Fixture() {
    client.reset();
    receiver.destroy();
    CHECK(host.violations().empty());
    CHECK(host.used_bytes() == 0);
    CHECK(host.live_contexts() == 0);
  }
  void start() {
    REQUIRE(receiver.start() == SLUICE_DONE);
    net::GrpcClientOptions options;
    for (const char* service : {"trace.v1.Trace", "metrics.v1.Metrics", "logs.v1.Logs"}) {
      options.methods.push_back(std::string("/opentelemetry.proto.collector.") + service + "Service/Export");
    }
    client.emplace(net::test_client_settings(port()), options);
  }
  uint16_t port() {
    for (const LogRecord& log : host.logs())
      if (log.text == "listening") return static_cast<uint16_t>(std::stoi(log.field("port")));
    return 0;
  }
  std::future<TestReply> send(sluice_signal signal, std::string_view body, net::Codec codec = net::Codec::none) {
    return begin(*client, static_cast<uint32_t>(signal), net::test_message(body, codec));
  }
  void wait_for_sends(size_t count) {
    while (host.sends().size() < count) std::this_thread::yield();
  }

  FakeHost host;
  Subject receiver;
  std::optional<net::TestClient> client;
};

std::string text_of(const BatchRef& batch) {
  std::string text;
  for (const sluice_segment& segment : batch.segments()) {
    text.append(reinterpret_cast<const char*>(segment.data), segment.length_bytes);
  }
  return text;
}

TEST_CASE("otlp receiver over gRPC: messages of all signals and sizes become batches", "[receiver][otlp][grpc]") {
  Fixture f;
  f.start();
  for (sluice_signal signal : kSignals) {
    for (uint64_t items : {1, 100, 1500, 60'000}) {
      const std::string body = message(signal, items);
      const TestReply reply = f.send(signal, body).get();
      CHECK(reply.code == GRPC_STATUS_OK);
      CHECK(reply.message.empty());
      const SendRecord sent = f.host.sends().back();
      CHECK(sent.output == f.host.output(signal));
      CHECK(sent.batch->item_count == items);
      CHECK(sent.batch->segment_count == 1);
      CHECK((text_of(sent.batch) == body));
      CHECK(view(sent.context->transport) == "grpc");
      CHECK(view(sent.context->peer_address).find("127.0.0.1:") == 0);
      CHECK(sent.context->metadata_count == 0);
      CHECK(sent.deadline_mono_ns > f.host.now_mono_ns());
    }
  }
  f.host.clear_sends();
}

TEST_CASE("otlp receiver over gRPC: compressed messages become batches", "[receiver][otlp][grpc]") {
  Fixture f;
  f.start();
  const std::string body = message(SLUICE_LOGS, 30'000);
  for (net::Codec codec : {net::Codec::gzip, net::Codec::zstd, net::Codec::snappy_framed}) {
    net::ByteBuffer packed;
    REQUIRE(net::compress(codec, 0, body, packed) == net::CodecStatus::ok);
    const bool known = codec == net::Codec::gzip;
    CHECK(f.send(SLUICE_LOGS, packed.view(), known ? codec : net::Codec::none).get().code == GRPC_STATUS_OK);
    CHECK((text_of(f.host.sends().back().batch) == body));
  }
  f.host.clear_sends();
}

TEST_CASE("otlp receiver over gRPC: bombs and damaged compression are refused", "[receiver][otlp][grpc]") {
  Fixture f;
  f.start();
  net::ByteBuffer bomb;
  REQUIRE(net::compress(net::Codec::gzip, 9, std::string(100 << 20, '\0'), bomb) == net::CodecStatus::ok);
  const TestReply large = f.send(SLUICE_TRACES, bomb.view(), net::Codec::gzip).get();
  CHECK(large.code == GRPC_STATUS_RESOURCE_EXHAUSTED);
  CHECK(large.text == "decompressed message larger than max (4194304)");
  CHECK_FALSE(large.details);
  const TestReply cut = f.send(SLUICE_TRACES, bomb.view().substr(0, bomb.size / 2), net::Codec::gzip).get();
  CHECK(cut.code != GRPC_STATUS_OK);
  CHECK(f.send(SLUICE_TRACES, "no gzip", net::Codec::gzip).get().code == GRPC_STATUS_INVALID_ARGUMENT);
  net::ByteBuffer nothing;
  REQUIRE(net::compress(net::Codec::gzip, 0, "", nothing) == net::CodecStatus::ok);
  CHECK(f.send(SLUICE_TRACES, nothing.view(), net::Codec::gzip).get().code == GRPC_STATUS_OK);
  CHECK(f.host.sends().empty());
}

TEST_CASE("otlp receiver over gRPC: what is no OTLP is refused for good, with the reason", "[receiver][otlp][grpc]") {
  Fixture f;
  f.start();
  for (size_t size : {3UL, 40'000UL, 1'000'000UL}) {  // copied, adopted, joined
    const TestReply reply = f.send(SLUICE_METRICS, std::string(size, '\xff')).get();
    CHECK(reply.code == GRPC_STATUS_INVALID_ARGUMENT);
    CHECK(reply.text.starts_with("malformed request: not a valid OTLP MetricsData message: "));
    CHECK(reply.text.ends_with(" at byte 0"));
    REQUIRE(reply.details);
    CHECK_FALSE(reply.details->bad_value.empty());
    CHECK_FALSE(reply.details->retry_after);
  }
  CHECK(f.host.sends().empty());
}

TEST_CASE("otlp receiver over gRPC: requests without items are fine and go nowhere", "[receiver][otlp][grpc]") {
  Fixture f;
  f.start();
  CHECK(f.send(SLUICE_TRACES, "").get().code == GRPC_STATUS_OK);
  CHECK(f.send(SLUICE_TRACES, message(SLUICE_TRACES, 0)).get().code == GRPC_STATUS_OK);
  CHECK(f.host.sends().empty());
}

TEST_CASE("otlp receiver over gRPC: signals without a pipeline are not implemented", "[receiver][otlp][grpc]") {
  Fixture f({.component_id = "otlp", .outputs = {SLUICE_TRACES}});
  f.start();
  CHECK(f.send(SLUICE_TRACES, message(SLUICE_TRACES, 1)).get().code == GRPC_STATUS_OK);
  const TestReply reply = f.send(SLUICE_LOGS, message(SLUICE_LOGS, 1)).get();
  CHECK(reply.code == GRPC_STATUS_UNIMPLEMENTED);
  CHECK(reply.text == "no pipeline takes logs");
  f.host.clear_sends();
}

TEST_CASE("otlp receiver over gRPC: the answer is what the pipelines said", "[receiver][otlp][grpc]") {
  Fixture f;
  Reply script;
  f.host.on_send([&](const SendRecord&) { return script; });
  f.start();
  auto reply_to = [&](Reply reply) {
    script = std::move(reply);
    return f.send(SLUICE_TRACES, message(SLUICE_TRACES, 5)).get();
  };
  CHECK(reply_to(Reply::done()).code == GRPC_STATUS_OK);
  const TestReply busy = reply_to(Reply::busy());
  CHECK(busy.code == GRPC_STATUS_UNAVAILABLE);
  REQUIRE(busy.details);
  CHECK(busy.details->retry_after >= 1s);
  const TestReply failed = reply_to(Reply::answer(Result::retryable(Code::unavailable, "sending queue is full", 9s)));
  CHECK(failed.code == GRPC_STATUS_UNAVAILABLE);
  CHECK(failed.text == "sending queue is full");
  CHECK(failed.details->retry_after == 9s);
  const TestReply never = reply_to(Reply::answer(Result::permanent(Code::ok, "no")));
  CHECK(never.code == GRPC_STATUS_INTERNAL);
  CHECK_FALSE(never.details);
  Reply early = Reply::pending();
  early.early_answer = Result::partial(2, "two are too old");
  const TestReply partial = reply_to(std::move(early));
  CHECK(partial.code == GRPC_STATUS_OK);
  const auto told = net::parse_partial_success(partial.message);
  REQUIRE(told);
  CHECK(told->rejected == 2);
  CHECK(told->text == "two are too old");
  f.host.clear_sends();
}

TEST_CASE("otlp receiver over gRPC: a call is held until its batch is answered", "[receiver][otlp][grpc]") {
  Fixture f;
  f.host.on_send([](const SendRecord&) { return Reply::pending(); });
  f.start();
  auto first = f.send(SLUICE_TRACES, message(SLUICE_TRACES, 1));
  f.wait_for_sends(1);
  auto second = f.send(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  f.wait_for_sends(2);
  f.host.answer(1, Result::done());
  CHECK(second.get().code == GRPC_STATUS_OK);
  CHECK(first.wait_for(0s) == std::future_status::timeout);
  // While stopping the core answers what is still open; the receiver passes that on before it closes.
  f.receiver.drain();
  f.host.answer(0, Result::cancelled("stopping"));
  const TestReply reply = first.get();
  CHECK(reply.code == GRPC_STATUS_UNAVAILABLE);
  CHECK(reply.details->retry_after);
  f.host.clear_sends();
}

TEST_CASE("otlp receiver over gRPC: over the budget, calls are refused before or after the message",
          "[receiver][otlp][grpc]") {
  SECTION("before it is read") {
    Fixture f(outputs(10'000));
    f.start();
    const TestReply reply = f.send(SLUICE_TRACES, message(SLUICE_TRACES, 1)).get();
    CHECK(reply.code == GRPC_STATUS_UNAVAILABLE);
    CHECK(reply.text == "the memory budget is used up");
    CHECK(reply.details->retry_after);
  }
  SECTION("when it is known how large it is") {
    Fixture f(outputs(100'000));
    f.start();
    const std::string large = message(SLUICE_TRACES, 10'000);
    CHECK(f.send(SLUICE_TRACES, large).get().text == "the memory budget is used up");
    net::ByteBuffer packed;
    REQUIRE(net::compress(net::Codec::gzip, 0, large, packed) == net::CodecStatus::ok);
    CHECK(f.send(SLUICE_TRACES, packed.view(), net::Codec::gzip).get().text == "the memory budget is used up");
    CHECK(f.send(SLUICE_TRACES, message(SLUICE_TRACES, 10)).get().code == GRPC_STATUS_OK);
    f.host.clear_sends();
  }
}

TEST_CASE("otlp receiver over gRPC: metadata is kept where it was asked for", "[receiver][otlp][grpc]") {
  Fixture f(outputs(), grpc_settings(true));
  f.start();
  CHECK(f.send(SLUICE_TRACES, message(SLUICE_TRACES, 1)).get().code == GRPC_STATUS_OK);
  const SendRecord sent = f.host.sends().back();
  CHECK(values(metadata(*sent.context), "user-agent").size() == 1);
  CHECK(values(metadata(*sent.context), ":authority").front().find("127.0.0.1:") == 0);
  f.host.clear_sends();
}

TEST_CASE("otlp receiver over gRPC: a port that is taken fails the start by name", "[receiver][otlp][grpc]") {
  Fixture f;
  f.start();
  FakeHost host(outputs());
  const std::string endpoint = "127.0.0.1:" + std::to_string(f.port());
  Subject second(host, receiver_otlp_sluice_plugin_entry_v0, "otlp",
                 Tree::map({{"protocols", Tree::map({{"grpc", Tree::map({{"endpoint", endpoint}})}})}}));
  CHECK(second.start() == SLUICE_FAILED_PERMANENT);
  CHECK(host.last_error() == "listen on " + endpoint + ": address already in use");
}

TEST_CASE("otlp receiver over gRPC: a stopped receiver can be stopped and destroyed again", "[receiver][otlp][grpc]") {
  Fixture f;
  f.start();
  f.receiver.drain();
  f.receiver.stop();
  f.receiver.stop();
  FakeHost host(outputs());
  Subject unused(host, receiver_otlp_sluice_plugin_entry_v0, "otlp", grpc_settings());
  unused.stop();
}

TEST_CASE("otlp receiver over gRPC: keeps the rules of the border", "[receiver][otlp][grpc]") {
  ConformanceOptions options;
  options.settings = grpc_settings();
  CHECK(conformance_problems(receiver_otlp_sluice_plugin_entry_v0, "otlp", options) == std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
