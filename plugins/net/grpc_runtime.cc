// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/grpc_runtime.h"

#include <absl/synchronization/mutex.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <mutex>

namespace sluice::net {
namespace {

// The library writes to stderr whatever a stranger's bytes make it complain about. We report failures ourselves; only
// the last words before it aborts are passed on.
void log_last_words(gpr_log_func_args* args) {
  if (std::string_view(args->message).starts_with("assertion failed")) {
    std::fprintf(stderr, "gRPC: %s:%d: %s\n", args->file, args->line, args->message);
  }
}

}  // namespace

void start_grpc() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (!std::getenv("GRPC_VERBOSITY")) gpr_set_log_function(&log_last_words);
    // Debian's Abseil looks for cycles of locks at every lock that gRPC takes.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    grpc_init();
  });
}

gpr_timespec to_grpc_deadline(std::chrono::nanoseconds time_left) {
  if (time_left == std::chrono::nanoseconds::max()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(time_left.count(), GPR_TIMESPAN));
}

void ChannelArgs::set(const char* key, int64_t value) {
  grpc_arg arg{};
  arg.type = GRPC_ARG_INTEGER;
  arg.key = const_cast<char*>(key);
  arg.value.integer = static_cast<int>(std::clamp<int64_t>(value, 0, std::numeric_limits<int>::max()));
  args_.push_back(arg);
}

void ChannelArgs::set(const char* key, std::string_view value) {
  grpc_arg arg{};
  arg.type = GRPC_ARG_STRING;
  arg.key = const_cast<char*>(key);
  arg.value.string = texts_.emplace_back(value).data();
  args_.push_back(arg);
}

void ChannelArgs::set_ms(const char* key, std::chrono::nanoseconds time) {
  set(key, std::chrono::ceil<std::chrono::milliseconds>(time).count());
}

void ChannelArgs::set(const char* key, void* pointer, const grpc_arg_pointer_vtable* vtable) {
  grpc_arg arg{};
  arg.type = GRPC_ARG_POINTER;
  arg.key = const_cast<char*>(key);
  arg.value.pointer = {pointer, vtable};
  args_.push_back(arg);
}

std::string peer_address(grpc_call* call) {
  char* uri = grpc_call_get_peer(call);
  std::string_view text(uri);
  std::string address;
  if (text.starts_with("ipv4:") || text.starts_with("ipv6:")) {
    text.remove_prefix(5);
    address.reserve(text.size());
    for (; !text.empty(); text.remove_prefix(1)) {  // brackets come escaped: ipv6:%5B::1%5D:4317
      if (text.starts_with("%5B")) {
        address += '[', text.remove_prefix(2);
      } else if (text.starts_with("%5D")) {
        address += ']', text.remove_prefix(2);
      } else {
        address += text.front();
      }
    }
  }
  gpr_free(uri);
  return address;
}

}  // namespace sluice::net
