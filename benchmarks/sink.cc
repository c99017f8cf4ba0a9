// SPDX-License-Identifier: Apache-2.0
// The destination of the benchmarks: takes OTLP over gRPC and HTTP, and Loki's push over HTTP, and tallies every item
// against the payload file. Prints the ports it listens on, then answers the lines of its standard input:
//
//   counts                what it has seen so far
//   missing               what was lost or doubled, by the stamps; for a run that has ended
//   mode ok | refuse | stall | slow <ms> | partial <items>     how it answers from now on; `ok` lets go what is held
//
// Ends with its standard input.
#include <CLI/CLI.hpp>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <functional>
#include <iostream>
#include <mutex>
#include <sstream>
#include <thread>

#include "benchmarks/program.h"
#include "benchmarks/tally.h"
#include "plugins/net/compression.h"
#include "plugins/net/grpc_server.h"
#include "plugins/net/http_server.h"
#include "plugins/wire/writer.h"

namespace sluice::benchmarks {
namespace {

enum class Mode { ok, refuse, stall, slow, partial };

struct Verdict {
  bool taken = true;
  uint64_t rejected = 0;
};
using Answer = std::function<void(const Verdict&)>;

// How requests are answered: at once, later, or not until told.
class Judge {
 public:
  Judge(Tally& tally) : tally_(tally), thread_([this] { work(); }) {}
  ~Judge() {
    {
      std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void set(Mode mode, uint64_t value) {
    std::lock_guard lock(mutex_);
    mode_ = mode, value_ = value;
    if (mode == Mode::ok) {
      for (Held& held : held_) held.due_ns = 0;
    }
    changed_.notify_one();
  }

  // `count` tallies the request, under the lock, if it is taken.
  void request(std::function<void(Tally&)> count, Answer answer) {
    std::unique_lock lock(mutex_);
    if (mode_ == Mode::stall || mode_ == Mode::slow) {
      const uint64_t due = mode_ == Mode::stall ? UINT64_MAX : now_ns() + value_ * 1'000'000;
      held_.push_back({due, std::move(count), std::move(answer)});
      changed_.notify_one();
      return;
    }
    Verdict verdict;
    verdict.taken = mode_ != Mode::refuse;
    verdict.rejected = mode_ == Mode::partial ? value_ : 0;
    if (verdict.taken) count(tally_);
    lock.unlock();
    answer(verdict);
  }

  template <typename F>
  auto look(F&& f) {
    std::lock_guard lock(mutex_);
    return f(tally_);
  }

 private:
  struct Held {
    uint64_t due_ns;
    std::function<void(Tally&)> count;
    Answer answer;
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (!ended_ || !held_.empty()) {
      if (held_.empty()) {
        changed_.wait(lock);
      } else if (const uint64_t due = held_.front().due_ns; due > now_ns() && !ended_) {
        if (due == UINT64_MAX) {
          changed_.wait(lock);
        } else {
          changed_.wait_for(lock, std::chrono::nanoseconds(due - now_ns()));
        }
      } else {
        Held held = std::move(held_.front());
        held_.pop_front();
        held.count(tally_);
        lock.unlock();
        held.answer({});
        lock.lock();
      }
    }
  }

  Tally& tally_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Mode mode_ = Mode::ok;
  uint64_t value_ = 0;
  bool ended_ = false;
  std::deque<Held> held_;
  std::thread thread_;
};

// ExportTraceServiceResponse and its siblings: partial_success with the number of rejected items.
std::string response(const Verdict& verdict) {
  std::string message;
  if (verdict.rejected == 0) return message;
  wire::Writer writer(message);
  writer.message(1, [&](auto& partial) { partial.varint(1, verdict.rejected); });
  return message;
}

struct GrpcSink final : net::GrpcHandler {
  GrpcSink(Judge& j, std::atomic<uint64_t>& w) : judge(j), wire_bytes(w) {}
  void handle(net::GrpcServerCall& call) override {
    const net::GrpcMessage message = call.take_message();
    auto bytes = std::make_shared<std::string>();
    for (const grpc_slice& slice : message.slices())
      bytes->append(reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice));
    wire_bytes += bytes->size();
    if (const net::Codec codec = message.codec(); codec != net::Codec::none) {
      net::ByteBuffer plain;
      net::decompress(codec, *bytes, {.max_bytes = size_t{1} << 30}, plain);
      *bytes = plain.view();
    }
    judge.request([bytes](Tally& tally) { tally.take(wire::to_bytes(*bytes)); },
                  [&call](const Verdict& verdict) {
                    if (verdict.taken) return call.answer(response(verdict));
                    net::RpcStatus status;
                    status.code = 14;
                    status.message = "the sink refuses";
                    call.fail(status);
                  });
  }
  Judge& judge;
  std::atomic<uint64_t>& wire_bytes;  // of messages and bodies as they came, compressed or not
};

struct HttpSink final : net::HttpHandler {
  HttpSink(Judge& j, std::atomic<uint64_t>& w) : judge(j), wire_bytes(w) {}
  void handle(const net::HttpRequest& request, net::HttpBody body, net::HttpReply reply) override {
    const bool loki = request.path == "/loki/api/v1/push";
    auto bytes = std::make_shared<net::HttpBody>(std::move(body));
    auto kept = std::make_shared<net::HttpReply>(std::move(reply));
    judge.request(
        [bytes, loki, this](Tally& tally) {
          if (loki) {
            count_loki(bytes->view());
          } else {
            tally.take(wire::to_bytes(bytes->view()));
          }
        },
        [kept, loki](const Verdict& verdict) {
          if (!verdict.taken) return kept->send({.status = 503, .body = "the sink refuses\n"});
          if (loki) return kept->send({.status = 204});
          kept->send({.status = 200, .content_type = "application/x-protobuf", .body = response(verdict)});
        });
  }

