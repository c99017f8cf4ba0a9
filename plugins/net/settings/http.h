// SPDX-License-Identifier: Apache-2.0
// Settings of HTTP servers and clients, the same for every component that speaks HTTP. A component derives from them,
// sets other defaults in its constructor and adds keys of its own.
#ifndef SLUICE_PLUGINS_NET_SETTINGS_HTTP_H
#define SLUICE_PLUGINS_NET_SETTINGS_HTTP_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/net/settings/auth.h"
#include "plugins/net/settings/compression.h"
#include "plugins/net/settings/headers.h"
#include "plugins/net/settings/tls.h"
#include "plugins/sdk/settings.h"

namespace sluice::net {

enum class Transport : uint8_t { tcp, tcp4, tcp6, unix_socket };

struct Cors {
  std::vector<std::string> allowed_origins, allowed_headers, exposed_headers;
  uint32_t max_age = 0;

  void settings(Settings& s) {
    s("allowed_origins", allowed_origins, "Origins whose pages may send; * stands for any text.")
        .example("https://*.example.com");
    s("allowed_headers", allowed_headers,
      "Request headers that they may use beside Accept, Accept-Language, Content-Type, Content-Language; *: any.");
    s("exposed_headers", exposed_headers, "Response headers that they may read.");
    s("max_age", max_age, "So long may a browser remember the permission; 0: its own choice.").unit("seconds");
  }
};

struct HttpServerSettings {
  std::string endpoint;
  Transport transport = Transport::tcp;
  std::optional<TlsServer> tls;
  std::optional<Cors> cors;
  Bytes max_request_body_size{20 << 20};
  bool include_metadata = false;
  Headers response_headers;
  std::vector<std::string> compression_algorithms{"",       "gzip",    "zstd", "zlib",
                                                  "snappy", "deflate", "lz4",  "x-snappy-framed"};
  Duration read_timeout{0};
  Duration read_header_timeout = std::chrono::minutes(1);
  Duration write_timeout = std::chrono::seconds(30);
  Duration idle_timeout = std::chrono::minutes(1);
  bool keep_alives_enabled = true;

  void settings(Settings& s) {
    s("endpoint", endpoint, "Address to listen on, or the path of a unix socket.").format("host:port").listens();
    s("transport", transport, "Kind of socket.",
      {{"tcp", Transport::tcp},
       {"tcp4", Transport::tcp4},
       {"tcp6", Transport::tcp6},
       {"unix", Transport::unix_socket}});
    s.unsupported("dialer", "a server connects to nobody: it has nothing to dial");
    s("tls", tls, "Encrypt; absent: plain text.");
    s("cors", cors, "Let pages of other origins send.");
    refuse_auth(s);
    s("max_request_body_size", max_request_body_size,
      "Largest body of a request, as sent and again as decompressed; 0: 20 MiB.");
    s("include_metadata", include_metadata, "Keep the request's headers beside the data, for later components.");
    s("response_headers", response_headers, "Headers to put into every response.");
    s("compression_algorithms", compression_algorithms, "Content-Encodings to take; \"\" is none.").unique();
    s("read_timeout", read_timeout, "Longest time to read a request; 0: as long as it keeps coming.").min({});
    s("read_header_timeout", read_header_timeout, "Longest time to read a request's headers; 0: 1m.").min({});
    s("write_timeout", write_timeout, "Longest time to write a response; 0: as long as it is being read.").min({});
    s("idle_timeout", idle_timeout, "Close a connection without requests after this long; 0: never.").min({});
    s("keep_alives_enabled", keep_alives_enabled, "Take more than one request on a connection.");
    refuse_middlewares(s);
    check_headers(s, "response_headers", response_headers,
                  {"connection", "content-length", "transfer-encoding", "date", "content-type"});
    for (const std::string& name : compression_algorithms) {
      s.check(name.empty() || codec_of(name).has_value(), "compression_algorithms",
              "unsupported compression type \"" + name + "\"; known are " + kCodecNames);
    }
  }
};

struct HttpClientSettings : ClientCompression {
  std::string endpoint;
  std::string proxy_url;
  TlsClient tls;
  Bytes read_buffer_size, write_buffer_size;
  Headers headers;
  uint32_t max_idle_conns = 100;
  uint32_t max_idle_conns_per_host = 0;
  uint32_t max_conns_per_host = 0;
  Duration idle_conn_timeout = std::chrono::seconds(90);
  bool disable_keep_alives = false;
  bool force_attempt_http2 = true;

  void settings(Settings& s) {
    s("endpoint", endpoint, "Where to send to.").format("url").example("https://tempo.example.com:4318");
    s("proxy_url", proxy_url, "Proxy to go through; empty: as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say.").format("url");
    s("tls", tls, "Certificates, and whom to trust.");
    s("read_buffer_size", read_buffer_size, "Buffer for reading from a connection; 0: the library's choice.");
    s("write_buffer_size", write_buffer_size, "Buffer for writing to a connection; 0: the library's choice.");
    s("headers", headers, "Headers to put into every request; Host is the host to ask for.");
    refuse_auth(s);
    ClientCompression::settings(s);
    s("max_idle_conns", max_idle_conns, "Keep so many idle connections at most; 0: no limit.").unit("connections");
    s("max_idle_conns_per_host", max_idle_conns_per_host, "The same for each host; 0: as many as were needed.")
        .unit("connections");
    s("max_conns_per_host", max_conns_per_host, "Open so many connections to a host at most; 0: no limit.")
        .unit("connections");
    s("idle_conn_timeout", idle_conn_timeout, "Close an idle connection after this long; 0: never.").min({});
    s("disable_keep_alives", disable_keep_alives, "A new connection for each request.");
    s.unsupported("http2_read_idle_timeout", "pings of HTTP/2 connections are not supported yet");
    s.unsupported("http2_ping_timeout", "pings of HTTP/2 connections are not supported yet");
    s("force_attempt_http2", force_attempt_http2, "Offer HTTP/2 on connections with TLS.");
    s.unsupported("cookies", "cookies are not supported yet");
    refuse_middlewares(s);
    check_headers(s, "headers", headers, {"connection", "content-length", "transfer-encoding"});
  }
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_SETTINGS_HTTP_H
