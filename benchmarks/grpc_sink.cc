// SPDX-License-Identifier: Apache-2.0
//
// The destination of the benchmarks: takes OTLP/gRPC as bytes, checks every message to its last field and counts its
// items, from one thread. Prints `listening` once it is, and on every line that it reads from standard input one line
// of JSON: items counted so far, requests, malformed messages. Ends with its standard input.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "plugins/wire/check.h"

namespace {

using sluice::wire::Signal;

struct Counts {
  std::atomic<uint64_t> items{0}, requests{0}, malformed{0};
};

Signal signal_of(const std::string& method) {
  if (method.find(".metrics.") != std::string::npos) return Signal::metrics;
  return method.find(".logs.") != std::string::npos ? Signal::logs : Signal::traces;
}

// One call, from waiting for it to its end: accept -> read -> answer -> (deleted).
class Call {
 public:
  Call(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue, Counts& counts)
      : service_(service), queue_(queue), counts_(counts), stream_(&context_) {
    service_.RequestCall(&context_, &stream_, &queue_, &queue_, this);
  }

  void proceed(bool ok) {
    if (!ok || step_ == Step::answer) {
      delete this;
      return;
    }
    if (step_ == Step::accept) {
      new Call(service_, queue_, counts_);  // takes the next one; ends like this one, in proceed()
      step_ = Step::read;
      stream_.Read(&message_, this);
      return;
    }
    step_ = Step::answer;
    take();
    grpc::ByteBuffer nothing;
    stream_.WriteAndFinish(nothing, grpc::WriteOptions(), grpc::Status::OK, this);
  }

 private:
  enum class Step { accept, read, answer };

  void take() {
    grpc::Slice slice;
    if (!message_.TrySingleSlice(&slice).ok() && !message_.DumpToSingleSlice(&slice).ok()) return;
    const auto checked = sluice::wire::check(signal_of(context_.method()), {slice.begin(), slice.size()});
    counts_.requests.fetch_add(1, std::memory_order_relaxed);
    (checked.ok ? counts_.items : counts_.malformed)
        .fetch_add(checked.ok ? checked.items : 1, std::memory_order_relaxed);
  }

  grpc::AsyncGenericService& service_;
  grpc::ServerCompletionQueue& queue_;
  Counts& counts_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer message_;
  Step step_ = Step::accept;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: grpc_sink <host:port>\n");
    return 64;
  }
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(argv[1], grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterAsyncGenericService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  if (!server || port == 0) {
    std::fprintf(stderr, "grpc_sink: cannot listen on %s\n", argv[1]);
    return 1;
  }
  Counts counts;
  new Call(service, *queue, counts);
  std::thread worker([&] {
    void* tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) static_cast<Call*>(tag)->proceed(ok);
  });
  std::puts("listening");
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    std::printf("{\"items\": %llu, \"requests\": %llu, \"malformed\": %llu}\n",
                static_cast<unsigned long long>(counts.items.load()),
                static_cast<unsigned long long>(counts.requests.load()),
                static_cast<unsigned long long>(counts.malformed.load()));
    std::fflush(stdout);
  }
  server->Shutdown(std::chrono::system_clock::now());
  queue->Shutdown();
  worker.join();
  return 0;
}
