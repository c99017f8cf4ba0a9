// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/grpc_server.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "plugins/net/grpc_credentials.h"
#include "plugins/net/grpc_listen.h"
#include "plugins/net/grpc_runtime.h"

namespace sluice::net {

// What a server has on one loop: the calls that it waits for there. All events of a call come to the loop that received
// it, so objects of ended calls are used again without a lock.
class GrpcReception {
 public:
  GrpcReception(grpc_server* server, grpc_completion_queue* queue, GrpcHandler& handler,
                const GrpcServerOptions& options, std::mutex& mutex, std::condition_variable& changed)
      : server_(server),
        queue_(queue),
        handler_(handler),
        methods_(options.methods),
        max_metadata_bytes_(options.max_metadata_bytes),
        mutex_(mutex),
        changed_(changed) {
    grpc_server_register_completion_queue(server_, queue_, nullptr);
  }
  ~GrpcReception() {
    for (GrpcServerCall* call : free_) delete call;
  }
  GrpcReception(const GrpcReception&) = delete;
  GrpcReception& operator=(const GrpcReception&) = delete;

  GrpcHandler& handler() const { return handler_; }
  uint32_t find(std::string_view method) const {
    return static_cast<uint32_t>(std::find(methods_.begin(), methods_.end(), method) - methods_.begin());
  }
  uint64_t max_metadata_bytes() const { return max_metadata_bytes_; }
  bool knows(uint32_t method) const { return method < methods_.size(); }

  // Waits for `count` calls more. [while the server starts]
  void open(int count) {
    for (int i = 0; i < count; ++i) wait_for(new GrpcServerCall(*this));
  }
  // Waits for one more. [loop]
  void request() {
    GrpcServerCall* call = nullptr;
    if (free_.empty()) {
      call = new GrpcServerCall(*this);
    } else {
      call = free_.back();
      free_.pop_back();
    }
    wait_for(call);
  }
  // [loop]
  void recycle(GrpcServerCall* call) {
    constexpr size_t kKept = 256;
    if (free_.size() < kKept) {
      free_.push_back(call);
    } else {
      delete call;
    }
    uint64_t live = live_.load(std::memory_order_relaxed);
    while (!(live & kStopping)) {
      if (live_.compare_exchange_weak(live, live - 1, std::memory_order_acq_rel)) return;
    }
    // Whoever waits for the last call deletes this as soon as he sees it: under his lock, and nothing afterwards.
    std::lock_guard lock(mutex_);
    --live_;
    changed_.notify_all();
  }
  void opened() { ++open_; }
  void closed() { --open_; }
  bool has_calls() const { return open_ != 0; }
  // After stopping(), with the lock: no call is waited for or open.
  bool idle() const { return live_ == kStopping; }
  // Each call that ends from now on is told by `changed`.
  void stopping() { live_ |= kStopping; }

 private:
  static constexpr uint64_t kStopping = uint64_t{1} << 63;

  void wait_for(GrpcServerCall* call) {
    ++live_;
    const grpc_call_error error = grpc_server_request_call(server_, &call->call_, &call->details_, &call->metadata_,
                                                           queue_, queue_, static_cast<GrpcEvent*>(call));
    if (error != GRPC_CALL_OK) recycle(call);  // only while stopping
  }

