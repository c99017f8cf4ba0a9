// SPDX-License-Identifier: Apache-2.0
// Settings of gRPC servers and clients, the same for every component that speaks gRPC. A component derives from them,
// sets other defaults in its constructor and adds keys of its own.
#ifndef SLUICE_PLUGINS_NET_SETTINGS_GRPC_H
#define SLUICE_PLUGINS_NET_SETTINGS_GRPC_H

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/net/settings/auth.h"
#include "plugins/net/settings/headers.h"
#include "plugins/net/settings/keepalive.h"
#include "plugins/net/settings/tls.h"
#include "plugins/sdk/settings.h"

namespace sluice::net {

// What the gRPC library cannot do with TLS, said where the key stands.
inline void check_grpc_tls(Settings& s, const TlsCommon& tls) {
  s.check(tls.min_version != TlsVersion::v1_0 && tls.min_version != TlsVersion::v1_1, "tls",
          "min_version: gRPC speaks TLS 1.2 and 1.3 only");
  s.check(tls.min_version != TlsVersion::v1_3, "tls",
          "min_version \"1.3\" is not supported yet for gRPC, which always takes TLS 1.2 too");
  s.check(tls.max_version == TlsVersion::any || tls.max_version == TlsVersion::v1_3, "tls",
          "max_version below \"1.3\" is not supported yet for gRPC");
  s.check(tls.cipher_suites.empty(), "tls", "cipher_suites is not supported yet for gRPC");
  s.check(!tls.include_insecure_cipher_suites, "tls", "include_insecure_cipher_suites is not supported yet for gRPC");
  s.check(tls.curve_preferences.empty(), "tls", "curve_preferences is not supported yet for gRPC");
  s.check(tls.reload_interval.count() == 0 || (tls.cert_pem.empty() && tls.key_pem.empty()), "tls",
          "reload_interval has nothing to reload: the certificate and its key are given as text");
}

enum class GrpcTransport : uint8_t { tcp, unix_socket };

struct GrpcServerSettings {
  std::string endpoint;
  GrpcTransport transport = GrpcTransport::tcp;
  std::optional<TlsServer> tls;
  uint32_t max_recv_msg_size_mib = 0;
  uint32_t max_concurrent_streams = 0;
  Bytes read_buffer_size, write_buffer_size;
  Section<KeepaliveServer> keepalive{kOn, {}};
  bool include_metadata = false;

  uint64_t max_recv_msg_bytes() const { return uint64_t{max_recv_msg_size_mib == 0 ? 4 : max_recv_msg_size_mib} << 20; }

