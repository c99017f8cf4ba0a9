// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/grpc_listen.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace sluice::net {
namespace {

class Socket {
 public:
  explicit Socket(int family) : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

std::string prefix(const GrpcServerSettings& settings) {
  return "listen on " + settings.endpoint + ": ";
}

// "[::1]:4317" is {"::1", "4317"}.
std::pair<std::string, std::string> split(std::string_view endpoint) {
  const size_t colon = endpoint.rfind(':');
  if (colon == std::string_view::npos) return {std::string(endpoint), {}};
  std::string_view host = endpoint.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::string(host), std::string(endpoint.substr(colon + 1))};
}

Addresses resolve(const std::string& host, const std::string& port, int& failure) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  failure = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  return Addresses(found);
}

// Somebody answers on it: the library would take the path away from him.
bool in_use(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Socket socket(AF_UNIX);
  return connect(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

std::string listen_address(const GrpcServerSettings& settings, std::string& error) {
  if (settings.transport == GrpcTransport::unix_socket) {
    if (in_use(settings.endpoint)) error = prefix(settings) + "address already in use";
    return "unix:" + settings.endpoint;
  }
  const auto [host, port] = split(settings.endpoint);
  if (port.empty()) {
    error = prefix(settings) + "missing port in address";
    return {};
  }
  if (host.empty()) return "[::]:" + port;  // both families
  int failure = 0;
  const Addresses list = resolve(host, port, failure);
  if (!list) {
    error = prefix(settings) + gai_strerror(failure);
    return {};
  }
  const addrinfo* chosen = list.get();
  for (const addrinfo* one = list.get(); one; one = one->ai_next) {
    if (one->ai_family == AF_INET) {
      chosen = one;
      break;
    }
  }
  char number[NI_MAXHOST], service[NI_MAXSERV];
  getnameinfo(chosen->ai_addr, chosen->ai_addrlen, number, sizeof number, service, sizeof service,
              NI_NUMERICHOST | NI_NUMERICSERV);
  const std::string text(number);
  return (chosen->ai_family == AF_INET6 ? "[" + text + "]" : text) + ":" + service;
}

std::string why_not_listening(const GrpcServerSettings& settings, const std::string& address) {
  int failure = 0;
  if (settings.transport == GrpcTransport::unix_socket) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (settings.endpoint.size() >= sizeof name.sun_path) return prefix(settings) + "the path is too long for a socket";
    std::memcpy(name.sun_path, settings.endpoint.c_str(), settings.endpoint.size() + 1);
    Socket socket(AF_UNIX);
    if (bind(socket.fd(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) failure = errno;
  } else {
    const auto [host, port] = split(address);
    int unresolved = 0;
    if (const Addresses list = resolve(host, port, unresolved)) {
      Socket socket(list->ai_family);
      const int on = 1;
      setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      if (bind(socket.fd(), list->ai_addr, list->ai_addrlen) != 0 || listen(socket.fd(), 1) != 0) failure = errno;
    }
  }
  if (failure == EADDRINUSE) return prefix(settings) + "address already in use";
  return prefix(settings) + (failure ? std::strerror(failure) : "refused by the gRPC library");
}

}  // namespace sluice::net