  grpc_server* const server_;
  grpc_completion_queue* const queue_;
  GrpcHandler& handler_;
  const std::vector<std::string>& methods_;
  const uint64_t max_metadata_bytes_;
  std::mutex& mutex_;
  std::condition_variable& changed_;
  std::atomic<uint64_t> live_{0};  // calls waited for or open, and kStopping
  std::atomic<uint64_t> open_{0};
  std::vector<GrpcServerCall*> free_;
};

// ---- calls ----------------------------------------------------------------------------------------------------------

GrpcServerCall::GrpcServerCall(GrpcReception& reception)
    : GrpcEvent([](GrpcEvent& event, bool ok) { static_cast<GrpcServerCall&>(event).proceed(ok); }),
      reception_(reception) {
  grpc_metadata_array_init(&metadata_);
  grpc_call_details_init(&details_);
}

GrpcServerCall::~GrpcServerCall() {
  grpc_metadata_array_destroy(&metadata_);
  grpc_call_details_destroy(&details_);
}

std::string_view GrpcServerCall::authority() const {
  return view(details_.host);
}

std::string GrpcServerCall::peer() const {
  return peer_address(call_);
}

std::chrono::nanoseconds GrpcServerCall::time_left() const {
  if (gpr_time_cmp(details_.deadline, gpr_inf_future(details_.deadline.clock_type)) == 0) {
    return std::chrono::nanoseconds::max();
  }
  const gpr_timespec left = gpr_time_sub(details_.deadline, gpr_now(details_.deadline.clock_type));
  return std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
}

// As HTTP/2 counts it. The library's own limit only holds for clients that have acknowledged it.
uint64_t GrpcServerCall::metadata_bytes() const {
  uint64_t sum = 0;
  for (const grpc_metadata& pair : metadata()) sum += GRPC_SLICE_LENGTH(pair.key) + GRPC_SLICE_LENGTH(pair.value) + 32;
  return sum;
}

// waiting -> (admit) -> reading -> (handle) -> answered -> waiting. The library reports each of the three once.
void GrpcServerCall::proceed(bool ok) {
  switch (step_) {
    case Step::waiting:
      if (!ok) {  // the server stops
        reception_.recycle(this);
        return;
      }
      reception_.opened();
      reception_.request();
      begun_ = std::chrono::steady_clock::now();
      method_ = reception_.find(view(details_.method));
      if (!reception_.knows(method_)) {
        fail({.code = GRPC_STATUS_UNIMPLEMENTED, .message = "unknown method " + std::string(view(details_.method))});
      } else if (metadata_bytes() > reception_.max_metadata_bytes()) {
        fail({.code = GRPC_STATUS_RESOURCE_EXHAUSTED, .message = "the call's metadata is too large"});
      } else if (reception_.handler().admit(*this)) {
        read();
      }
      return;
    case Step::reading:
      message_ = GrpcMessage(std::exchange(received_, nullptr));
      if (message_) {
        reception_.handler().handle(*this);
      } else {
        // The client stopped half way, or the message was over the limit: then the library has answered already.
        reception_.handler().abandon(*this);
        end({.code = GRPC_STATUS_INTERNAL, .message = "the call ended before its message"});
      }
      return;
    case Step::answered:
      clear();
      reception_.closed();
      reception_.recycle(this);
      return;
  }
}

void GrpcServerCall::clear() {
  message_ = GrpcMessage();
  grpc_call_unref(std::exchange(call_, nullptr));
  grpc_metadata_array_destroy(&metadata_);
  grpc_metadata_array_init(&metadata_);
  grpc_call_details_destroy(&details_);
  grpc_call_details_init(&details_);
  step_ = Step::waiting;
}

void GrpcServerCall::read() {
  step_ = Step::reading;
  grpc_op operation{};
  operation.op = GRPC_OP_RECV_MESSAGE;
  operation.data.recv_message.recv_message = &received_;
  grpc_call_start_batch(call_, &operation, 1, static_cast<GrpcEvent*>(this), nullptr);
}

// The close is only asked for now: nobody could be told of a client that goes earlier, and it saves an event.
void GrpcServerCall::finish(grpc_op* operations, size_t count) {
  step_ = Step::answered;
  operations[count].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
  operations[count].data.recv_close_on_server.cancelled = &cancelled_;
  grpc_call_start_batch(call_, operations, count + 1, static_cast<GrpcEvent*>(this), nullptr);
}

// Before the answer is given to the library: afterwards the call may be another one.
void GrpcServerCall::tell(int32_t code) {
  if (!reception_.knows(method_)) return;
  reception_.handler().answered(*this, code, std::chrono::steady_clock::now() - begun_);
}

void GrpcServerCall::answer(std::string_view message) {
  tell(GRPC_STATUS_OK);
  grpc_slice slice = copy_slice(message);
  grpc_byte_buffer* buffer = grpc_raw_byte_buffer_create(&slice, 1);
  std::array<grpc_op, 4> operations{};
  operations[0].op = GRPC_OP_SEND_INITIAL_METADATA;
  operations[1].op = GRPC_OP_SEND_MESSAGE;
  operations[1].data.send_message.send_message = buffer;
  operations[2].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
  operations[2].data.send_status_from_server.status = GRPC_STATUS_OK;
  finish(operations.data(), 3);
  // Its slices are the call's now, only the shell is left.
  grpc_byte_buffer_destroy(buffer);
  grpc_slice_unref(slice);
}

void GrpcServerCall::fail(const RpcStatus& status) {
  tell(status.code);
  end(status);
}

void GrpcServerCall::end(const RpcStatus& status) {
  grpc_slice text = copy_slice(status.message);
  std::array<grpc_op, 3> operations{};
  operations[0].op = GRPC_OP_SEND_INITIAL_METADATA;
  operations[1].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
  auto& trailer = operations[1].data.send_status_from_server;
  trailer.status = static_cast<grpc_status_code>(status.code);
  trailer.status_details = &text;
  grpc_metadata details{};
  if (status.retry_after || !status.bad_field.empty() || !status.bad_value.empty()) {
    details.key = static_slice("grpc-status-details-bin");
    details.value = copy_slice(encode_rpc_status(status));
    trailer.trailing_metadata = &details;
    trailer.trailing_metadata_count = 1;
  }
  finish(operations.data(), 2);
  if (trailer.trailing_metadata_count) grpc_slice_unref(details.value);
  grpc_slice_unref(text);
}

// ---- server ---------------------------------------------------------------------------------------------------------

namespace {

ChannelArgs server_args(const GrpcServerSettings& settings, const GrpcServerOptions& options,
                        grpc_resource_quota* quota) {
  ChannelArgs args;
  args.set(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, static_cast<int64_t>(settings.max_recv_msg_bytes()));
  if (settings.max_concurrent_streams) args.set(GRPC_ARG_MAX_CONCURRENT_STREAMS, settings.max_concurrent_streams);
  args.set(GRPC_ARG_MAX_METADATA_SIZE, options.max_metadata_bytes);
  args.set(GRPC_ARG_RESOURCE_QUOTA, quota, grpc_resource_quota_arg_vtable());
  args.set(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  args.set(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  args.set(GRPC_ARG_ENABLE_CHANNELZ, 0);
  args.set(GRPC_ARG_ALLOW_REUSEPORT, 0);  // two collectors on one port are a mistake to be told
  args.set_ms(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, std::chrono::seconds(10));
  if (settings.read_buffer_size.count) {
    args.set(GRPC_ARG_TCP_READ_CHUNK_SIZE, static_cast<int64_t>(settings.read_buffer_size.count));
  }
  if (settings.write_buffer_size.count) {
    args.set(GRPC_ARG_HTTP2_WRITE_BUFFER_SIZE, static_cast<int64_t>(settings.write_buffer_size.count));
  }
  const auto& keepalive = settings.keepalive;
  if (keepalive && keepalive->server_parameters) {
    const KeepaliveServerParameters& limits = *keepalive->server_parameters.operator->();
    auto set = [&args](const char* key, Duration time) {
      if (time.count()) args.set_ms(key, time);
    };
    set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, limits.max_connection_idle);
    set(GRPC_ARG_MAX_CONNECTION_AGE_MS, limits.max_connection_age);
    set(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, limits.max_connection_age_grace);
    set(GRPC_ARG_KEEPALIVE_TIME_MS, limits.time);
    set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, limits.timeout);
  }
  if (keepalive && keepalive->enforcement_policy) {
    const KeepaliveEnforcementPolicy& policy = *keepalive->enforcement_policy.operator->();
    if (policy.min_time.count()) {
      args.set_ms(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, policy.min_time);
    }
    args.set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, policy.permit_without_stream ? 1 : 0);
  }
  return args;
}

}  // namespace

