// SPDX-License-Identifier: Apache-2.0
// The load generator: sends the requests of a payload file over OTLP/gRPC or OTLP/HTTP, in a closed loop (so many in
// flight) or an open one (so many items a second, each stamped when it was due, not when it was sent). Bodies are
// encoded and compressed before the clock starts. Prints one line of JSON.
#include <grpc/grpc.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>

#include "benchmarks/payload.h"
#include "benchmarks/program.h"
#include "benchmarks/stamps.h"
#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/net/compression.h"
#include "plugins/net/grpc_client.h"
#include "plugins/net/rpc_status.h"

namespace sluice::benchmarks {
namespace {

struct Options {
  std::string protocol = "grpc", target = "127.0.0.1:4317", payload, stamps, compression = "none";
  bool json = false;
  uint64_t requests = 1000, first = 0;
  uint32_t connections = 1, in_flight = 8;
  double items_per_second = 0;
};

constexpr std::string_view kService[] = {"trace.v1.TraceService", "metrics.v1.MetricsService", "logs.v1.LogsService"};
constexpr std::string_view kPath[] = {"/v1/traces", "/v1/metrics", "/v1/logs"};

// Which request is sent when, and what became of it. Thread-safe.
class Load {
 public:
  Load(const Options& options, const Payload& payload, Stamps& stamps)
      : options_(options),
        items_(payload.shape.items_per_request),
        requests_(payload.requests.size()),
        stamps_(stamps) {
    if (options.first + options.requests > stamps.count())
      throw std::runtime_error("the stamps' file has no place for " + std::to_string(options.requests) + " requests");
    if (options.items_per_second > 0) interval_ns_ = 1e9 * static_cast<double>(items_) / options.items_per_second;
    begin_ns_ = now_ns();
  }

  // The number of the next request, once it is due; nothing: all are sent.
  std::optional<uint64_t> next() {
    const uint64_t sent = sent_.fetch_add(1);
    if (sent >= options_.requests) return std::nullopt;
    uint64_t due = now_ns();
    if (interval_ns_ > 0) {
      due = begin_ns_ + static_cast<uint64_t>(interval_ns_ * static_cast<double>(sent));
      std::this_thread::sleep_until(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(due)));
    }
    stamps_[options_.first + sent].due_ns = due;
    return options_.first + sent;
  }
  size_t body(uint64_t number) const { return number % requests_; }

  void answered(uint64_t number, bool good, std::string_view why) {
    if (good) {
      stamps_[number].answered_ns = now_ns();
      acknowledged_.fetch_add(1);
    } else if (refused_.fetch_add(1) == 0) {
      std::lock_guard lock(mutex_);
      first_refusal_ = why;
    }
    end_ns_ = now_ns();
  }

  void print(const Payload& payload, uint64_t wire_bytes) const {
    std::printf(
        "{\"acknowledged_items\": %llu, \"refused_items\": %llu, \"seconds\": %.4f, \"bytes_per_item\": %.2f, "
        "\"wire_bytes_per_item\": %.2f}\n",
        static_cast<unsigned long long>(acknowledged_ * items_), static_cast<unsigned long long>(refused_ * items_),
        static_cast<double>(end_ns_ - begin_ns_) / 1e9,
        static_cast<double>(payload.bytes()) / static_cast<double>(payload.items()),
        static_cast<double>(wire_bytes) / static_cast<double>(payload.items()));
    if (refused_) std::fprintf(stderr, "load: first refusal: %s\n", first_refusal_.c_str());
  }

