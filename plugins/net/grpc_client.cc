// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/grpc_client.h"

#include <grpc/grpc_security.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "plugins/net/compression.h"
#include "plugins/net/grpc_credentials.h"
#include "plugins/net/grpc_runtime.h"

namespace sluice::net {
namespace {

ChannelArgs client_args(const GrpcClientSettings& settings, const GrpcClientOptions& options) {
  ChannelArgs args;
  args.set(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, static_cast<int64_t>(options.max_answer_bytes));
  args.set(GRPC_ARG_PRIMARY_USER_AGENT_STRING, settings.user_agent.empty() ? options.user_agent : settings.user_agent);
  args.set(GRPC_ARG_LB_POLICY_NAME, settings.balancer_name == GrpcBalancer::pick_first ? "pick_first" : "round_robin");
  if (!settings.authority.empty()) args.set(GRPC_ARG_DEFAULT_AUTHORITY, settings.authority);
  if (!settings.tls.server_name_override.empty()) {
    args.set(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, settings.tls.server_name_override);
  }
  if (settings.read_buffer_size.count) {
    args.set(GRPC_ARG_TCP_READ_CHUNK_SIZE, static_cast<int64_t>(settings.read_buffer_size.count));
  }
  if (settings.write_buffer_size.count) {
    args.set(GRPC_ARG_HTTP2_WRITE_BUFFER_SIZE, static_cast<int64_t>(settings.write_buffer_size.count));
  }
  // Without keep-alive a ping every two hours still has the kernel give up on data that nobody acknowledges for 20 s,
  // so that a peer that vanished is not waited for until TCP's own quarter of an hour is over.
  Duration time = std::chrono::hours(2);
  Duration timeout = std::chrono::seconds(20);
  if (settings.keepalive) {
    time = settings.keepalive->time.count() ? settings.keepalive->time : std::chrono::seconds(10);
    timeout = settings.keepalive->timeout;
    args.set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, settings.keepalive->permit_without_stream ? 1 : 0);
    args.set(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  }
  args.set_ms(GRPC_ARG_KEEPALIVE_TIME_MS, time);
  args.set_ms(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, timeout);
  // The retries are the core's, which knows how long; reconnecting must not lag behind them.
  args.set(GRPC_ARG_ENABLE_RETRIES, 0);
  args.set_ms(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, std::chrono::seconds(5));
  // gRPC's name is misleading: this is how long making a connection may take. A peer that accepts and stays silent
  // would otherwise cost 20 s.
  args.set_ms(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, std::chrono::seconds(5));
  args.set(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  args.set(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // two exporters do not share a connection
  args.set(GRPC_ARG_ENABLE_CHANNELZ, 0);
  args.set(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  args.set(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  return args;
}

// Whether a failure that the library made up itself came after the request had been on its way.
bool was_on_its_way(grpc_status_code code, std::string_view text) {
  if (code == GRPC_STATUS_DEADLINE_EXCEEDED || code == GRPC_STATUS_CANCELLED) return true;
  if (code != GRPC_STATUS_UNAVAILABLE) return false;
  constexpr std::string_view kBroken[] = {
      "Socket closed",  "reset by peer",    "Broken pipe", "GOAWAY",   "keepalive watchdog",
      "Stream removed", "Transport closed", "recvmsg:",    "sendmsg:", "Endpoint read failed"};
  return std::any_of(std::begin(kBroken), std::end(kBroken),
                     [text](std::string_view words) { return text.find(words) != std::string_view::npos; });
}

// The whole answer. A server may compress it as the request was; what it says of its size is not believed. One that
// cannot be read is empty: the status is what counts.
std::string answer_text(const GrpcMessage& answer, uint64_t max_bytes) {
  std::string text;
  text.reserve(answer.length_bytes());
  for (const grpc_slice& slice : answer.slices()) text += view(slice);
  if (answer.codec() == Codec::none) return text;
  ByteBuffer plain;
  if (decompress(answer.codec(), text, {.max_bytes = max_bytes, .reserve = {}}, plain) != CodecStatus::ok) return {};
  return std::string(plain.view());
}

}  // namespace

struct GrpcClient::Impl {
  GrpcClientSettings settings;
  GrpcClientOptions options;
  std::vector<grpc_metadata> metadata;  // of every call
  std::vector<grpc_metadata> metadata_gzip;
  grpc_channel* channel = nullptr;
  std::vector<void*> methods;
  std::unique_ptr<GrpcLoops> loops;
  std::mutex mutex;
  GrpcClientCall* open = nullptr;  // guarded by mutex
  uint64_t unfinished = 0;         // guarded by mutex; calls whose done() has not returned
  std::condition_variable finished;
};

GrpcClientCall::GrpcClientCall()
    : GrpcEvent([](GrpcEvent& event, bool) {
        auto& call = static_cast<GrpcClientCall&>(event);
        call.client_->finish(call);
      }) {}

GrpcClient::GrpcClient(GrpcClientSettings settings, GrpcClientOptions options)
    : impl_(new Impl{std::move(settings), std::move(options)}) {}

GrpcClient::~GrpcClient() {
  stop();
  for (grpc_metadata& pair : impl_->metadata) {
    grpc_slice_unref(pair.key);
    grpc_slice_unref(pair.value);
  }
}

std::string GrpcClient::start(GrpcLoopSharing sharing) {
  Impl& impl = *impl_;
  start_grpc();
  const GrpcTarget target = parse_grpc_target(impl.settings.endpoint);
  if (!target.problem.empty()) return target.problem;
  std::string error;
  const ChannelCredentials credentials = make_channel_credentials(impl.settings.tls, target.always_tls, error);
  if (!credentials) return error;

  for (const auto& [name, value] : impl.settings.headers) {
    std::string key = name;
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    grpc_metadata pair{};
    pair.key = copy_slice(key);
    pair.value = copy_slice(value.reveal());
    impl.metadata.push_back(pair);
  }
  impl.metadata_gzip = impl.metadata;
  grpc_metadata encoding{};
  encoding.key = static_slice("grpc-encoding");
  encoding.value = static_slice("gzip");
  impl.metadata_gzip.push_back(encoding);

  impl.channel =
      grpc_channel_create(target.uri.c_str(), credentials.get(), client_args(impl.settings, impl.options).get());
  for (const std::string& method : impl.options.methods) {
    impl.methods.push_back(grpc_channel_register_call(impl.channel, method.c_str(), nullptr, nullptr));
  }
  impl.loops = std::make_unique<GrpcLoops>(sharing);
  return {};
}

void GrpcClient::send(GrpcClientCall& call, uint32_t method, GrpcMessage message, std::chrono::nanoseconds time_left) {
  Impl& impl = *impl_;
  call.client_ = this;
  call.call_ =
      grpc_channel_create_registered_call(impl.channel, nullptr, GRPC_PROPAGATE_DEFAULTS, impl.loops->nearest(),
                                          impl.methods[method], to_grpc_deadline(time_left), nullptr);
  grpc_metadata_array_init(&call.leading_);
  grpc_metadata_array_init(&call.trailing_);
  call.answer_ = nullptr;
  {
    std::lock_guard lock(impl.mutex);
    ++impl.unfinished;
    call.previous_ = nullptr;
    call.next_ = std::exchange(impl.open, &call);
    if (call.next_) call.next_->previous_ = &call;
  }
  std::vector<grpc_metadata>& metadata = message.codec() == Codec::gzip ? impl.metadata_gzip : impl.metadata;
  std::array<grpc_op, 6> operations{};
  operations[0].op = GRPC_OP_SEND_INITIAL_METADATA;
  operations[0].flags = GRPC_INITIAL_METADATA_WAIT_FOR_READY_EXPLICITLY_SET;
  if (impl.settings.wait_for_ready) operations[0].flags |= GRPC_INITIAL_METADATA_WAIT_FOR_READY;
  operations[0].data.send_initial_metadata.metadata = metadata.data();
  operations[0].data.send_initial_metadata.count = metadata.size();
  operations[1].op = GRPC_OP_SEND_MESSAGE;
  operations[1].data.send_message.send_message = message.get();
  operations[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
  operations[3].op = GRPC_OP_RECV_INITIAL_METADATA;
  operations[3].data.recv_initial_metadata.recv_initial_metadata = &call.leading_;
  operations[4].op = GRPC_OP_RECV_MESSAGE;
  operations[4].data.recv_message.recv_message = &call.answer_;
  operations[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
  operations[5].data.recv_status_on_client.trailing_metadata = &call.trailing_;
  operations[5].data.recv_status_on_client.status = &call.status_;
  operations[5].data.recv_status_on_client.status_details = &call.text_;
  grpc_call_start_batch(call.call_, operations.data(), operations.size(), static_cast<GrpcEvent*>(&call), nullptr);
}

void GrpcClient::finish(GrpcClientCall& call) {
  {
    std::lock_guard lock(impl_->mutex);
    (call.previous_ ? call.previous_->next_ : impl_->open) = call.next_;
    if (call.next_) call.next_->previous_ = call.previous_;
  }
  // Out of the call's hands first: done() may delete it.
  grpc_call* const handle = std::exchange(call.call_, nullptr);
  grpc_metadata_array leading = call.leading_;
  grpc_metadata_array trailing = call.trailing_;
  const grpc_slice text = call.text_;
  const GrpcMessage answer(std::exchange(call.answer_, nullptr));

  GrpcReply reply;
  reply.code = call.status_;
  reply.text = view(text);
  const std::string message = answer_text(answer, impl_->options.max_answer_bytes);
  reply.message = message;
  for (size_t i = 0; i < trailing.count; ++i) {
    if (view(trailing.metadata[i].key) == "grpc-status-details-bin") {
      reply.details = parse_rpc_status(view(trailing.metadata[i].value));
    }
  }
  reply.outcome_unknown = trailing.count == 0 && was_on_its_way(call.status_, reply.text);
  call.done(reply);

  grpc_slice_unref(text);
  grpc_metadata_array_destroy(&leading);
  grpc_metadata_array_destroy(&trailing);
  grpc_call_unref(handle);
  // With the last one stop() may return: nothing of this client is touched after the lock.
  std::lock_guard lock(impl_->mutex);
  if (--impl_->unfinished == 0) impl_->finished.notify_all();
}

void GrpcClient::stop() {
  Impl& impl = *impl_;
  if (!impl.loops) return;
  {
    std::unique_lock lock(impl.mutex);
    for (GrpcClientCall* call = impl.open; call; call = call->next_) grpc_call_cancel(call->call_, nullptr);
    impl.finished.wait(lock, [&impl] { return impl.unfinished == 0; });
  }
  grpc_channel_destroy(impl.channel);
  impl.methods.clear();
  impl.loops.reset();
}

}  // namespace sluice::net
