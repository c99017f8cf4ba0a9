// SPDX-License-Identifier: Apache-2.0
// What our gRPC server and client share: starting the library, its slices as string views, and channel arguments.
// We use gRPC's C interface and not grpc++: it costs less for each call, and only with it can a message that is already
// compressed pass through, which lets us decompress within limits and with faster codecs than zlib.
#ifndef SLUICE_PLUGINS_NET_GRPC_RUNTIME_H
#define SLUICE_PLUGINS_NET_GRPC_RUNTIME_H

#include <grpc/grpc.h>
#include <grpc/slice.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::net {

// Starts the library once for this plugin. It is never shut down: slices that became batches may be freed after their
// component is gone, and gRPC must be there for that. [any thread]
void start_grpc();

inline std::string_view view(const grpc_slice& slice) {
  return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice)};
}
inline grpc_slice copy_slice(std::string_view text) {
  return grpc_slice_from_copied_buffer(text.data(), text.size());
}
// For text that outlives the library.
inline grpc_slice static_slice(std::string_view text) {
  return grpc_slice_from_static_buffer(text.data(), text.size());
}

// No time: never.
gpr_timespec to_grpc_deadline(std::chrono::nanoseconds time_left);

class ChannelArgs {
 public:
  void set(const char* key, int64_t value);  // what an int cannot hold becomes the nearest that it can
  void set(const char* key, std::string_view value);
  void set_ms(const char* key, std::chrono::nanoseconds time);  // rounded up
  void set(const char* key, void* pointer, const grpc_arg_pointer_vtable* vtable);
  // Valid until the next set().
  const grpc_channel_args* get() {
    list_ = {args_.size(), args_.data()};
    return &list_;
  }

 private:
  std::vector<grpc_arg> args_;
  std::deque<std::string> texts_;  // a deque: its elements stay where they are
  grpc_channel_args list_{};
};

// "ipv4:127.0.0.1:4317" of the library is "127.0.0.1:4317" for people; a unix socket's peer has no address: "".
std::string peer_address(grpc_call* call);

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_GRPC_RUNTIME_H
