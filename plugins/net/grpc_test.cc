// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>

#include "plugins/net/compression.h"
#include "plugins/net/grpc_for_tests.h"

using namespace sluice::net;
using namespace std::chrono_literals;

TEST_CASE("grpc: messages of any size arrive and are answered", "[net][grpc]") {
  TestServer server;
  server.start();
  TestClient client(server);
  for (size_t size : {0UL, 1UL, 1000UL, 65536UL, 3'000'000UL, (4UL << 20)}) {
    const std::string text(size, 'x');
    const TestReply reply = call(client, 1, text);
    CHECK(reply.code == GRPC_STATUS_OK);
    CHECK(reply.message == text);
  }
}

TEST_CASE("grpc: each answer is told, with its code", "[net][grpc]") {
  class Counting final : public GrpcHandler {
   public:
    std::atomic<int> ok{0}, refused{0};
    bool admit(GrpcServerCall& call) override {
      if (call.method() == 0) return true;
      call.fail({.code = GRPC_STATUS_UNAVAILABLE, .message = "no room"});
      return false;
    }
    void handle(GrpcServerCall& call) override { call.answer("done"); }
    void answered(const GrpcServerCall& call, int32_t code, std::chrono::nanoseconds duration) override {
      if (call.method() == 0 && code == GRPC_STATUS_OK && duration > 0ns) ++ok;
      if (call.method() == 1 && code == GRPC_STATUS_UNAVAILABLE) ++refused;
    }
  } handler;
  GrpcServer server(test_server_settings(), handler, {.methods = kTestMethods});
  REQUIRE(server.start().empty());
  TestClient client(test_client_settings(server.port()));
  CHECK(call(client, 0, "x").code == GRPC_STATUS_OK);
  CHECK(call(client, 1, "x").code == GRPC_STATUS_UNAVAILABLE);
  CHECK(handler.ok == 1);
  CHECK(handler.refused == 1);
}

TEST_CASE("grpc: a message over the limit is refused, the connection lives on", "[net][grpc]") {
  TestServer server;
  std::atomic<int> abandoned{0};
  server.handler.on_abandon = [&] { ++abandoned; };
  GrpcServerSettings settings = test_server_settings();
  settings.max_recv_msg_size_mib = 1;
  server.start(settings);
  TestClient client(server);
  const TestReply refused = call(client, 0, std::string((1 << 20) + 1, 'x'));
  CHECK(refused.code == GRPC_STATUS_RESOURCE_EXHAUSTED);
  CHECK(refused.text.find("larger than max") != std::string::npos);
  CHECK_FALSE(refused.details);
  CHECK(call(client, 0, std::string(1 << 20, 'x')).code == GRPC_STATUS_OK);
  CHECK(abandoned == 1);
}

TEST_CASE("grpc: the handler is told method, peer and metadata", "[net][grpc]") {
  TestServer server;
  std::string seen;
  server.handler.on_handle = [&](GrpcServerCall& call) {
    seen = std::to_string(call.method()) + " " + call.peer().substr(0, 10) + " " + std::string(call.authority());
    for (const grpc_metadata& pair : call.metadata()) {
      seen += " " + std::string(view(pair.key)) + "=" + std::string(view(pair.value));
    }
    call.answer({});
  };
  server.start();
  GrpcClientSettings settings = test_client_settings(server.port());
  settings.authority = "tempo.example";
  settings.user_agent = "tests/1";
  TestClient client(settings);
  CHECK(call(client, 1, "x").code == GRPC_STATUS_OK);
  CHECK(seen.find("1 127.0.0.1: tempo.example user-agent=tests/1 ") == 0);
}

TEST_CASE("grpc: a failure reaches the client with its details", "[net][grpc]") {
  TestServer server;
  server.handler.on_handle = [](GrpcServerCall& call) {
    if (call.method() == 0) {
      call.fail({.code = GRPC_STATUS_UNAVAILABLE, .message = "queue is full, 100 %", .retry_after = 2500ms});
    } else {
      call.fail({.code = GRPC_STATUS_INVALID_ARGUMENT, .message = "bad", .bad_field = "Span", .bad_value = "no id"});
    }
  };
  server.start();
  TestClient client(server);
  const TestReply busy = call(client, 0, "x");
  CHECK(busy.code == GRPC_STATUS_UNAVAILABLE);
  CHECK(busy.text == "queue is full, 100 %");
  REQUIRE(busy.details);
  CHECK(busy.details->code == GRPC_STATUS_UNAVAILABLE);
  CHECK(busy.details->retry_after == 2500ms);
  CHECK_FALSE(busy.outcome_unknown);
  const TestReply bad = call(client, 1, "x");
  CHECK(bad.code == GRPC_STATUS_INVALID_ARGUMENT);
  REQUIRE(bad.details);
  CHECK(bad.details->bad_field == "Span");
  CHECK(bad.details->bad_value == "no id");
}

