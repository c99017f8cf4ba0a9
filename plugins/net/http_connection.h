// SPDX-License-Identifier: Apache-2.0
// One connection of the HTTP server, and the loop that drives it. Inside of plugins/net only.
//
//            ┌────────── next request ─────────────┐
//            v                                     │
//  shake -> head -> body -> waiting -> writing ────┤
//            │       │        (the handler's turn) └-> lingering -> closed
//            └───────┴── refused ─────> writing
//
// Everything but answers happens on the loop's thread. Sockets are edge-triggered: `readable_` and `writable_` remember
// what the kernel said until a call would block.
#ifndef SLUICE_PLUGINS_NET_HTTP_CONNECTION_H
#define SLUICE_PLUGINS_NET_HTTP_CONNECTION_H

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plugins/net/http_cors.h"
#include "plugins/net/http_head.h"
#include "plugins/net/http_server.h"
#include "plugins/net/tls.h"

namespace sluice::net {

using Clock = std::chrono::steady_clock;
inline constexpr Clock::time_point kNever = Clock::time_point::max();

// What all loops of a server have in common.
struct HttpShared {
  HttpShared(HttpServerSettings s, HttpHandler& h, HttpServerOptions o)
      : settings(std::move(s)), options(std::move(o)), handler(h), cors(settings.cors) {}
  const HttpServerSettings settings;
  const HttpServerOptions options;
  HttpHandler& handler;
  const HttpCors cors;
  std::unique_ptr<TlsServerContext> tls;
  int listener = -1;
  std::atomic<uint32_t> connections{0};
};

class HttpConnection {
 public:
  HttpConnection(HttpLoop& loop, uint64_t id, int socket, std::string peer, tls::Owned<SSL> tls);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void on_event(uint32_t epoll_events);
  void run();  // goes on as far as it can
  void answer(uint64_t request, HttpResponse response);
  void expire();  // the deadline has passed
  void drain();   // close now if idle, else after this request

  bool closed() const { return closed_; }
  bool idle() const { return state_ == State::head && in_.size == 0; }
  Clock::time_point deadline() const { return deadline_; }
  Clock::time_point idle_since() const { return phase_start_; }

 private:
  enum class State : uint8_t { shake, head, body, waiting, writing, lingering };
  enum class Io : uint8_t { ok, blocked, ended, failed };

  // Each: true if there may be more to do at once.
  bool shake();
  bool read_head();
  bool read_body();
  bool write_out();
  bool linger();

  void begin_request(HttpHead head);
  void begin_body();
  void take_fixed(std::string_view arrived);
  bool take_chunks(std::string_view arrived);
  void finish_body();
  bool grant(uint64_t bytes_in_all);
  bool grant_more(uint64_t bytes);
  void give_back();
  void refuse(int status, std::string_view text);
  void fail(int status, std::string_view text);  // there is no request that could be answered properly
  void respond(HttpResponse response, bool cors = true);
  void end_request();
  void enter(State state);
  void set_deadline(Clock::time_point at);
  Duration header_timeout() const;
  void close() { closed_ = true; }

  Io read_some(char* to, size_t room, size_t& got);
  Io write_some(std::string_view bytes, size_t& written);
  Io outcome(int result);

  HttpLoop& loop_;
  HttpShared& shared_;
  const uint64_t id_;
  const int socket_;
  const std::string peer_;
  const tls::Owned<SSL> tls_;

  State state_ = State::head;
  bool readable_ = false, writable_ = true, closed_ = false;
  Clock::time_point deadline_ = kNever;
  Clock::time_point phase_start_;

  ByteBuffer in_;    // the head of the request in hand, and what came behind it
  size_t used_ = 0;  // of in_: done with
  size_t scanned_ = 0;
  std::string early_;  // of the next request, read with the end of a chunked body

  uint64_t request_number_ = 0;
  HttpRequest request_;
  Codec codec_ = Codec::none;
  bool keep_alive_ = false, body_done_ = true;
  uint64_t body_left_ = 0;  // with Content-Length
  bool chunked_ = false;
  ChunkedDecoder chunks_;
  ByteBuffer body_;
  uint64_t granted_ = 0;
  uint64_t body_bytes_ = 0;  // that came, before they were decompressed
  Clock::time_point request_start_;

  std::string out_head_, out_body_;
  size_t out_done_ = 0;
  size_t lingered_ = 0;
};

// One thread, one epoll, its connections. Shared with the replies that are still out, so that a late one finds a loop
// that takes nothing any more, instead of nothing.
class HttpLoop : public std::enable_shared_from_this<HttpLoop> {
 public:
  explicit HttpLoop(HttpShared& shared) : shared_(&shared) {}
  ~HttpLoop();

  std::string open();  // empty, or the error
  void run();          // the thread: returns after drain() without connections, or after kill()
  void drain();        // any thread, as kill() and post()
  bool drain_asked() const { return drain_asked_.load(); }  // at once, also before the thread has seen it
  void kill();
  void post(uint64_t connection, uint64_t request, HttpResponse response);

  // For connections.
  HttpShared& shared() { return *shared_; }
  ByteBuffer& scratch() { return scratch_; }
  void again(uint64_t connection) { again_.push_back(connection); }
  void watch(Clock::time_point deadline) { next_look_ = std::min(next_look_, deadline); }
  std::string_view date();

 private:
  struct Answer {
    uint64_t connection, request;
    HttpResponse response;
  };
  void accept_all();
  void make_room();
  void take_answers();
  void look_at_deadlines();
  template <class F>
  void with(uint64_t connection, F&& act);
  using Connections = std::unordered_map<uint64_t, std::unique_ptr<HttpConnection>>;
  Connections::iterator drop(Connections::iterator at);
  void start_draining();
  void wake();

  HttpShared* shared_;  // not used after run()
  int epoll_ = -1, wakeup_ = -1;
  bool listening_ = false, draining_ = false;
  Clock::time_point resume_accepting_ = kNever;
  Clock::time_point next_look_ = kNever;
  uint64_t next_id_ = 2;  // 0: the listener, 1: the wake-up
  Connections connections_;
  std::vector<uint64_t> again_;
  ByteBuffer scratch_;
  std::string date_;
  std::time_t date_second_ = 0;

  std::mutex mutex_;  // what other threads touch
  std::vector<Answer> answers_;
  bool kill_asked_ = false, over_ = false, woken_ = false;
  std::atomic<bool> drain_asked_{false};
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_CONNECTION_H
