// SPDX-License-Identifier: Apache-2.0
//
// Load generator for OTLP/gRPC: sends a number of spans in a closed loop, a fixed number of requests in flight, from
// one thread and one connection. The payload is encoded before the clock starts; a call carries its bytes as they are.
// Prints one line of JSON: what was acknowledged, what failed, how long it took.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/payload.h"

namespace {

constexpr char kMethod[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr int kPayloads = 16;  // different messages, sent in turn, so that nothing lives off one message in the cache

struct Options {
  std::string target = "localhost:4317";
  uint64_t items_per_request = 1000;
  uint64_t items = 1'000'000;
  int in_flight = 8;
  bool describe = false;
};

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer response;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int index = 1; index < argc; ++index) {
    const std::string_view name = argv[index];
    if (name == "--describe") {
      options.describe = true;
      continue;
    }
    if (index + 1 == argc) {
      std::fprintf(stderr, "grpc_load: no value for %s\n", argv[index]);
      std::exit(64);
    }
    const char* value = argv[++index];
    if (name == "--target") {
      options.target = value;
    } else if (name == "--items-per-request") {
      options.items_per_request = std::strtoull(value, nullptr, 10);
    } else if (name == "--items") {
      options.items = std::strtoull(value, nullptr, 10);
    } else if (name == "--in-flight") {
      options.in_flight = std::atoi(value);
    } else {
      std::fprintf(stderr, "grpc_load: unknown option %s\n", argv[index - 1]);
      std::exit(64);
    }
  }
  if (options.items_per_request == 0 || options.in_flight <= 0) {
    std::fprintf(stderr, "grpc_load: --items-per-request and --in-flight must be at least 1\n");
    std::exit(64);
  }
  return options;
}

struct Totals {
  uint64_t sent = 0, acknowledged = 0, refused = 0;
  grpc::Status first_refusal;
};

Totals run(const Options& options, const std::vector<grpc::ByteBuffer>& payloads) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  auto channel = grpc::CreateCustomChannel(options.target, grpc::InsecureChannelCredentials(), arguments);
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  Totals totals;
  const uint64_t requests = (options.items + options.items_per_request - 1) / options.items_per_request;

  auto start = [&] {
    auto call = std::make_unique<Call>();
    call->reader = stub.PrepareUnaryCall(&call->context, kMethod, payloads[totals.sent % payloads.size()], &queue);
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, call.get());
    static_cast<void>(call.release());  // comes back as the tag of its answer
    ++totals.sent;
  };
  uint64_t open = 0;
  for (; open < static_cast<uint64_t>(options.in_flight) && totals.sent < requests; ++open) start();
  while (open > 0) {
    void* tag = nullptr;
    bool ok = false;
    if (!queue.Next(&tag, &ok)) break;
    const std::unique_ptr<Call> call(static_cast<Call*>(tag));
    --open;
    if (call->status.ok()) {
      ++totals.acknowledged;
    } else if (totals.refused++ == 0) {
      totals.first_refusal = call->status;
    }
    if (totals.sent < requests) {
      start();
      ++open;
    }
  }
  return totals;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  sluice::benchmarks::Payload payload(1);
  std::vector<grpc::ByteBuffer> payloads;
  uint64_t bytes = 0;
  for (int index = 0; index < kPayloads; ++index) {
    const auto message = payload.traces(options.items_per_request);
    const auto checked = sluice::wire::check(sluice::wire::Signal::traces, message);
    if (!checked.ok || checked.items != options.items_per_request) {
      std::fprintf(stderr, "grpc_load: made a wrong payload: %s\n", checked.describe().c_str());
      return 1;
    }
    bytes += message.size();
    const grpc::Slice slice(message.data(), message.size());
    payloads.emplace_back(&slice, 1);
  }
  const double bytes_per_item = static_cast<double>(bytes) / kPayloads / static_cast<double>(options.items_per_request);
  if (options.describe) {
    std::printf("{\"bytes_per_item\": %.1f}\n", bytes_per_item);
    return 0;
  }
  const auto begin = std::chrono::steady_clock::now();
  const Totals totals = run(options, payloads);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  std::printf("{\"acknowledged_items\": %llu, \"refused_items\": %llu, \"seconds\": %.3f, \"bytes_per_item\": %.1f}\n",
              static_cast<unsigned long long>(totals.acknowledged * options.items_per_request),
              static_cast<unsigned long long>(totals.refused * options.items_per_request), elapsed.count(),
              bytes_per_item);
  if (totals.refused > 0) {
    std::fprintf(stderr, "grpc_load: first refusal: %d %s\n", static_cast<int>(totals.first_refusal.error_code()),
                 totals.first_refusal.error_message().c_str());
  }
  return 0;
}