TEST_CASE("grpc: unknown methods are refused without asking the handler", "[net][grpc]") {
  TestServer server;
  server.handler.on_admit = [](GrpcServerCall&) -> bool { throw std::logic_error("asked"); };
  server.start();
  GrpcClientOptions options;
  options.methods = {"/test.Service/Three"};
  GrpcClient client(test_client_settings(server.port()), options);
  REQUIRE(client.start().empty());
  const TestReply reply = call(client, 0, "x");
  CHECK(reply.code == GRPC_STATUS_UNIMPLEMENTED);
  CHECK(reply.text == "unknown method /test.Service/Three");
}

TEST_CASE("grpc: who is not admitted is refused before the message is read", "[net][grpc]") {
  TestServer server;
  server.handler.on_admit = [](GrpcServerCall& call) {
    call.fail({.code = GRPC_STATUS_UNAVAILABLE, .message = "no room", .retry_after = 1s});
    return false;
  };
  server.handler.on_handle = [](GrpcServerCall&) { throw std::logic_error("read"); };
  server.start();
  TestClient client(server);
  CHECK(call(client, 0, std::string(3 << 20, 'x')).text == "no room");
  CHECK(call(client, 0, "x").details->retry_after == 1s);
}

TEST_CASE("grpc: many calls at once are answered from another thread, in any order", "[net][grpc]") {
  TestServer server;
  std::mutex mutex;
  std::vector<GrpcServerCall*> held;
  server.handler.on_handle = [&](GrpcServerCall& call) {
    std::lock_guard lock(mutex);
    held.push_back(&call);
  };
  server.start();
  TestClient client(server);
  constexpr size_t kCalls = 200;
  std::vector<std::future<TestReply>> replies;
  for (size_t i = 0; i < kCalls; ++i) replies.push_back(begin(client, 0, test_message(std::to_string(i))));
  for (;;) {
    std::lock_guard lock(mutex);
    if (held.size() == kCalls) break;
    std::this_thread::yield();
  }
  std::reverse(held.begin(), held.end());
  for (GrpcServerCall* one : held) one->answer(text_of(one->take_message()) + "!");
  for (size_t i = 0; i < kCalls; ++i) CHECK(replies[i].get().message == std::to_string(i) + "!");
}

TEST_CASE("grpc: a deadline is told to the handler and ends the call", "[net][grpc]") {
  TestServer server;
  std::promise<GrpcServerCall*> held;
  std::chrono::nanoseconds left{};
  server.handler.on_handle = [&](GrpcServerCall& call) {
    left = call.time_left();
    held.set_value(&call);
  };
  server.start();
  TestClient client(server);
  const TestReply late = begin(client, 0, test_message("x"), 300ms).get();
  CHECK(late.code == GRPC_STATUS_DEADLINE_EXCEEDED);
  CHECK(late.outcome_unknown);
  CHECK(left > 0ns);
  CHECK(left <= 301ms);
  held.get_future().get()->answer("nobody listens");  // harmless
  server.handler.on_handle = [](GrpcServerCall& call) {
    call.answer(call.time_left() == std::chrono::nanoseconds::max() ? "none" : "some");
  };
  CHECK(begin(client, 0, test_message("x"), std::chrono::nanoseconds::max()).get().message == "none");
}