 private:
  const Options& options_;
  const uint64_t items_, requests_;
  Stamps& stamps_;
  double interval_ns_ = 0;
  uint64_t begin_ns_ = 0;
  std::atomic<uint64_t> sent_{0}, acknowledged_{0}, refused_{0}, end_ns_{0};
  mutable std::mutex mutex_;
  std::string first_refusal_;
};

std::vector<std::string> encode(const Options& options, const Payload& payload) {
  const auto codec = options.compression == "none" ? net::Codec::none : net::codec_of(options.compression);
  if (!codec) throw std::runtime_error("there is no compression \"" + options.compression + "\"");
  std::vector<std::string> bodies;
  for (const auto& request : payload.requests) {
    std::string body(wire::to_text(request));
    if (options.json) {
      body.clear();
      formats::otlp_to_json(signal_of(payload.shape.kind), request, body);
    }
    if (*codec != net::Codec::none) {
      net::ByteBuffer compressed;
      net::compress(*codec, 0, body, compressed);
      body = compressed.view();
    }
    bodies.push_back(std::move(body));
  }
  return bodies;
}

// ---- gRPC
// -------------------------------------------------------------------------------------------------------------

class GrpcLoad {
 public:
  GrpcLoad(const Options& options, Load& load, const std::vector<std::string>& bodies, wire::Signal signal)
      : options_(options),
        load_(load),
        bodies_(bodies),
        codec_(options.compression == "gzip" ? net::Codec::gzip : net::Codec::none),
        places_(options.in_flight) {
    net::GrpcClientSettings settings;
    settings.endpoint = options.target;
    settings.tls.insecure = true;
    const std::string method =
        "/opentelemetry.proto.collector." + std::string(kService[static_cast<size_t>(signal)]) + "/Export";
    for (uint32_t i = 0; i < options.connections; ++i) {
      clients_.push_back(std::make_unique<net::GrpcClient>(
          settings, net::GrpcClientOptions{.methods = {method}, .user_agent = "load/" + std::to_string(i)}));
      if (const std::string error = clients_.back()->start(); !error.empty()) throw std::runtime_error(error);
    }
  }

  // In a closed loop each answer sends the next request on its own thread; in an open one this thread keeps the time.
  void run() {
    const bool open = options_.items_per_second > 0;
    for (uint32_t i = 0; open || i < options_.in_flight; ++i) {
      places_.acquire();
      const auto number = load_.next();
      if (!number) {
        places_.release();
        break;
      }
      send(*number);
    }
    for (uint32_t i = 0; i < options_.in_flight; ++i) places_.acquire();
    for (auto& client : clients_) client->stop();
  }

 private:
  struct Export final : net::GrpcClientCall {
    Export(GrpcLoad& owner, uint64_t request) : load(owner), number(request) {}
    void done(const net::GrpcReply& reply) override {
      load.load_.answered(number, reply.code == 0 && !net::parse_partial_success(reply.message),
                          reply.code == 0 ? "partial success" : reply.text);
      if (const auto next = load.options_.items_per_second > 0 ? std::nullopt : load.load_.next()) {
        load.send(*next);
      } else {
        load.places_.release();
      }
      delete this;
    }
    GrpcLoad& load;
    const uint64_t number;
  };

  void send(uint64_t number) {
    const std::string& body = bodies_[load_.body(number)];
    grpc_slice slice = grpc_slice_from_static_buffer(body.data(), body.size());
    clients_[number % clients_.size()]->send(*new Export(*this, number), 0, net::GrpcMessage::of({&slice, 1}, codec_),
                                             std::chrono::seconds(60));
  }

  const Options& options_;
  Load& load_;
  const std::vector<std::string>& bodies_;
  const net::Codec codec_;
  std::counting_semaphore<> places_;
  std::vector<std::unique_ptr<net::GrpcClient>> clients_;
};

// ---- HTTP
// -------------------------------------------------------------------------------------------------------------

// One connection, one request at a time, on a thread of its own: the cheapest client there is.
class HttpConnection {
 public:
  HttpConnection(const std::string& target, std::string head) : head_(std::move(head)) {
    const size_t colon = target.rfind(':');
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(target.substr(0, colon).c_str(), target.substr(colon + 1).c_str(), &hints, &found) != 0)
      throw std::runtime_error("cannot resolve " + target);
    fd_ = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);
    const bool connected = connect(fd_, found->ai_addr, found->ai_addrlen) == 0;
    freeaddrinfo(found);
    if (!connected) throw std::runtime_error("cannot connect to " + target + ": " + std::strerror(errno));
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  HttpConnection(const HttpConnection&) = delete;
  ~HttpConnection() { close(fd_); }