  void settings(Settings& s) {
    s("endpoint", endpoint, "Address to listen on, or the path of a unix socket.").format("host:port").listens();
    s("transport", transport, "Kind of socket.", {{"tcp", GrpcTransport::tcp}, {"unix", GrpcTransport::unix_socket}});
    s.unsupported("dialer", "a server connects to nobody: it has nothing to dial");
    s("tls", tls, "Encrypt; absent: plain text.");
    s("max_recv_msg_size_mib", max_recv_msg_size_mib, "Largest message, as sent and again as decompressed; 0: 4 MiB.")
        .max(2047)
        .unit("MiB");
    s("max_concurrent_streams", max_concurrent_streams, "Calls at once on a connection; 0: no limit.").unit("calls");
    s("read_buffer_size", read_buffer_size, "Buffer for reading from a connection; 0: the library's choice.");
    s("write_buffer_size", write_buffer_size, "Buffer for writing to a connection; 0: the library's choice.");
    s("keepalive", keepalive, "How dead connections are noticed and how long ones end.");
    refuse_auth(s);
    s("include_metadata", include_metadata, "Keep the request's metadata beside the data, for later components.");
    refuse_middlewares(s);
    if (tls) check_grpc_tls(s, *tls);
    s.check(!tls || !tls->client_ca_file_reload || (tls->cert_pem.empty() && tls->key_pem.empty()), "tls",
            "client_ca_file_reload with a certificate or key given as text is not supported yet for gRPC");
  }
};

enum class GrpcCompression : uint8_t { none, gzip, snappy, zstd };
enum class GrpcBalancer : uint8_t { round_robin, pick_first };

// What an `endpoint` of a client means.
struct GrpcTarget {
  std::string uri;          // for the library: "dns:///collector:4317", "unix:///run/otlp.sock"
  bool always_tls = false;  // https:// encrypts whatever `tls` says
  std::string problem;      // not empty: what is wrong
};

inline GrpcTarget parse_grpc_target(std::string_view endpoint) {
  GrpcTarget target;
  std::string_view rest = endpoint;
  auto take = [&rest](std::string_view prefix) {
    const bool has = rest.starts_with(prefix);
    if (has) rest.remove_prefix(prefix.size());
    return has;
  };
  if (take("unix:")) {
    target.uri = endpoint;
    return target;
  }
  if (take("https://")) {
    target.always_tls = true;
  } else if (!take("http://") && !take("passthrough:///") && !take("dns:///")) {
    if (rest.find("://") != std::string_view::npos) {  // any resolver that the library knows
      target.uri = endpoint;
      return target;
    }
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t colon = rest.rfind(':');
  const size_t bracket = rest.rfind(']');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
  const std::string_view port = has_port ? rest.substr(colon + 1) : std::string_view();
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size()) {
    target.problem = "invalid port \"" + std::string(port) + "\": an endpoint is host:port";
  }
  target.uri = "dns:///" + std::string(rest);
  return target;
}

struct GrpcClientSettings {
  std::string endpoint;
  GrpcCompression compression = GrpcCompression::none;
  TlsClient tls;
  Section<KeepaliveClient> keepalive{kOff, {}};
  Bytes read_buffer_size, write_buffer_size;
  bool wait_for_ready = false;
  Headers headers;
  std::string user_agent;
  GrpcBalancer balancer_name = GrpcBalancer::round_robin;
  std::string authority;

  void settings(Settings& s) {
    s("endpoint", endpoint, "Where to send to: host:port, or a URI that gRPC resolves (dns, ipv4, ipv6, unix).")
        .example("tempo:4317");
    s("compression", compression, "How requests are compressed.",
      {{"gzip", GrpcCompression::gzip},
       {"snappy", GrpcCompression::snappy},
       {"zstd", GrpcCompression::zstd},
       {"none", GrpcCompression::none},
       {"", GrpcCompression::none}});
    s("tls", tls, "Certificates, and whom to trust.");
    s("keepalive", keepalive, "How dead connections are noticed.");
    s("read_buffer_size", read_buffer_size, "Buffer for reading from a connection; 0: the library's choice.");
    s("write_buffer_size", write_buffer_size, "Buffer for writing to a connection; 0: the library's choice.");
    s("wait_for_ready", wait_for_ready, "Let calls wait for a connection instead of failing while there is none.");
    s("headers", headers, "Metadata to send with every call.");
    s("user_agent", user_agent, "How to introduce itself; empty: the collector's name and version.");
    s("balancer_name", balancer_name, "How calls are spread over the addresses of the endpoint.",
      {{"round_robin", GrpcBalancer::round_robin}, {"pick_first", GrpcBalancer::pick_first}});
    s("authority", authority, "What to send as :authority; empty: the endpoint's host and port.");
    refuse_auth(s);
    refuse_middlewares(s);
    s.check(compression != GrpcCompression::snappy && compression != GrpcCompression::zstd, "compression",
            "this compression is not supported yet for gRPC; gzip and none are");
    check_headers(s, "headers", headers, {"te", "content-type", "user-agent", "host"});
    for (const auto& [name, value] : headers) {
      s.check(!name.starts_with("grpc-") && !name.starts_with("Grpc-"), "headers",
              "header \"" + name + "\" is set by the transport and cannot be changed");
    }
    check_grpc_tls(s, tls);
    const std::string problem = endpoint.empty() ? std::string() : parse_grpc_target(endpoint).problem;
    s.check(problem.empty(), "endpoint", problem);
  }
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_SETTINGS_GRPC_H
