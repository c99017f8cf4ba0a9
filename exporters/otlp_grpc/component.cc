// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/component.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "exporters/otlp_grpc/outcome.h"
#include "plugins/net/compression.h"

namespace sluice::exporters {
namespace {

// In the order of the signals.
constexpr const char* kMethods[] = {"/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                                    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
                                    "/opentelemetry.proto.collector.logs.v1.LogsService/Export"};

// Twice as fast as zlib's customary 6 for a result that is a tenth larger.
constexpr int32_t kGzipLevel = 1;

net::GrpcClientOptions options(Host host) {
  net::GrpcClientOptions options;
  options.methods.assign(std::begin(kMethods), std::end(kMethods));
  options.user_agent = "Sluice/" + std::string(host.collector_version()) + " (linux)";
  return options;
}

// A slice that keeps the batch for as long as gRPC has not written it.
grpc_slice lend(const BatchRef& batch, const sluice_segment& segment) {
  auto* kept = new BatchRef(batch);
  return grpc_slice_new_with_user_data(
      const_cast<uint8_t*>(segment.data), segment.length_bytes,
      [](void* reference) { delete static_cast<BatchRef*>(reference); }, kept);
}

grpc_slice give(net::ByteBuffer buffer) {
  uint8_t* const memory = buffer.data.release();
  return grpc_slice_new_with_user_data(
      memory, buffer.size, [](void* bytes) { delete[] static_cast<uint8_t*>(bytes); }, memory);
}

}  // namespace

class OtlpGrpc::Export final : public net::GrpcClientCall {
 public:
  Export(OtlpGrpc& exporter, const sluice::Call& call)
      : exporter_(exporter),
        answer_(call.answer_later()),
        begun_(exporter.host().now_mono_ns()),
        items_(call.batch().item_count),
        signal_(call.signal()) {}

 private:
  void done(const net::GrpcReply& reply) override {
    const std::unique_ptr<Export> self(this);
    exporter_.metrics_.record(static_cast<uint32_t>(signal_), reply.code,
                              std::chrono::nanoseconds(exporter_.host().now_mono_ns() - begun_));
    const Result result = outcome_of(reply, items_);
    if (result.ok() && !result.plain()) exporter_.warn_of_partial(signal_, result);
    answer_(result);
  }

  OtlpGrpc& exporter_;
  Answer answer_;
  const uint64_t begun_;
  const uint64_t items_;
  const sluice_signal signal_;
};

OtlpGrpc::OtlpGrpc(Host host, Config config)
    : Exporter(host),
      gzip_(config.compression == net::GrpcCompression::gzip),
      client_(std::move(config), options(host)) {}

sluice_status OtlpGrpc::init() {
  metrics_.define(host(), net::RpcSide::client, kMethods);
  loops_ = net::GrpcLoopSharing(host());
  return SLUICE_DONE;
}

sluice_status OtlpGrpc::start() {
  const std::string error = client_.start(loops_);
  return error.empty() ? SLUICE_DONE : host().fail(error, Code::failed_precondition);
}

void OtlpGrpc::stop(uint64_t) {
  client_.stop();
}

sluice_status OtlpGrpc::consume(const sluice::Call& call) {
  net::GrpcMessage message = make_message(call.batch());
  if (!message) return SLUICE_FAILED_RETRYABLE;
  auto time_left = std::chrono::nanoseconds::max();
  if (const uint64_t deadline = call.deadline_mono_ns()) {
    time_left = std::chrono::nanoseconds(static_cast<int64_t>(deadline) - static_cast<int64_t>(host().now_mono_ns()));
  }
  client_.send(*new Export(*this, call), static_cast<uint32_t>(call.signal()), std::move(message), time_left);
  return SLUICE_PENDING;
}

// Messages one behind the other are one message: an Export request is a TracesData, MetricsData or LogsData.
net::GrpcMessage OtlpGrpc::make_message(const sluice_batch& batch) const {
  const std::span<const sluice_segment> parts = segments(batch);
  if (!gzip_) {
    const BatchRef kept = host().keep(&batch);
    std::vector<grpc_slice> slices;
    slices.reserve(parts.size());
    for (const sluice_segment& part : parts) slices.push_back(lend(kept, part));
    return net::GrpcMessage::of(slices, net::Codec::none);
  }
  std::string joined;
  std::string_view whole;
  if (parts.size() == 1) {
    whole = {reinterpret_cast<const char*>(parts.front().data), parts.front().length_bytes};
  } else {
    joined.reserve(batch.length_bytes);
    for (const sluice_segment& part : parts) joined.append(reinterpret_cast<const char*>(part.data), part.length_bytes);
    whole = joined;
  }
  net::ByteBuffer packed;
  if (net::compress(net::Codec::gzip, kGzipLevel, whole, packed) != net::CodecStatus::ok) return {};
  grpc_slice slice = give(std::move(packed));
  return net::GrpcMessage::of({&slice, 1}, net::Codec::gzip);
}

void OtlpGrpc::warn_of_partial(sluice_signal signal, const Result& result) {
  constexpr const char* kDropped[] = {"dropped_spans", "dropped_data_points", "dropped_log_records"};
  if (auto passed = partial_limit_.pass(host().now_mono_ns())) {
    host().warn("Partial success response", {{"message", result.text()},
                                             {kDropped[signal], result.rejected_items()},
                                             {"similar_messages_held_back", *passed}});
  }
}

}  // namespace sluice::exporters
