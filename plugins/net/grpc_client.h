// SPDX-License-Identifier: Apache-2.0
// A gRPC client for unary methods whose messages are bytes. Many calls may be open at once; each ends with one
// done() on a thread of the loops. It reconnects by itself and never sends a call twice: whether to try again is the
// caller's business.
//
//   struct Export : GrpcClientCall {
//     void done(const GrpcReply& reply) override { ...; delete this; }
//   };
//   client.send(*new Export, kExportMethod, GrpcMessage::of(slices, Codec::none), 5s);
#ifndef SLUICE_PLUGINS_NET_GRPC_CLIENT_H
#define SLUICE_PLUGINS_NET_GRPC_CLIENT_H

#include <grpc/grpc.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/net/grpc_loops.h"
#include "plugins/net/grpc_message.h"
#include "plugins/net/rpc_status.h"
#include "plugins/net/settings/grpc.h"

namespace sluice::net {

// How a call ended; lent until done() returns.
struct GrpcReply {
  int32_t code = 0;  // canonical
  std::string_view text;
  std::string_view message;          // of the answer, with code 0
  std::optional<RpcStatus> details;  // if the server sent grpc-status-details-bin
  // The request may have reached the server, its answer did not reach us.
  bool outcome_unknown = false;
};

class GrpcClient;

class GrpcClientCall : private GrpcEvent {
 public:
  GrpcClientCall();
  GrpcClientCall(const GrpcClientCall&) = delete;
  GrpcClientCall& operator=(const GrpcClientCall&) = delete;
  virtual ~GrpcClientCall() = default;

 protected:
  // On a thread of the loops. Must not throw or block; may delete this call.
  virtual void done(const GrpcReply& reply) = 0;

 private:
  friend class GrpcClient;
  GrpcClient* client_ = nullptr;
  grpc_call* call_ = nullptr;
  grpc_metadata_array leading_{}, trailing_{};
  grpc_byte_buffer* answer_ = nullptr;
  grpc_status_code status_ = GRPC_STATUS_OK;
  grpc_slice text_{};
  GrpcClientCall* next_ = nullptr;  // in the list of open calls
  GrpcClientCall* previous_ = nullptr;
};

// What is no matter of configuration files.
struct GrpcClientOptions {
  std::vector<std::string> methods;  // "/package.Service/Method"
  std::string user_agent;            // where the settings have none
  uint64_t max_answer_bytes = uint64_t{4} << 20;
};

class GrpcClient {
 public:
  GrpcClient(GrpcClientSettings settings, GrpcClientOptions options);
  ~GrpcClient();  // stop()
  GrpcClient(const GrpcClient&) = delete;
  GrpcClient& operator=(const GrpcClient&) = delete;

  // Empty, or what is wrong with certificates. Connects with the first call, not here.
  std::string start(GrpcLoopSharing sharing = {});

  // `method` is an index into GrpcClientOptions::methods; time_left max(): no deadline. [any thread, started]
  void send(GrpcClientCall& call, uint32_t method, GrpcMessage message, std::chrono::nanoseconds time_left);

  // Cancels open calls and waits until each has had its done().
  void stop();

 private:
  friend class GrpcClientCall;
  struct Impl;
  void finish(GrpcClientCall& call);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_GRPC_CLIENT_H
