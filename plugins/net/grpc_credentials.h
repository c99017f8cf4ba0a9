// SPDX-License-Identifier: Apache-2.0
// gRPC's credentials from the settings of TLS. Files are read and checked here, so that a wrong one is an error at the
// start that names it and not a handshake that fails later without a reason.
#ifndef SLUICE_PLUGINS_NET_GRPC_CREDENTIALS_H
#define SLUICE_PLUGINS_NET_GRPC_CREDENTIALS_H

#include <grpc/grpc_security.h>

#include <memory>
#include <optional>
#include <string>

#include "plugins/net/settings/tls.h"

namespace sluice::net {

struct ReleaseCredentials {
  void operator()(grpc_server_credentials* c) const { grpc_server_credentials_release(c); }
  void operator()(grpc_channel_credentials* c) const { grpc_channel_credentials_release(c); }
};
using ServerCredentials = std::unique_ptr<grpc_server_credentials, ReleaseCredentials>;
using ChannelCredentials = std::unique_ptr<grpc_channel_credentials, ReleaseCredentials>;

// Null: `error` says why. No settings: plain text.
ServerCredentials make_server_credentials(const std::optional<TlsServer>& tls, std::string& error);

// `always_tls`: the endpoint says https, whatever `insecure` says.
ChannelCredentials make_channel_credentials(const TlsClient& tls, bool always_tls, std::string& error);

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_GRPC_CREDENTIALS_H
