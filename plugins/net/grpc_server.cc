// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/grpc_server.h"

#include <grpc/support/time.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "plugins/net/grpc_credentials.h"
#include "plugins/net/grpc_listen.h"
#include "plugins/net/grpc_runtime.h"

namespace sluice::net {

// One completion queue and its thread. All events of a call come to the queue that received it, so objects of ended
// calls are used again without a lock.
class GrpcPoller {
 public:
  // `on_change`: told of each call that ends after tell_changes().
  GrpcPoller(grpc_server* server, GrpcHandler& handler, const GrpcServerOptions& options,
             std::function<void()> on_change)
      : server_(server),
        handler_(handler),
        on_change_(std::move(on_change)),
        methods_(options.methods),
        max_metadata_bytes_(options.max_metadata_bytes),
        queue_(grpc_completion_queue_create_for_next(nullptr)) {
    grpc_server_register_completion_queue(server_, queue_, nullptr);
  }
  ~GrpcPoller() { grpc_completion_queue_destroy(queue_); }

  grpc_completion_queue* queue() const { return queue_; }
  GrpcHandler& handler() const { return handler_; }
  uint32_t find(std::string_view method) const {
    return static_cast<uint32_t>(std::find(methods_.begin(), methods_.end(), method) - methods_.begin());
  }
  uint64_t max_metadata_bytes() const { return max_metadata_bytes_; }
  bool knows(uint32_t method) const { return method < methods_.size(); }

  // Asks for one more call.
  void request() {
    add(live_, 1);
    GrpcServerCall* call = nullptr;
    if (free_.empty()) {
      call = new GrpcServerCall(*this);
    } else {
      call = free_.back();
      free_.pop_back();
    }
    const grpc_call_error error =
        grpc_server_request_call(server_, &call->call_, &call->details_, &call->metadata_, queue_, queue_, call);
    if (error != GRPC_CALL_OK) recycle(call);  // only while stopping
  }
  void recycle(GrpcServerCall* call) {
    constexpr size_t kKept = 256;
    if (free_.size() < kKept) {
      free_.push_back(call);
    } else {
      delete call;
    }
    add(live_, -1);
    if (stopping_) on_change_();
  }
  void opened() { add(open_, 1); }
  void closed() { add(open_, -1); }
  bool has_calls() const { return open_ != 0; }
  // No call is asked for or open.
  bool idle() const { return live_ == 0; }
  void tell_changes() { stopping_ = true; }

