// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/http_listen.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

namespace sluice::net {
namespace {

std::string error_text(int error) {
  switch (error) {
    case EADDRINUSE:
      return "address already in use";
    case EACCES:
      return "permission denied";
    case EADDRNOTAVAIL:
      return "this host has no such address";
    default:
      return std::strerror(error);
  }
}

int listen_unix(const std::string& path, std::string& error) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return error = "the path is empty or too long", -1;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const bool abstract = path.front() == '@';  // a name without a file
  if (abstract) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(abstract ? offsetof(sockaddr_un, sun_path) + path.size() : sizeof address);
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return error = error_text(errno), -1;
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) {  // of a process that died, or of one that lives?
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(probe, raw, size) != 0 && errno == ECONNREFUSED) unlink(path.c_str());
    close(probe);
  }
  if (bind(fd, raw, size) == 0 && listen(fd, SOMAXCONN) == 0) return fd;
  error = error_text(errno);
  close(fd);
  return -1;
}

int listen_tcp(const addrinfo& address, std::string& error) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return error = error_text(errno), -1;
  const int on = 1, off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) return fd;
  error = error_text(errno);
  close(fd);
  return -1;
}

}  // namespace

int listen_on(const std::string& endpoint, Transport transport, std::string& error) {
  const std::string prefix = "listen on " + endpoint + ": ";
  std::string why;
  int fd = -1;
  if (transport == Transport::unix_socket) {
    fd = listen_unix(endpoint, why);
    if (fd < 0) error = prefix + why;
    return fd;
  }
  const size_t colon = endpoint.rfind(':');
  if (colon == std::string::npos) return error = prefix + "the port is missing", -1;
  std::string host = endpoint.substr(0, colon);
  const std::string port = endpoint.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);

  addrinfo hints{}, *found = nullptr;
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = transport == Transport::tcp4 ? AF_INET : transport == Transport::tcp6 ? AF_INET6 : AF_UNSPEC;
  const int failed = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
  if (failed) return error = prefix + gai_strerror(failed), -1;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  // One socket. No host means all addresses: one of IPv6 takes both. A name with both means the one of IPv4, as in Go.
  for (const int family : {host.empty() ? AF_INET6 : AF_INET, host.empty() ? AF_INET : AF_INET6}) {
    for (const addrinfo* a = found; a && fd < 0; a = a->ai_next) {
      if (a->ai_family == family) fd = listen_tcp(*a, why);
      if (fd < 0 && why == error_text(EADDRINUSE)) return error = prefix + why, -1;
    }
  }
  if (fd < 0) error = prefix + why;
  return fd;
}

uint16_t port_of(int socket) {
  sockaddr_storage a{};
  socklen_t size = sizeof a;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&a), &size) != 0) return 0;
  if (a.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(a).sin_port);
  if (a.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(a).sin6_port);
  return 0;
}

std::string address_text(const sockaddr_storage& a) {
  char text[INET6_ADDRSTRLEN] = "";
  if (a.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(a);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(text) + ':' + std::to_string(ntohs(v4.sin_port));
  }
  if (a.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(a);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return '[' + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return {};
}

}  // namespace sluice::net
