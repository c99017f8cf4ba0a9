// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/grpc.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/net/compression.h"
#include "plugins/net/grpc_runtime.h"

namespace sluice::otlp {
namespace {

// In the order of the signals.
constexpr const char* kMethods[] = {"/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                                    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
                                    "/opentelemetry.proto.collector.logs.v1.LogsService/Export"};

constexpr const char* kNoMemory = "the memory budget is used up";

// Nobody knows a message's size before it is there. Its call is let in if this much is free, and holds it meanwhile.
constexpr uint64_t kReadAhead = uint64_t{64} << 10;

// The library reads into blocks of this size. A message in one piece that fills half of it keeps the block; a smaller
// one is copied, so that a queue of small messages does not pin large blocks.
constexpr uint64_t kBlock = uint64_t{64} << 10;

sluice_signal signal_of(const net::GrpcServerCall& call) {
  return static_cast<sluice_signal>(call.method());
}

class CallRequest final : public Request {
 public:
  explicit CallRequest(net::GrpcServerCall& call) : call_(&call) {}
  ~CallRequest() override {
    if (call_) call_->fail({.code = GRPC_STATUS_INTERNAL, .message = "the request was not answered"});
  }
  void answer(const Outcome& outcome) override {
    net::GrpcServerCall& call = *std::exchange(call_, nullptr);
    if (!outcome.ok()) {
      call.fail(outcome.status);
    } else if (outcome.has_partial()) {
      call.answer(net::encode_partial_success(outcome.partial));
    } else {
      call.answer({});
    }
  }

 private:
  net::GrpcServerCall* call_;
};

std::string join(const net::GrpcMessage& message) {
  std::string text;
  text.reserve(message.length_bytes());
  for (const grpc_slice& slice : message.slices()) text += net::view(slice);
  return text;
}

std::span<const uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

net::GrpcServerOptions options() {
  net::GrpcServerOptions options;
  options.methods.assign(std::begin(kMethods), std::end(kMethods));
  return options;
}

}  // namespace

GrpcProtocol::GrpcProtocol(const Intake& intake, GrpcConfig config)
    : intake_(intake),
      max_message_bytes_(config.max_recv_msg_bytes()),
      include_metadata_(config.include_metadata),
      server_(std::move(config), *this, options()) {}

void GrpcProtocol::init() {
  metrics_.define(intake_.host(), net::RpcSide::server, kMethods);
  loops_ = net::GrpcLoopSharing(intake_.host());
}

bool GrpcProtocol::admit(net::GrpcServerCall& call) {
  if (!intake_.takes(signal_of(call))) {
    call.fail({.code = GRPC_STATUS_UNIMPLEMENTED,
               .message = "no pipeline takes " + std::string(signal_name(signal_of(call)))});
    return false;
  }
  const Host host = intake_.host();
  if (host.get()->reserve(host.get(), kReadAhead) != SLUICE_DONE) {
    call.fail(refuse_busy(kNoMemory).status);
    return false;
  }
  return true;
}

void GrpcProtocol::abandon(net::GrpcServerCall&) {
  const Host host = intake_.host();
  host.get()->unreserve(host.get(), kReadAhead);
}

void GrpcProtocol::handle(net::GrpcServerCall& call) {
  abandon(call);  // the batch is charged with what it really takes
  std::unique_ptr<Request> request;
  try {
    request = std::make_unique<CallRequest>(call);
  } catch (...) {
    call.fail({.code = GRPC_STATUS_UNAVAILABLE, .message = "out of memory"});
    return;
  }
  try {
    take(call, std::move(request));
  } catch (...) {  // the request has answered when it was destroyed
  }
}

void GrpcProtocol::take(net::GrpcServerCall& call, std::unique_ptr<Request> request) const {
  const sluice_signal signal = signal_of(call);
  net::GrpcMessage message = call.take_message();
  if (message.length_bytes() == 0) {
    request->answer({});
    return;
  }
  Outcome refusal;
  NewBatch batch = make_batch(signal, message, refusal);
  if (!refusal.ok()) {
    request->answer(refusal);
    return;
  }
  uint64_t deadline = 0;
  if (const auto left = call.time_left(); left != std::chrono::nanoseconds::max()) {
    deadline = intake_.host().now_mono_ns() + static_cast<uint64_t>(std::max<int64_t>(left.count(), 1));
  }
  intake_.submit(signal, std::move(batch), make_context(call), deadline, std::move(request));
}

NewBatch GrpcProtocol::make_batch(sluice_signal signal, net::GrpcMessage& message, Outcome& refusal) const {
  const Host host = intake_.host();
  if (message.codec() != net::Codec::none) return decompress(signal, message, refusal);
  const std::span<const grpc_slice> slices = message.slices();
  NewBatch batch{SLUICE_BUSY, {}, kNoMemory};
  if (slices.size() == 1 && message.length_bytes() >= kBlock / 2) {
    const std::span<const uint8_t> bytes = as_bytes(net::view(slices.front()));
    struct Slice {
      grpc_slice slice;
      explicit Slice(grpc_slice s) : slice(grpc_slice_ref(s)) {}
      Slice(Slice&& other) noexcept : slice(std::exchange(other.slice, grpc_empty_slice())) {}
      ~Slice() { grpc_slice_unref(slice); }
    };
    batch = host.adopt(signal, bytes, Slice(slices.front()), std::max(kBlock, message.length_bytes()));
  } else if (Buffer buffer = host.buffer(message.length_bytes())) {
    uint8_t* at = buffer.data();
    for (const grpc_slice& slice : slices) {
      at = std::copy_n(GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice), at);
    }
    batch = buffer.seal(signal, message.length_bytes());
  }
  return batch;
}

