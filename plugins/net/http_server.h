// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server for components: a few threads, each with its own epoll loop, over sockets and OpenSSL. HTTP/2 is
// not offered. It protects itself: every phase of a connection has a limit in bytes and in time, any doubt about where
// a message ends is answered with 400 and the end of the connection.
//
//   class Pages : public HttpHandler {
//     void handle(const HttpRequest& request, HttpBody body, HttpReply reply) override {
//       reply.send({.body = "hello\n"});
//     }
//   } pages;
//   HttpServer server(settings, pages);
//   if (std::string error = server.start(); !error.empty()) ...
//
// A request passes in two steps, so that who is over a budget refuses before reading: admit() sees method, path and
// headers; reserve() is asked for memory before the body is read (again before it is decompressed); handle() gets the
// whole, decompressed body. The answer may come at once or later, from any thread.
#ifndef SLUICE_PLUGINS_NET_HTTP_SERVER_H
#define SLUICE_PLUGINS_NET_HTTP_SERVER_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/net/http_message.h"
#include "plugins/net/settings/http.h"

namespace sluice::net {

class HttpConnection;
class HttpLoop;

// The right to answer one request: once, from any thread, at any time, also after the client has gone or the server has
// stopped (then nothing happens). Dropped without an answer it says 500, so no client waits for ever.
class HttpReply {
 public:
  HttpReply() = default;
  HttpReply(std::shared_ptr<HttpLoop> loop, uint64_t connection, uint64_t request)
      : loop_(std::move(loop)), connection_(connection), request_(request) {}
  HttpReply(HttpReply&&) noexcept = default;
  HttpReply& operator=(HttpReply&& other) noexcept;
  ~HttpReply();

  void send(HttpResponse response);

 private:
  std::shared_ptr<HttpLoop> loop_;  // null: answered
  uint64_t connection_ = 0;
  uint64_t request_ = 0;
};

// Called on the server's threads, several at once. A handler that throws has answered 500.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // The whole head is known, the body is not read. An answer refuses the request.
  virtual std::optional<HttpResponse> admit(const HttpRequest&) { return std::nullopt; }

  // May so much memory be taken for this request's body? No: 503. What was granted comes back through release(): when
  // handle() is called (the body is the handler's from then on), or when the request ends without that.
  virtual bool reserve(uint64_t /*bytes*/) { return true; }
  virtual void release(uint64_t /*bytes*/) {}

  virtual void handle(const HttpRequest& request, HttpBody body, HttpReply reply) = 0;

  // The answer where the server itself refuses a request whose head it could read: 400 (body, framing, encoding), 413,
  // 503 (reserve).
  virtual HttpResponse refusal(const HttpRequest& request, int status, std::string_view text);

  // Each answer that goes out, whoever gave it, but for those to what was no request. Must not throw.
  virtual void answered(const HttpExchange&) {}
};

// What is no matter of configuration files.
struct HttpServerOptions {
  std::string thread_name = "http";
  std::function<void(const std::string&)> log;  // warnings of the server's threads: certificates that do not reload
  uint32_t threads = 1;
  uint32_t max_connections = 10'000;      // over it, the connection idle for longest makes room
  uint32_t max_header_bytes = 16 * 1024;  // request line and headers; over it 431
  uint32_t max_headers = 100;             // over it 431
  uint32_t min_bytes_per_second = 1024;   // of a body, once rate_grace is over: slower is an attack
  Duration rate_grace = std::chrono::seconds(30);
  Duration default_header_timeout = std::chrono::minutes(1);  // where the setting is 0
  Duration stall_timeout = std::chrono::seconds(30);          // a client that takes nothing of a response
};

class HttpServer {
 public:
  // `handler` must outlive the server.
  HttpServer(HttpServerSettings settings, HttpHandler& handler, HttpServerOptions options = {});
  ~HttpServer();  // stop() without patience
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens and starts the threads. Empty, or what is wrong: "listen on localhost:4318: address already in use".
  std::string start();
  uint16_t port() const;  // that it really listens on: the setting may say 0

  // Accepts no more connections, closes idle ones, and each other one after the answer it waits for. Returns at once.
  void drain();
  // drain(), waits until every request is answered or `deadline` has passed, closes what is left, joins the threads.
  // Answers given afterwards go nowhere. May be called twice, and without start().
  void stop(std::chrono::steady_clock::time_point deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_SERVER_H