  void answered(const net::HttpExchange& exchange) override { wire_bytes += exchange.request_bytes; }

  // PushRequest {streams = 1 {labels = 1, entries = 2}}, as one snappy block. Under the judge's lock.
  void count_loki(std::string_view body) {
    net::ByteBuffer plain;
    if (net::decompress(net::Codec::snappy, body, {.max_bytes = size_t{1} << 30}, plain) != net::CodecStatus::ok)
      return;
    for (wire::Cursor stream(wire::to_bytes(plain.view())); stream.next();) {
      for (wire::Cursor entry(stream.bytes()); entry.next();) loki_entries += entry.tag() >> 3 == 2;
    }
  }

  Judge& judge;
  std::atomic<uint64_t>& wire_bytes;
  uint64_t loki_entries = 0;
};

void print(const Tally::Counts& counts, uint64_t wire_bytes, uint64_t loki_entries) {
  const std::pair<const char*, uint64_t> all[] = {
      {"items", counts.items},         {"bytes", counts.bytes},     {"messages", counts.messages},
      {"malformed", counts.malformed}, {"foreign", counts.foreign}, {"damaged", counts.damaged},
      {"reordered", counts.reordered}, {"wire_bytes", wire_bytes},  {"loki_entries", loki_entries}};
  const char* before = "{";
  for (const auto& [name, value] : all) {
    std::printf("%s\"%s\": %llu", before, name, static_cast<unsigned long long>(value));
    before = ", ";
  }
  std::puts("}");
}

int run(int argc, char** argv) {
  std::string payload_file, stamps_file;
  bool changed = false;
  CLI::App app("Takes what a collector sends and tallies it.");
  app.add_option("--payload", payload_file, "file of make_payload")->required();
  app.add_option("--stamps", stamps_file, "file that the load generator has mapped too")->required();
  app.add_flag("--items-change", changed, "the pipeline edits items: compare their numbers only");
  CLI11_PARSE(app, argc, argv);
  const Payload payload = Payload::read(payload_file);
  Stamps stamps(stamps_file);
  Tally tally(payload, stamps, !changed);
  Judge judge(tally);

  net::GrpcServerSettings grpc_settings;
  grpc_settings.endpoint = "127.0.0.1:0";
  grpc_settings.max_recv_msg_size_mib = 512;
  std::atomic<uint64_t> wire_bytes = 0;
  GrpcSink grpc_sink(judge, wire_bytes);
  net::GrpcServerOptions grpc_options;
  for (const char* service : {"trace.v1.TraceService", "metrics.v1.MetricsService", "logs.v1.LogsService"})
    grpc_options.methods.push_back("/opentelemetry.proto.collector." + std::string(service) + "/Export");
  grpc_options.quota_bytes = uint64_t{4} << 30;
  net::GrpcServer grpc_server(grpc_settings, grpc_sink, grpc_options);
  net::HttpServerSettings http_settings;
  http_settings.endpoint = "127.0.0.1:0";
  http_settings.max_request_body_size = sluice::Bytes{uint64_t{512} << 20};
  HttpSink http_sink(judge, wire_bytes);
  net::HttpServer http_server(http_settings, http_sink);
  for (const std::string& error : {grpc_server.start(), http_server.start()}) {
    if (!error.empty()) throw std::runtime_error(error);
  }
  std::printf("{\"grpc\": %u, \"http\": %u}\n", grpc_server.port(), http_server.port());
  std::fflush(stdout);

  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, mode;
    uint64_t value = 0;
    words >> command >> mode >> value;
    if (command == "counts") {
      judge.look([&](Tally& t) { print(t.counts(), wire_bytes, http_sink.loki_entries); });
    } else if (command == "missing") {
      const auto missing = judge.look([](Tally& t) { return t.missing(); });
      std::printf("{\"lost\": %llu, \"duplicated\": %llu}\n", static_cast<unsigned long long>(missing.lost),
                  static_cast<unsigned long long>(missing.duplicated));
    } else if (command == "mode") {
      const std::string_view modes[] = {"ok", "refuse", "stall", "slow", "partial"};
      const auto found = std::find(std::begin(modes), std::end(modes), mode);
      if (found == std::end(modes)) throw std::runtime_error("there is no mode \"" + mode + "\"");
      judge.set(static_cast<Mode>(found - std::begin(modes)), value);
      std::puts("{}");
    } else {
      throw std::runtime_error("there is no command \"" + command + "\"");
    }
    std::fflush(stdout);
  }
  judge.set(Mode::ok, 0);
  const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  grpc_server.stop(soon);
  http_server.stop(soon);
  return 0;
}

}  // namespace
}  // namespace sluice::benchmarks

int main(int argc, char** argv) {
  return sluice::benchmarks::run_program("sink", sluice::benchmarks::run, argc, argv);
}
