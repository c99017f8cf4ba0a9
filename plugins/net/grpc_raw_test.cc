// SPDX-License-Identifier: Apache-2.0
// What no gRPC client would do: HTTP/2 written by hand, cut off, nonsense.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "plugins/net/compression.h"
#include "plugins/net/grpc_for_tests.h"

using namespace sluice::net;
using namespace std::chrono_literals;

namespace {

class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect");
  }
  RawClient(const RawClient&) = delete;
  ~RawClient() { close(fd_); }

  // False: the server has closed the connection, or takes nothing for 5 s.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd waiting{fd_, POLLOUT, 0};
      if (poll(&waiting, 1, 5000) <= 0) return false;
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void half_close() { shutdown(fd_, SHUT_WR); }
  // What has come within `timeout_ms` is thrown away.
  void skip(int timeout_ms) {
    char part[4096];
    pollfd waiting{fd_, POLLIN, 0};
    if (poll(&waiting, 1, timeout_ms) > 0) recv(fd_, part, sizeof part, MSG_DONTWAIT);
  }
  // Up to `text`, or to the end of the connection, or as much as comes in 10 s.
  std::string read_until(std::string_view text) {
    std::string all;
    char part[4096];
    while (all.find(text) == std::string::npos) {
      pollfd waiting{fd_, POLLIN, 0};
      if (poll(&waiting, 1, 10'000) <= 0) return all + "(nothing more)";
      const ssize_t count = recv(fd_, part, sizeof part, 0);
      if (count <= 0) return all + "(closed)";
      all.append(part, static_cast<size_t>(count));
    }
    return all;
  }

 private:
  int fd_;
};

std::string frame(char type, char flags, uint32_t stream, std::string_view payload) {
  const auto length = static_cast<uint32_t>(payload.size());
  std::string text;
  for (int shift : {16, 8, 0}) text += static_cast<char>(length >> shift);
  text += type;
  text += flags;
  for (int shift : {24, 16, 8, 0}) text += static_cast<char>(stream >> shift);
  return text.append(payload);
}

std::string header(std::string_view name, std::string_view value) {
  std::string text(1, '\0');  // a literal that is not indexed
  for (std::string_view part : {name, value}) {
    text += static_cast<char>(part.size());
    text += part;
  }
  return text;
}

constexpr char kData = 0, kHeaders = 1, kRstStream = 3, kSettings = 4;
constexpr char kEndStream = 1, kEndHeaders = 4;

const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, {});

std::string call_headers(std::string_view encoding = {}) {
  std::string text = header(":method", "POST") + header(":scheme", "http") + header(":path", "/test.Service/One") +
                     header(":authority", "x") + header("te", "trailers") + header("content-type", "application/grpc");
  if (!encoding.empty()) text += header("grpc-encoding", encoding);
  return text;
}

std::string prefixed(bool compressed, std::string_view message) {
  std::string text(1, compressed ? '\1' : '\0');
  for (int shift : {24, 16, 8, 0}) text += static_cast<char>(message.size() >> shift);
  return text.append(message);
}

// The value of grpc-status in the trailers, which the library writes as plain text.
std::string status_in(const std::string& bytes) {
  const size_t at = bytes.find("grpc-status");
  if (at == std::string::npos) return "none in: " + bytes;
  return bytes.substr(at + 12, static_cast<size_t>(bytes[at + 11]));
}

bool still_serves(TestServer& server) {
  TestClient client(server);
  return call(client, 1, "well").message == "well";
}

size_t resident_bytes() {
  size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * 4096;
}

}  // namespace

TEST_CASE("grpc: a call in an encoding that the library does not know is recognised", "[net][grpc]") {
  TestServer server;
  server.handler.on_handle = [](GrpcServerCall& call) {
    const GrpcMessage message = call.take_message();
    ByteBuffer plain;
    decompress(message.codec(), text_of(message), {.max_bytes = 100, .reserve = {}}, plain);
    call.fail({.code = static_cast<int32_t>(message.codec()), .message = std::string(plain.view())});
  };
  server.start();
  for (auto [name, codec] : {std::pair{"zstd", Codec::zstd}, {"snappy", Codec::snappy_framed}, {"gzip", Codec::gzip}}) {
    ByteBuffer packed;
    REQUIRE(compress(codec, 0, "found out", packed) == CodecStatus::ok);
    RawClient client(server.port());
    REQUIRE(client.send(kPreface + frame(kHeaders, kEndHeaders, 1, call_headers(name)) +
                        frame(kData, kEndStream, 1, prefixed(true, packed.view()))));
    const std::string answer = client.read_until("found out");
    INFO(name);
    CHECK(answer.find("found out") != std::string::npos);
  }
}

