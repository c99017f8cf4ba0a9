// SPDX-License-Identifier: Apache-2.0
// For tests of gRPC: a client's call that can be waited for, and a server whose handler is a lambda.
#ifndef SLUICE_PLUGINS_NET_GRPC_FOR_TESTS_H
#define SLUICE_PLUGINS_NET_GRPC_FOR_TESTS_H

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/net/grpc_client.h"
#include "plugins/net/grpc_runtime.h"
#include "plugins/net/grpc_server.h"

namespace sluice::net {

struct TestReply {
  int32_t code = -1;
  std::string text, message;
  std::optional<RpcStatus> details;
  bool outcome_unknown = false;
};

class TestCall final : public GrpcClientCall {
 public:
  std::future<TestReply> reply() { return promise_.get_future(); }

 private:
  void done(const GrpcReply& reply) override {
    promise_.set_value(
        {reply.code, std::string(reply.text), std::string(reply.message), reply.details, reply.outcome_unknown});
    delete this;
  }
  std::promise<TestReply> promise_;
};

inline GrpcMessage test_message(std::string_view text, Codec codec = Codec::none) {
  grpc_slice slice = copy_slice(text);
  return GrpcMessage::of({&slice, 1}, codec);
}

inline std::future<TestReply> begin(GrpcClient& client, uint32_t method, GrpcMessage message,
                                    std::chrono::nanoseconds timeout = std::chrono::seconds(20)) {
  auto* call = new TestCall;
  std::future<TestReply> reply = call->reply();
  client.send(*call, method, std::move(message), timeout);
  return reply;
}

inline TestReply call(GrpcClient& client, uint32_t method, std::string_view text) {
  return begin(client, method, test_message(text)).get();
}

inline std::string text_of(const GrpcMessage& message) {
  std::string text;
  for (const grpc_slice& slice : message.slices()) text += view(slice);
  return text;
}

class TestHandler final : public GrpcHandler {
 public:
  std::function<bool(GrpcServerCall&)> on_admit = [](GrpcServerCall&) { return true; };
  std::function<void(GrpcServerCall&)> on_handle = [](GrpcServerCall& call) {  // echo
    call.answer(text_of(call.take_message()));
  };
  std::function<void()> on_abandon = [] {};

  bool admit(GrpcServerCall& call) override { return on_admit(call); }
  void handle(GrpcServerCall& call) override { on_handle(call); }
  void abandon(GrpcServerCall&) override { on_abandon(); }
};

inline const std::vector<std::string> kTestMethods = {"/test.Service/One", "/test.Service/Two"};

inline GrpcServerSettings test_server_settings() {
  GrpcServerSettings settings;
  settings.endpoint = "127.0.0.1:0";
  return settings;
}

inline GrpcClientSettings test_client_settings(uint16_t port) {
  GrpcClientSettings settings;
  settings.endpoint = "127.0.0.1:" + std::to_string(port);
  settings.tls.insecure = true;
  return settings;
}

struct TestServer {
  TestHandler handler;
  std::unique_ptr<GrpcServer> server;

  void start(GrpcServerSettings settings = test_server_settings(), GrpcServerOptions options = {}) {
    if (options.methods.empty()) options.methods = kTestMethods;
    server = std::make_unique<GrpcServer>(std::move(settings), handler, std::move(options));
    if (const std::string error = server->start(); !error.empty()) throw std::runtime_error(error);
  }
  uint16_t port() const { return server->port(); }
};

struct TestClient {
  std::unique_ptr<GrpcClient> client;
  explicit TestClient(GrpcClientSettings settings, GrpcClientOptions options = {}) {
    if (options.methods.empty()) options.methods = kTestMethods;
    client = std::make_unique<GrpcClient>(std::move(settings), std::move(options));
    if (const std::string error = client->start(); !error.empty()) throw std::runtime_error(error);
  }
  explicit TestClient(const TestServer& server) : TestClient(test_client_settings(server.port())) {}
  operator GrpcClient&() { return *client; }  // NOLINT(google-explicit-constructor)
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_GRPC_FOR_TESTS_H
