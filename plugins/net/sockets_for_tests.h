// SPDX-License-Identifier: Apache-2.0
// Plain sockets for tests, with deadlines instead of sleeps: a client that sends any bytes, and a server that follows a
// script, to be as wrong as no library lets one be.
#ifndef SLUICE_PLUGINS_NET_SOCKETS_FOR_TESTS_H
#define SLUICE_PLUGINS_NET_SOCKETS_FOR_TESTS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace sluice::net {

inline constexpr int kTestPatienceMs = 20'000;

// Waits until `condition` holds; false after 20 s.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTestPatienceMs);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

struct RawResponse {
  int status = 0;  // 0: the connection ended without one
  std::string head, body;
  std::string field(const std::string& name) const {
    const size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const size_t from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

class RawSocket {
 public:
  explicit RawSocket(int fd) : fd_(fd) {}
  static RawSocket to_port(uint16_t port) {
    RawSocket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("connect");
    }
    return socket;
  }
  RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}
  ~RawSocket() { close(); }

  int fd() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {  // closes with RST
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  // False: the other side no longer takes it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd ready{fd_, POLLOUT, 0};
      if (::poll(&ready, 1, kTestPatienceMs) != 1) return false;
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // More bytes into `in`; false: the end, or nothing for 20 s.
  bool receive() {
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, kTestPatienceMs) != 1) return false;
    char bytes[65536];
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    in_.append(bytes, static_cast<size_t>(got));
    return true;
  }
  // Everything up to the end of the connection.
  std::string drain() {
    while (receive()) continue;
    return std::exchange(in_, {});
  }
  bool ended() { return in_.empty() && !receive(); }
  // One message with Content-Length: head (with its empty line) and body; a response without a body if `head_only`.
  RawResponse message(bool head_only = false) {
    RawResponse response;
    size_t end;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return response;
    }
    response.head = in_.substr(0, end + 4);
    std::string lower = response.head;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    size_t size = 0;
    if (const size_t at = lower.find("\r\ncontent-length: "); at != std::string::npos && !head_only) {
      size = std::stoul(lower.substr(at + 18));
    }
    while (in_.size() < end + 4 + size) {
      if (!receive()) return response;
    }
    response.body = in_.substr(end + 4, size);
    in_.erase(0, end + 4 + size);
    if (response.head.starts_with("HTTP/1.1 ")) response.status = std::stoi(response.head.substr(9));
    return response;
  }
  RawResponse ask(std::string_view bytes) {
    send(bytes);
    return message();
  }

 private:
  int fd_;
  std::string in_;
};

// A request without a body on a connection of its own; `lines` are further headers, each with its line's end.
inline RawResponse ask_once(uint16_t port, const std::string& request, const std::string& lines = "") {
  RawSocket client = RawSocket::to_port(port);
  client.send(request + " HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n");
  return client.message(request.starts_with("HEAD"));
}

// Runs `script` for each connection, on its own thread, one connection after the other.
class RawServer {
 public:
  using Script = std::function<void(RawSocket& client, int connection)>;
  explicit RawServer(Script script)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), script_(std::move(script)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd_, 64) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    stopping_ = true;
    ::shutdown(fd_, SHUT_RDWR);
    {
      std::lock_guard lock(mutex_);
      if (client_ >= 0) ::shutdown(client_, SHUT_RDWR);  // the script may be waiting for its bytes
    }
    thread_.join();
    ::close(fd_);
  }
  uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  void set_client(int fd) {
    std::lock_guard lock(mutex_);
    client_ = fd;
  }
  void serve() {
    while (!stopping_) {
      const int client = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      RawSocket socket(client);
      set_client(client);
      if (!stopping_) script_(socket, connections_++);
      set_client(-1);
    }
  }

  int fd_;
  uint16_t port_ = 0;
  Script script_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  int client_ = -1;
  std::thread thread_;
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_SOCKETS_FOR_TESTS_H
