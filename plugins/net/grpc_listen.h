// SPDX-License-Identifier: Apache-2.0
// Where a gRPC server listens. The library takes whatever of a name's addresses it can get and does not say why it got
// none; here a name becomes one address, as in Go, and a failure becomes a reason.
#ifndef SLUICE_PLUGINS_NET_GRPC_LISTEN_H
#define SLUICE_PLUGINS_NET_GRPC_LISTEN_H

#include <string>

#include "plugins/net/settings/grpc.h"

namespace sluice::net {

// "127.0.0.1:4317" for "localhost:4317", "unix:/run/otlp.sock" for a path; `error` says why there is none.
std::string listen_address(const GrpcServerSettings& settings, std::string& error);

// After the library failed to listen on what listen_address() gave.
std::string why_not_listening(const GrpcServerSettings& settings, const std::string& address);

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_GRPC_LISTEN_H