  // The status line of the answer.
  std::string post(const std::string& body) {
    const std::string head = head_ + std::to_string(body.size()) + "\r\n\r\n";
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}};
    for (size_t left = head.size() + body.size(); left != 0;) {
      const ssize_t sent = writev(fd_, parts, 2);
      if (sent <= 0) throw std::runtime_error(std::string("the connection broke: ") + std::strerror(errno));
      left -= static_cast<size_t>(sent);
      size_t gone = static_cast<size_t>(sent);
      for (iovec& part : parts) {
        const size_t of_this = std::min(gone, part.iov_len);
        part.iov_base = static_cast<char*>(part.iov_base) + of_this;
        part.iov_len -= of_this;
        gone -= of_this;
      }
    }
    return read_answer();
  }

 private:
  std::string read_answer() {
    std::string answer;
    size_t whole = std::string::npos;
    while (answer.size() < whole) {
      char chunk[4096];
      const ssize_t got = recv(fd_, chunk, sizeof chunk, 0);
      if (got <= 0) throw std::runtime_error("the connection broke before the answer");
      answer.append(chunk, static_cast<size_t>(got));
      const size_t end = answer.find("\r\n\r\n");
      if (whole != std::string::npos || end == std::string::npos) continue;
      const size_t length = answer.find("Content-Length: ");
      whole = end + 4 + (length < end ? std::stoul(answer.substr(length + 16)) : 0);
    }
    return answer.substr(0, answer.find("\r\n"));
  }

  const std::string head_;
  int fd_ = -1;
};

void run_http(const Options& options, Load& load, const std::vector<std::string>& bodies, wire::Signal signal) {
  std::string head = "POST " + std::string(kPath[static_cast<size_t>(signal)]) +
                     " HTTP/1.1\r\nHost: " + options.target + "\r\nContent-Type: application/" +
                     (options.json ? "json" : "x-protobuf") + "\r\n";
  if (options.compression != "none") head += "Content-Encoding: " + options.compression + "\r\n";
  head += "Content-Length: ";
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < options.in_flight; ++i) {
    threads.emplace_back([&] {
      HttpConnection connection(options.target, head);
      while (const auto number = load.next()) {
        const std::string status = connection.post(bodies[load.body(*number)]);
        load.answered(*number, status.find(" 200 ") != std::string::npos, status);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Sends a payload file to a collector.");
  app.add_option("--protocol", options.protocol, "grpc or http")->check(CLI::IsMember({"grpc", "http"}));
  app.add_option("--target", options.target, "host:port");
  app.add_option("--payload", options.payload, "file of make_payload")->required();
  app.add_option("--stamps", options.stamps, "file that the sink has mapped too")->required();
  app.add_option("--compression", options.compression, "none, gzip or zstd");
  app.add_flag("--json", options.json, "OTLP/JSON instead of protobuf (http)");
  app.add_option("--requests", options.requests, "how many to send");
  app.add_option("--first", options.first, "number of the first: how many this run has sent before");
  app.add_option("--connections", options.connections, "gRPC connections; http takes one for each request in flight");
  app.add_option("--in-flight", options.in_flight, "most requests that wait for an answer")->check(CLI::PositiveNumber);
  app.add_option("--rate", options.items_per_second, "items a second; 0: as fast as answers come");
  CLI11_PARSE(app, argc, argv);
  const Payload payload = Payload::read(options.payload);
  Stamps stamps(options.stamps);
  const auto bodies = encode(options, payload);
  uint64_t wire_bytes = 0;
  for (const std::string& body : bodies) wire_bytes += body.size();
  const wire::Signal signal = signal_of(payload.shape.kind);
  Load load(options, payload, stamps);
  if (options.protocol == "grpc") {
    GrpcLoad(options, load, bodies, signal).run();
  } else {
    run_http(options, load, bodies, signal);
  }
  load.print(payload, wire_bytes);
  return 0;
}

}  // namespace
}  // namespace sluice::benchmarks

int main(int argc, char** argv) {
  return sluice::benchmarks::run_program("load", sluice::benchmarks::run, argc, argv);
}
