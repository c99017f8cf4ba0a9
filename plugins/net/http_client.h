// SPDX-License-Identifier: Apache-2.0
// An HTTP client for exporters: POSTs from any thread, answers by callback. One thread drives all requests over kept
// connections (libcurl's multi interface): HTTP/1.1, or HTTP/2 where a server with TLS offers it. It follows no
// redirects, decodes no bodies, speaks nothing but http and https, and reads no more of an answer than it is told.
#ifndef SLUICE_PLUGINS_NET_HTTP_CLIENT_H
#define SLUICE_PLUGINS_NET_HTTP_CLIENT_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/net/byte_buffer.h"
#include "plugins/net/settings/http.h"

namespace sluice::net {

struct HttpPost {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // those of the settings win
  ByteBuffer body;
  std::chrono::nanoseconds timeout{0};  // for all of it; 0: none
};

struct HttpAnswer {
  int status = 0;     // 0: there was none, `error` says why
  std::string error;  // "connect to 127.0.0.1 port 1: Connection refused"
  bool timed_out = false;
  bool maybe_sent = false;  // status 0: the server may have got the request
  std::string content_type;
  std::string body;  // its first bytes, up to HttpClientOptions::keep_bytes
  std::optional<std::chrono::nanoseconds> retry_after;
};

struct HttpClientOptions {
  std::string thread_name = "http-client";
  std::string user_agent;
  size_t keep_bytes = 64 * 1024;            // of an answer's body
  size_t max_body_bytes = 4 * 1024 * 1024;  // of an answer, then the connection is closed
  std::function<void(const std::string&)> log;
};

class HttpClient {
 public:
  using Done = std::function<void(HttpAnswer)>;  // on the client's thread; may send() again

  HttpClient(HttpClientSettings settings, HttpClientOptions options);
  ~HttpClient();  // stop()
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Reads certificates. Empty, or what is wrong. No threads, no sockets.
  std::string init();
  void start();
  // Any thread. `done` is called once for each, in stop() at the latest.
  void send(HttpPost post, Done done);
  // Breaks off what is open, joins the thread. May be called twice, and without start().
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Retry-After: seconds, or a date of HTTP. Nothing for anything else; never negative, a day at most.
std::optional<std::chrono::nanoseconds> parse_retry_after(std::string_view text, int64_t now_unix_seconds);

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_CLIENT_H