TEST_CASE("grpc: clients that stop half way leave nothing behind", "[net][grpc]") {
  TestServer server;
  std::atomic<int> abandoned{0}, handled{0};
  server.handler.on_abandon = [&] { ++abandoned; };
  server.handler.on_handle = [&](GrpcServerCall& call) {
    ++handled;
    call.answer(text_of(call.take_message()));
  };
  server.start();
  const std::string begun = kPreface + frame(kHeaders, kEndHeaders, 1, call_headers());
  const std::string part = prefixed(false, std::string(1000, 'x')).substr(0, 500);
  SECTION("gone after the headers") {
    RawClient(server.port()).send(begun);
  }
  SECTION("gone within the message") {
    RawClient(server.port()).send(begun + frame(kData, 0, 1, part));
  }
  SECTION("call reset within the message") {
    RawClient(server.port())
        .send(begun + frame(kData, 0, 1, part) + frame(kRstStream, 0, 1, std::string("\0\0\0\x8", 4)));
  }
  SECTION("message cut short") {
    RawClient client(server.port());
    client.send(begun + frame(kData, kEndStream, 1, part));
    CHECK(status_in(client.read_until("grpc-message")) == "13");
  }
  SECTION("no message at all") {
    RawClient client(server.port());
    client.send(kPreface + frame(kHeaders, kEndHeaders | kEndStream, 1, call_headers()));
    CHECK(status_in(client.read_until("grpc-message")) == "13");
  }
  while (abandoned == 0) std::this_thread::yield();
  CHECK(handled == 0);
  CHECK(still_serves(server));
}

TEST_CASE("grpc: a client that never reads its answers does not hold up the others", "[net][grpc]") {
  TestServer server;
  server.start();
  RawClient client(server.port());
  std::string calls = kPreface;
  for (uint32_t stream = 1; stream < 100; stream += 2) {
    calls += frame(kHeaders, kEndHeaders, stream, call_headers());
    calls += frame(kData, kEndStream, stream, prefixed(false, std::string(1000, 'x')));
  }
  CHECK(client.send(calls));
  CHECK(still_serves(server));
}

TEST_CASE("grpc: bytes that are no HTTP/2 end the connection, not the server", "[net][grpc]") {
  TestServer server;
  server.start();
  for (const std::string& nonsense :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(10'000, '\xff'),
        std::string("\x16\x03\x01\x02", 4), kPreface + frame(kData, 0, 1, "data of no call"),
        kPreface + frame(kHeaders, kEndHeaders, 2, call_headers()),
        kPreface + frame(kHeaders, kEndHeaders, 1, std::string(100, '\xff')),
        kPreface + frame(kSettings, 0, 0, "12345")}) {
    RawClient client(server.port());
    client.send(nonsense);
    client.half_close();
    CHECK(client.read_until("(never)").find("(closed)") != std::string::npos);
  }
  CHECK(still_serves(server));
}

TEST_CASE("grpc: metadata over the limit is refused", "[net][grpc]") {
  TestServer server;
  server.start();
  RawClient client(server.port());
  std::string headers = call_headers();
  for (int i = 0; i < 200; ++i) headers += header("x-header-" + std::to_string(i), std::string(100, 'v'));
  std::string bytes = kPreface + frame(kHeaders, 0, 1, headers.substr(0, 16384));
  bytes += frame(9, kEndHeaders, 1, std::string_view(headers).substr(16384));
  client.send(bytes + frame(kData, kEndStream, 1, prefixed(false, "x")));
  CHECK(status_in(client.read_until("grpc-message")) == "8");
  CHECK(still_serves(server));
}

TEST_CASE("grpc: a thousand idle connections cost little and disturb nobody", "[net][grpc]") {
  TestServer server;
  server.start();
  CHECK(still_serves(server));
  const size_t before = resident_bytes();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(std::make_unique<RawClient>(server.port()));
    REQUIRE(idle.back()->send(kPreface));
  }
  for (auto& client : idle)
    REQUIRE(client->read_until(frame(kSettings, 1, 0, {})).find("(closed)") == std::string::npos);
  CHECK(still_serves(server));
  CHECK(resident_bytes() - before < 1000 * size_t{128} << 10);
}

TEST_CASE("grpc: clients that do not go do not hold up the end", "[net][grpc]") {
  TestServer server;
  server.start();
  RawClient idle(server.port());
  idle.send(kPreface);
  idle.read_until(frame(kSettings, 1, 0, {}));
  server.server->drain();
  const auto before = std::chrono::steady_clock::now();
  server.server->stop(before + 30s);
  CHECK(std::chrono::steady_clock::now() - before < 10s);
}

TEST_CASE("grpc: a message that says to be huge does not fill the memory", "[net][grpc]") {
  TestServer server;
  std::atomic<bool> cut{false};
  server.handler.on_abandon = [&] { cut = true; };
  GrpcServerOptions options;
  options.quota_bytes = 16 << 20;
  server.start(test_server_settings(), options);
  RawClient client(server.port());
  client.send(kPreface + frame(kHeaders, kEndHeaders, 1, call_headers()) +
              frame(kData, 0, 1, std::string("\0\x7f\xff\xff\xff", 5)));
  std::string block;
  for (int i = 0; i < 64; ++i) block += frame(kData, 0, 1, std::string(16000, 'x'));
  constexpr size_t kMuch = size_t{1} << 30;
  size_t sent = 0;
  // At the speed of a network: what watches over the memory is a thread that must get its turn.
  while (!cut && sent < kMuch && client.send(block)) sent += block.size(), client.skip(10);
  CHECK(sent < kMuch);
  while (!cut) std::this_thread::yield();
  while (!still_serves(server)) {  // the same pressure may have cost others a try
  }
}