NewBatch GrpcProtocol::decompress(sluice_signal signal, const net::GrpcMessage& message, Outcome& refusal) const {
  const Host host = intake_.host();
  std::vector<Reservation> reserved;  // until the batch is charged in their place
  net::DecodeLimits limits;
  limits.max_bytes = max_message_bytes_;
  limits.reserve = [&](uint64_t bytes) {
    auto more = host.reserve(bytes);
    if (more) reserved.push_back(std::move(*more));
    return more.has_value();
  };
  net::ByteBuffer plain;
  const std::span<const grpc_slice> slices = message.slices();
  const net::CodecStatus status = slices.size() == 1
                                      ? net::decompress(message.codec(), net::view(slices.front()), limits, plain)
                                      : net::decompress(message.codec(), join(message), limits, plain);
  reserved.clear();
  switch (status) {
    case net::CodecStatus::ok:
      break;
    case net::CodecStatus::refused:
      return {SLUICE_BUSY, {}, kNoMemory};
    case net::CodecStatus::too_large:
      refusal.status = {.code = GRPC_STATUS_RESOURCE_EXHAUSTED,
                        .message = "decompressed message larger than max (" + std::to_string(max_message_bytes_) + ")"};
      return {};
    default:
      refusal.status = {.code = GRPC_STATUS_INVALID_ARGUMENT,
                        .message = std::string("cannot decompress the message: ") + net::describe(status)};
      return {};
  }
  if (plain.size == 0) return {SLUICE_DONE, {}};
  const std::span<const uint8_t> bytes(plain.data.get(), plain.size);
  return host.adopt(signal, bytes, std::move(plain.data), plain.capacity);
}

ContextRef GrpcProtocol::make_context(const net::GrpcServerCall& call) const {
  const Host host = intake_.host();
  const std::string peer = call.peer();
  std::vector<sluice_kv> pairs;
  if (include_metadata_) {
    pairs.reserve(call.metadata().size() + 1);
    if (!call.authority().empty()) pairs.push_back({str(":authority"), str(call.authority())});
    for (const grpc_metadata& one : call.metadata()) {
      const std::string_view key = net::view(one.key);
      if (!key.ends_with("-bin")) pairs.push_back({str(key), str(net::view(one.value))});  // those are no text
    }
  }
  sluice_context fields{};
  fields.struct_size = sizeof fields;
  fields.peer_address = str(peer);
  fields.transport = str("grpc");
  fields.metadata = pairs.data();
  fields.metadata_count = static_cast<uint32_t>(pairs.size());
  fields.received_unix_ns = host.now_unix_ns();
  return ContextRef::take(host.get(), host.get()->context_new(host.get(), &fields));
}

}  // namespace sluice::otlp
