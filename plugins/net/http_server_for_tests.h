// SPDX-License-Identifier: Apache-2.0
// A handler that says what it got, and a server on a free port around a handler.
#ifndef SLUICE_PLUGINS_NET_HTTP_SERVER_FOR_TESTS_H
#define SLUICE_PLUGINS_NET_HTTP_SERVER_FOR_TESTS_H

#include <atomic>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "plugins/net/http_server.h"

namespace sluice::net {

inline std::string post(const std::string& target, const std::string& body, const std::string& lines = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: h\r\n" + lines + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

// "POST /path query body"; with `keep`, nothing until release_one().
class EchoHandler : public HttpHandler {
 public:
  std::atomic<bool> keep{false};
  std::atomic<uint64_t> budget{UINT64_MAX}, reserved{0}, most_reserved{0};

  std::optional<HttpResponse> admit(const HttpRequest& request) override {
    if (request.path == "/refuse") return HttpResponse{.status = 404, .body = "no such page\n"};
    if (request.path == "/throw-early") throw std::runtime_error("early");
    return std::nullopt;
  }
  bool reserve(uint64_t bytes) override {
    if (reserved + bytes > budget) return false;
    reserved += bytes;
    most_reserved = std::max(most_reserved.load(), reserved.load());
    return true;
  }
  void release(uint64_t bytes) override { reserved -= bytes; }
  void handle(const HttpRequest& request, HttpBody body, HttpReply reply) override {
    if (request.path == "/throw") throw std::runtime_error("late");
    if (request.path == "/drop") return;
    std::string text = std::string(request.method) + ' ' + std::string(request.path) + ' ' +
                       std::string(request.query) + ' ' + std::string(body.view());
    if (!keep) return reply.send({.body = std::move(text)});
    std::lock_guard lock(mutex_);
    kept_.push_back(std::move(reply));
  }
  size_t kept() {
    std::lock_guard lock(mutex_);
    return kept_.size();
  }
  void release_one(HttpResponse response) {
    std::unique_lock lock(mutex_);
    HttpReply reply = std::move(kept_.front());
    kept_.pop_front();
    lock.unlock();
    reply.send(std::move(response));
  }

 private:
  std::mutex mutex_;
  std::deque<HttpReply> kept_;
};

class TestServer {
 public:
  static HttpServerSettings loopback() {
    HttpServerSettings settings;
    settings.endpoint = "127.0.0.1:0";
    return settings;
  }
  explicit TestServer(HttpHandler& handler, HttpServerSettings settings = loopback(), HttpServerOptions options = {})
      : server_(std::move(settings), handler, std::move(options)) {
    if (std::string error = server_.start(); !error.empty()) throw std::runtime_error(error);
  }
  HttpServer* operator->() { return &server_; }
  uint16_t port() const { return server_.port(); }

 private:
  HttpServer server_;
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_SERVER_FOR_TESTS_H