struct GrpcServer::Impl : GrpcEvent {
  Impl(GrpcServerSettings server_settings, GrpcHandler& server_handler, GrpcServerOptions server_options)
      : GrpcEvent([](GrpcEvent& event, bool) { static_cast<Impl&>(event).has_stopped(); }),
        settings(std::move(server_settings)),
        handler(server_handler),
        options(std::move(server_options)) {}

  const GrpcServerSettings settings;
  GrpcHandler& handler;
  const GrpcServerOptions options;
  std::unique_ptr<GrpcLoops> loops;
  grpc_server* server = nullptr;
  std::vector<std::unique_ptr<GrpcReception>> receptions;
  uint16_t port = 0;
  std::mutex mutex;
  std::condition_variable changed;
  bool draining = false;  // guarded by mutex
  bool stopped = false;   // guarded by mutex: no connection is left

  void has_stopped() {
    std::lock_guard lock(mutex);
    stopped = true;
    changed.notify_all();
  }
  bool has_calls() const {
    return std::any_of(receptions.begin(), receptions.end(), [](const auto& r) { return r->has_calls(); });
  }
  // Calls outlive their connections until the handler has answered them.
  bool is_over() const {
    return stopped && std::all_of(receptions.begin(), receptions.end(), [](const auto& r) { return r->idle(); });
  }
};

