// SPDX-License-Identifier: Apache-2.0
// A gRPC server for unary methods whose messages are bytes: no protobuf, no generated code. A call is handled on the
// loop that received it and may be answered from any other thread.
//
//   class Export : public GrpcHandler {
//     void handle(GrpcServerCall& call) override { call.answer({}); }
//   } handler;
//   GrpcServer server(settings, handler, {.methods = {"/demo.Service/Export"}});
//   if (std::string error = server.start(); !error.empty()) ...
//
// A call passes in two steps, so that who has no room refuses before the message is read: admit() sees method, peer and
// metadata, handle() the message. Messages arrive as they were sent, in pieces and maybe compressed: whoever
// decompresses decides how far. Methods that are not in the list are answered UNIMPLEMENTED.
#ifndef SLUICE_PLUGINS_NET_GRPC_SERVER_H
#define SLUICE_PLUGINS_NET_GRPC_SERVER_H

#include <grpc/grpc.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/net/grpc_loops.h"
#include "plugins/net/grpc_message.h"
#include "plugins/net/rpc_status.h"
#include "plugins/net/settings/grpc.h"

namespace sluice::net {

class GrpcReception;

// One call. It is the server's; it is there until it is answered, which must happen exactly once.
class GrpcServerCall : private GrpcEvent {
 public:
  uint32_t method() const { return method_; }  // index into GrpcServerOptions::methods
  std::string peer() const;                    // "127.0.0.1:1234"; empty on a unix socket
  std::string_view authority() const;
  // Keys are lower case.
  std::span<const grpc_metadata> metadata() const { return {metadata_.metadata, metadata_.count}; }
  std::chrono::nanoseconds time_left() const;  // max(): the client has set no deadline
  // The message, in handle() only; it may be kept for longer than the call.
  GrpcMessage take_message() { return std::move(message_); }

  // [any thread] Afterwards the call is gone.
  void answer(std::string_view message);
  void fail(const RpcStatus& status);

 private:
  friend class GrpcReception;
  enum class Step : uint8_t { waiting, reading, answered };

  explicit GrpcServerCall(GrpcReception& reception);
  ~GrpcServerCall();
  void proceed(bool ok);
  void read();
  void end(const RpcStatus& status);
  void tell(int32_t code);
  uint64_t metadata_bytes() const;
  void finish(grpc_op* operations, size_t count);
  void clear();

  GrpcReception& reception_;
  std::chrono::steady_clock::time_point begun_;
  grpc_call* call_ = nullptr;
  grpc_call_details details_{};
  grpc_metadata_array metadata_{};
  grpc_byte_buffer* received_ = nullptr;
  GrpcMessage message_;
  uint32_t method_ = 0;
  int cancelled_ = 0;
  Step step_ = Step::waiting;
};

// Called on the loops' threads, several at once. Must not throw or block.
class GrpcHandler {
 public:
  virtual ~GrpcHandler() = default;
  // False: the call is refused and has been answered; its message is not read.
  virtual bool admit(GrpcServerCall&) { return true; }
  virtual void handle(GrpcServerCall& call) = 0;
  // Instead of handle(): admitted, but the message never came, or was over the limit. The server answers it.
  virtual void abandon(GrpcServerCall&) {}
  // Each answer to a call of a method in the list, whoever gave it, but for abandoned ones. On the answering thread.
  virtual void answered(const GrpcServerCall&, [[maybe_unused]] int32_t code,
                        [[maybe_unused]] std::chrono::nanoseconds duration) {}
};

// What is no matter of configuration files.
struct GrpcServerOptions {
  std::vector<std::string> methods;         // "/package.Service/Method"
  uint32_t max_metadata_bytes = 16 * 1024;  // over it RESOURCE_EXHAUSTED
  // What the library may hold for reading, at least four messages; over it connections are closed.
  uint64_t quota_bytes = uint64_t{256} << 20;
};

class GrpcServer {
 public:
  // `handler` must outlive the server.
  GrpcServer(GrpcServerSettings settings, GrpcHandler& handler, GrpcServerOptions options);
  ~GrpcServer();  // stop() without patience
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Listens. Empty, or what is wrong: "listen on localhost:4317: address already in use".
  std::string start(GrpcLoopSharing sharing = {});
  uint16_t port() const;  // that it really listens on: the setting may say 0

  // Accepts no more connections, tells clients to go elsewhere, lets their calls end. Returns at once.
  void drain();
  // drain(), waits until every call is answered or `deadline` has passed, closes what is left.
  // REQUIRES: every call that handle() was given is answered by then or will be, whatever happens here.
  void stop(std::chrono::steady_clock::time_point deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_GRPC_SERVER_H