TEST_CASE("grpc: compressed messages pass as they are", "[net][grpc]") {
  TestServer server;
  server.handler.on_handle = [](GrpcServerCall& call) {
    const GrpcMessage message = call.take_message();
    ByteBuffer plain;
    const CodecStatus status =
        decompress(message.codec(), text_of(message), {.max_bytes = 1 << 20, .reserve = {}}, plain);
    call.answer(std::to_string(static_cast<int>(message.codec())) + (status == CodecStatus::ok ? "" : "!") +
                std::string(plain.view().substr(0, 3)));
  };
  server.start();
  TestClient client(server);
  const std::string text(100'000, 'a');
  ByteBuffer packed;
  REQUIRE(compress(Codec::gzip, 0, text, packed) == CodecStatus::ok);
  CHECK(begin(client, 0, test_message(packed.view(), Codec::gzip)).get().message ==
        std::to_string(static_cast<int>(Codec::gzip)) + "aaa");
  // Encodings that the library does not know are told by their first bytes.
  for (Codec codec : {Codec::zstd, Codec::snappy_framed}) {
    REQUIRE(compress(codec, 0, text, packed) == CodecStatus::ok);
    CHECK(begin(client, 0, test_message(packed.view())).get().message ==
          std::to_string(static_cast<int>(codec)) + "aaa");
  }
}

TEST_CASE("grpc: a client without a server fails fast or waits, as it was told", "[net][grpc]") {
  uint16_t port = 0;
  {
    TestServer server;
    server.start();
    port = server.port();
  }
  TestClient fast(test_client_settings(port));
  const TestReply refused = call(fast, 0, "x");
  CHECK(refused.code == GRPC_STATUS_UNAVAILABLE);
  CHECK_FALSE(refused.outcome_unknown);
  GrpcClientSettings settings = test_client_settings(port);
  settings.wait_for_ready = true;
  TestClient patient(settings);
  auto waiting = begin(patient, 0, test_message("x"));
  TestServer server;
  GrpcServerSettings same = test_server_settings();
  same.endpoint = "127.0.0.1:" + std::to_string(port);
  server.start(same);
  CHECK(waiting.get().code == GRPC_STATUS_OK);
}

TEST_CASE("grpc: stopping a client ends its calls", "[net][grpc]") {
  TestServer server;
  std::promise<GrpcServerCall*> held;
  server.handler.on_handle = [&](GrpcServerCall& call) { held.set_value(&call); };
  server.start();
  TestClient client(server);
  auto open = begin(client, 0, test_message("x"));
  GrpcServerCall* call = held.get_future().get();
  client.client->stop();
  CHECK(open.get().code == GRPC_STATUS_CANCELLED);
  call->answer({});
}

TEST_CASE("grpc: draining lets calls in hand end and takes no new ones", "[net][grpc]") {
  TestServer server;
  std::promise<GrpcServerCall*> held;
  server.handler.on_handle = [&](GrpcServerCall& call) { held.set_value(&call); };
  server.start();
  TestClient client(server);
  auto open = begin(client, 0, test_message("x"));
  GrpcServerCall* in_hand = held.get_future().get();
  server.server->drain();
  server.server->drain();
  TestClient late(server);
  CHECK(call(late, 0, "x").code == GRPC_STATUS_UNAVAILABLE);
  std::thread stopping([&] { server.server->stop(std::chrono::steady_clock::now() + 20s); });
  in_hand->answer("done");
  CHECK(open.get().message == "done");
  stopping.join();
}

TEST_CASE("grpc: stopping cuts what is not answered by the deadline", "[net][grpc]") {
  TestServer server;
  std::promise<GrpcServerCall*> held;
  server.handler.on_handle = [&](GrpcServerCall& call) { held.set_value(&call); };
  server.start();
  TestClient client(server);
  auto open = begin(client, 0, test_message("x"));
  GrpcServerCall* in_hand = held.get_future().get();
  std::thread stopping([&] { server.server->stop(std::chrono::steady_clock::now() + 50ms); });
  CHECK(open.get().code != GRPC_STATUS_OK);
  in_hand->fail({.code = GRPC_STATUS_UNAVAILABLE, .message = "too late"});
  stopping.join();
}

TEST_CASE("grpc: an address that is taken is told by name", "[net][grpc]") {
  TestServer first;
  first.start();
  GrpcServerSettings settings = test_server_settings();
  settings.endpoint = "localhost:" + std::to_string(first.port());
  TestHandler handler;
  GrpcServer second(settings, handler, {});
  CHECK(second.start() == "listen on " + settings.endpoint + ": address already in use");
  auto error_of = [&handler](const std::string& endpoint) {
    GrpcServerSettings wrong;
    wrong.endpoint = endpoint;
    return GrpcServer(wrong, handler, {}).start();
  };
  CHECK(error_of("127.0.0.1") == "listen on 127.0.0.1: missing port in address");
  CHECK(error_of("no-such-host.invalid:1").find("listen on no-such-host.invalid:1: ") == 0);
  CHECK(error_of("192.0.2.1:4317") == "listen on 192.0.2.1:4317: Cannot assign requested address");
}

TEST_CASE("grpc: unix sockets carry calls, a living one is not taken away", "[net][grpc]") {
  const std::string path = "/tmp/sluice-grpc-test-" + std::to_string(getpid()) + ".sock";
  GrpcServerSettings settings;
  settings.endpoint = path;
  settings.transport = GrpcTransport::unix_socket;
  TestServer server;
  server.start(settings);
  TestHandler handler;
  CHECK(GrpcServer(settings, handler, {}).start() == "listen on " + path + ": address already in use");
  GrpcClientSettings to = test_client_settings(0);
  to.endpoint = "unix://" + path;
  TestClient client(to);
  CHECK(call(client, 0, "over a file").message == "over a file");
  unlink(path.c_str());
}

TEST_CASE("grpc: endpoints of clients become targets", "[net][grpc]") {
  auto uri = [](const char* endpoint) { return parse_grpc_target(endpoint).uri; };
  CHECK(uri("tempo:4317") == "dns:///tempo:4317");
  CHECK(uri("http://tempo:4317/") == "dns:///tempo:4317");
  CHECK(uri("https://tempo:4317") == "dns:///tempo:4317");
  CHECK(uri("dns:///tempo:4317") == "dns:///tempo:4317");
  CHECK(uri("[::1]:4317") == "dns:///[::1]:4317");
  CHECK(uri("passthrough:///tempo:4317") == "dns:///tempo:4317");
  CHECK(uri("unix:///run/otlp.sock") == "unix:///run/otlp.sock");
  CHECK(uri("ipv4://127.0.0.1:1") == "ipv4://127.0.0.1:1");
  CHECK(parse_grpc_target("https://tempo:4317").always_tls);
  CHECK_FALSE(parse_grpc_target("http://tempo:4317").always_tls);
  for (const char* wrong : {"tempo", "tempo:", "tempo:http", "[::1]", "tempo:70000", "http://tempo"}) {
    CHECK(parse_grpc_target(wrong).problem.find("invalid port \"") == 0);
  }
}

namespace {

// A core of which only the commons are there.
struct CommonHost {
  static inline void* object = nullptr;
  static inline int taken = 0, made = 0;
  static inline void (*end)(void*) = nullptr;
  static inline const sluice_commons commons{
      sizeof(sluice_commons), 0,
      [](const sluice_host*, const char*, void* (*make)(), void (*its_end)(void*)) {
        if (taken++ == 0) object = make(), end = its_end, ++made;
        return object;
      },
      [](const sluice_host*, const char*) {
        if (--taken == 0) end(object);
      }};
  sluice_host host{};
  CommonHost() {
    made = 0;
    host.struct_size = sizeof host;
    host.get_interface = [](const sluice_host*, const char* id) -> const void* {
      return std::string_view(id) == SLUICE_COMMONS_ID ? &commons : nullptr;
    };
  }
};

}  // namespace

TEST_CASE("grpc: servers and clients of a process share their threads", "[net][grpc]") {
  const CommonHost core;
  const GrpcLoopSharing sharing{sluice::Host(&core.host)};
  std::mutex mutex;
  std::set<std::thread::id> threads;
  const auto note_thread = [&] {
    std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  };

  TestHandler behind;
  behind.on_handle = [&](GrpcServerCall& call) {
    note_thread();
    call.answer(text_of(call.take_message()) + "!");
  };
  GrpcServer far(test_server_settings(), behind, {.methods = kTestMethods});
  REQUIRE(far.start(sharing).empty());
  GrpcClient relay(test_client_settings(far.port()), {.methods = kTestMethods, .user_agent = {}});
  REQUIRE(relay.start(sharing).empty());

  // Hands each call on and answers it when the answer comes.
  struct Relayed final : GrpcClientCall {
    Relayed(GrpcServerCall& waiting_call, std::function<void()> told)
        : waiting(waiting_call), on_done(std::move(told)) {}
    void done(const GrpcReply& reply) override {
      on_done();
      waiting.answer(reply.message);
      delete this;
    }
    GrpcServerCall& waiting;
    const std::function<void()> on_done;
  };
  TestHandler handler;
  handler.on_handle = [&](GrpcServerCall& call) {
    note_thread();
    GrpcMessage message = call.take_message();
    relay.send(*new Relayed(call, note_thread), 0, std::move(message), 20s);
  };
  GrpcServer near(test_server_settings(), handler, {.methods = kTestMethods});
  REQUIRE(near.start(sharing).empty());
  CHECK(CommonHost::made == 1);
  CHECK(CommonHost::taken == 3);

  {
    TestClient client(test_client_settings(near.port()));
    std::vector<std::future<TestReply>> replies;
    for (int i = 0; i < 100; ++i) replies.push_back(begin(client, 0, test_message(std::to_string(i))));
    for (int i = 0; i < 100; ++i) CHECK(replies[static_cast<size_t>(i)].get().message == std::to_string(i) + "!");
  }
  cpu_set_t usable;
  REQUIRE(sched_getaffinity(0, sizeof usable, &usable) == 0);
  CHECK(threads.size() <= static_cast<size_t>(std::min(CPU_COUNT(&usable), 4)));

  near.stop(std::chrono::steady_clock::now() + 1s);
  relay.stop();
  CHECK(CommonHost::taken == 1);
  far.stop(std::chrono::steady_clock::now() + 1s);
  CHECK(CommonHost::taken == 0);
}