GrpcServer::GrpcServer(GrpcServerSettings settings, GrpcHandler& handler, GrpcServerOptions options)
    : impl_(new Impl(std::move(settings), handler, std::move(options))) {}

GrpcServer::~GrpcServer() {
  stop(std::chrono::steady_clock::now());
}

uint16_t GrpcServer::port() const {
  return impl_->port;
}

std::string GrpcServer::start(GrpcLoopSharing sharing) {
  Impl& impl = *impl_;
  std::string error;
  const ServerCredentials credentials = make_server_credentials(impl.settings.tls, error);
  if (!credentials) return error;
  const std::string address = listen_address(impl.settings, error);
  if (!error.empty()) return error;

  grpc_resource_quota* quota = grpc_resource_quota_create("server");
  grpc_resource_quota_resize(quota, std::max(impl.options.quota_bytes, 4 * impl.settings.max_recv_msg_bytes()));
  ChannelArgs args = server_args(impl.settings, impl.options, quota);
  impl.server = grpc_server_create(args.get(), nullptr);
  grpc_resource_quota_unref(quota);

  impl.loops = std::make_unique<GrpcLoops>(sharing);
  for (uint32_t i = 0; i < impl.loops->size(); ++i) {
    impl.receptions.push_back(std::make_unique<GrpcReception>(impl.server, impl.loops->queue(i), impl.handler,
                                                              impl.options, impl.mutex, impl.changed));
  }
  const int port = grpc_server_add_http2_port(impl.server, address.c_str(), credentials.get());
  if (port != 0) {
    impl.port = static_cast<uint16_t>(port == 1 ? 0 : port);  // 1: a unix socket
    grpc_server_start(impl.server);
  } else {
    error = why_not_listening(impl.settings, address);
  }
  if (!error.empty()) {
    stop(std::chrono::steady_clock::now());
    return error;
  }
  constexpr int kCalls = 16;  // that may arrive at once without waiting for the loop
  for (auto& reception : impl.receptions) reception->open(kCalls);
  return {};
}

void GrpcServer::drain() {
  Impl& impl = *impl_;
  {
    std::lock_guard lock(impl.mutex);
    if (!impl.server || impl.draining) return;
    impl.draining = true;
  }
  grpc_server_shutdown_and_notify(impl.server, impl.loops->queue(0), static_cast<GrpcEvent*>(&impl));
}

void GrpcServer::stop(std::chrono::steady_clock::time_point deadline) {
  Impl& impl = *impl_;
  if (!impl.server) return;
  drain();
  for (auto& reception : impl.receptions) reception->stopping();
  {
    // Only calls are waited for: a client may keep an idle connection for as long as it likes.
    std::unique_lock lock(impl.mutex);
    impl.changed.wait_until(lock, deadline, [&impl] { return impl.is_over() || !impl.has_calls(); });
    if (!impl.is_over()) {
      lock.unlock();
      grpc_server_cancel_all_calls(impl.server);
      lock.lock();
      impl.changed.wait(lock, [&impl] { return impl.is_over(); });
    }
  }
  grpc_server_destroy(std::exchange(impl.server, nullptr));
  impl.receptions.clear();
  impl.loops.reset();
}

}  // namespace sluice::net