  // `on_stopped` is called for the event that says that the server has stopped.
  template <class F>
  void run(F&& on_stopped) {
    for (;;) {
      const grpc_event event = grpc_completion_queue_next(queue_, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
      if (event.type == GRPC_QUEUE_SHUTDOWN) break;
      if (event.tag == server_) {
        on_stopped();
      } else {
        static_cast<GrpcServerCall*>(event.tag)->proceed(event.success != 0);
      }
    }
    for (GrpcServerCall* call : free_) delete call;
  }

 private:
  static void add(std::atomic<uint64_t>& count, int change) {
    count.store(count.load(std::memory_order_relaxed) + static_cast<uint64_t>(change));
  }

  grpc_server* const server_;
  GrpcHandler& handler_;
  const std::function<void()> on_change_;
  // Only changed by the thread, once it runs: calls asked for or open, and open ones.
  std::atomic<uint64_t> live_{0}, open_{0};
  std::atomic<bool> stopping_{false};
  const std::vector<std::string>& methods_;
  const uint64_t max_metadata_bytes_;
  grpc_completion_queue* const queue_;
  std::vector<GrpcServerCall*> free_;
};

// ---- calls ----------------------------------------------------------------------------------------------------------

GrpcServerCall::GrpcServerCall(GrpcPoller& poller) : poller_(poller) {
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
        poller_.recycle(this);
        return;
      }
      poller_.opened();
      poller_.request();
      begun_ = std::chrono::steady_clock::now();
      method_ = poller_.find(view(details_.method));
      if (!poller_.knows(method_)) {
        fail({.code = GRPC_STATUS_UNIMPLEMENTED, .message = "unknown method " + std::string(view(details_.method))});
      } else if (metadata_bytes() > poller_.max_metadata_bytes()) {
        fail({.code = GRPC_STATUS_RESOURCE_EXHAUSTED, .message = "the call's metadata is too large"});
      } else if (poller_.handler().admit(*this)) {
        read();
      }
      return;
    case Step::reading:
      message_ = GrpcMessage(std::exchange(received_, nullptr));
      if (message_) {
        poller_.handler().handle(*this);
      } else {
        // The client stopped half way, or the message was over the limit: then the library has answered already.
        poller_.handler().abandon(*this);
        end({.code = GRPC_STATUS_INTERNAL, .message = "the call ended before its message"});
      }
      return;
    case Step::answered:
      clear();
      poller_.closed();
      poller_.recycle(this);
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
  grpc_call_start_batch(call_, &operation, 1, this, nullptr);
}

// The close is only asked for now: nobody could be told of a client that goes earlier, and it saves an event.
void GrpcServerCall::finish(grpc_op* operations, size_t count) {
  step_ = Step::answered;
  operations[count].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
  operations[count].data.recv_close_on_server.cancelled = &cancelled_;
  grpc_call_start_batch(call_, operations, count + 1, this, nullptr);
}

// Before the answer is given to the library: afterwards the call may be another one.
void GrpcServerCall::tell(int32_t code) {
  if (!poller_.knows(method_)) return;
  poller_.handler().answered(*this, code, std::chrono::steady_clock::now() - begun_);
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

struct GrpcServer::Impl {
  GrpcServerSettings settings;
  GrpcHandler& handler;
  GrpcServerOptions options;
  grpc_server* server = nullptr;
  std::vector<std::unique_ptr<GrpcPoller>> pollers;
  std::vector<std::thread> threads;
  uint16_t port = 0;
  std::mutex mutex;
  std::condition_variable changed;
  bool draining = false;  // guarded by mutex
  bool stopped = false;   // guarded by mutex: no connection is left

  bool has_calls() const {
    return std::any_of(pollers.begin(), pollers.end(), [](const auto& poller) { return poller->has_calls(); });
  }
  // Calls outlive their connections until the handler has answered them.
  bool is_over() const {
    return stopped && std::all_of(pollers.begin(), pollers.end(), [](const auto& poller) { return poller->idle(); });
  }
  void tell() {
    std::lock_guard lock(mutex);
    changed.notify_all();
  }
};

GrpcServer::GrpcServer(GrpcServerSettings settings, GrpcHandler& handler, GrpcServerOptions options)
    : impl_(new Impl{std::move(settings), handler, std::move(options)}) {}

GrpcServer::~GrpcServer() {
  stop(std::chrono::steady_clock::now());
}

uint16_t GrpcServer::port() const {
  return impl_->port;
}

std::string GrpcServer::start() {
  Impl& impl = *impl_;
  std::string error;
  const ServerCredentials credentials = make_server_credentials(impl.settings.tls, error);
  if (!credentials) return error;
  const std::string address = listen_address(impl.settings, error);
  if (!error.empty()) return error;

  grpc_resource_quota* quota = grpc_resource_quota_create(impl.options.thread_name.c_str());
  grpc_resource_quota_resize(quota, std::max(impl.options.quota_bytes, 4 * impl.settings.max_recv_msg_bytes()));
  ChannelArgs args = server_args(impl.settings, impl.options, quota);
  impl.server = grpc_server_create(args.get(), nullptr);
  grpc_resource_quota_unref(quota);

  uint32_t threads = impl.options.threads;
  if (threads == 0) threads = std::clamp(std::thread::hardware_concurrency(), 1U, 2U);
  for (uint32_t i = 0; i < threads; ++i) {
    impl.pollers.push_back(
        std::make_unique<GrpcPoller>(impl.server, impl.handler, impl.options, [&impl] { impl.tell(); }));
  }
  const int port = grpc_server_add_http2_port(impl.server, address.c_str(), credentials.get());
  if (port != 0) {
    impl.port = static_cast<uint16_t>(port == 1 ? 0 : port);  // 1: a unix socket
    grpc_server_start(impl.server);
  } else {
    error = why_not_listening(impl.settings, address);
  }
  if (!error.empty()) drain();  // the threads run in any case: they end what has begun
  for (auto& poller : impl.pollers) {
    constexpr int kRequests = 16;  // calls that may arrive at once without waiting for the thread
    for (int i = 0; i < kRequests; ++i) poller->request();
    impl.threads.emplace_back([&impl, &poller = *poller] {
      poller.run([&impl] {
        std::lock_guard lock(impl.mutex);
        impl.stopped = true;
        impl.changed.notify_all();
      });
    });
    pthread_setname_np(impl.threads.back().native_handle(), impl.options.thread_name.substr(0, 15).c_str());
  }
  if (!error.empty()) stop(std::chrono::steady_clock::now());
  return error;
}

void GrpcServer::drain() {
  Impl& impl = *impl_;
  {
    std::lock_guard lock(impl.mutex);
    if (!impl.server || impl.draining) return;
    impl.draining = true;
  }
  grpc_server_shutdown_and_notify(impl.server, impl.pollers.front()->queue(), impl.server);
}

void GrpcServer::stop(std::chrono::steady_clock::time_point deadline) {
  Impl& impl = *impl_;
  if (!impl.server) return;
  drain();
  for (auto& poller : impl.pollers) poller->tell_changes();
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
  for (auto& poller : impl.pollers) grpc_completion_queue_shutdown(poller->queue());
  for (std::thread& thread : impl.threads) thread.join();
  impl.threads.clear();
  grpc_server_destroy(std::exchange(impl.server, nullptr));
  impl.pollers.clear();
}

}  // namespace sluice::net
