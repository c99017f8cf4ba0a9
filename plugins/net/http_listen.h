// SPDX-License-Identifier: Apache-2.0
// Sockets that listen, from an endpoint of the configuration.
#ifndef SLUICE_PLUGINS_NET_HTTP_LISTEN_H
#define SLUICE_PLUGINS_NET_HTTP_LISTEN_H

#include <sys/socket.h>

#include <string>

#include "plugins/net/settings/http.h"

namespace sluice::net {

// A socket, non-blocking, or -1 and why: "listen on localhost:4318: address already in use".
int listen_on(const std::string& endpoint, Transport transport, std::string& error);

uint16_t port_of(int socket);                         // 0 for unix sockets
std::string address_text(const sockaddr_storage& a);  // "127.0.0.1:4318", "[::1]:4318"; empty for unix sockets

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_LISTEN_H
