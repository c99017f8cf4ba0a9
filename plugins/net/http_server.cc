// SPDX-License-Identifier: Apache-2.0
// The loops of the HTTP server, its threads, and the way of an answer back to its connection.
#include "plugins/net/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <thread>

#include "plugins/net/http_connection.h"
#include "plugins/net/http_listen.h"
#include "plugins/net/thread.h"

namespace sluice::net {
namespace {

constexpr uint64_t kListener = 0, kWakeup = 1;
constexpr auto kAcceptPause = std::chrono::milliseconds(100);  // when the process has no file descriptors left
constexpr auto kLookStep = std::chrono::milliseconds(20);      // deadlines are kept to this

}  // namespace

// ---- replies
// -----------------------------------------------------------------------------------------------------------

HttpReply& HttpReply::operator=(HttpReply&& other) noexcept {
  if (this != &other) {
    HttpReply dropped(std::move(*this));
    loop_ = std::move(other.loop_), connection_ = other.connection_, request_ = other.request_;
  }
  return *this;
}

HttpReply::~HttpReply() {
  if (loop_) send({.status = 500, .body = "internal error\n"});
}

void HttpReply::send(HttpResponse response) {
  if (auto loop = std::exchange(loop_, nullptr)) loop->post(connection_, request_, std::move(response));
}

HttpResponse HttpHandler::refusal(const HttpRequest&, int status, std::string_view text) {
  HttpResponse response{.status = status, .body = std::string(text) + "\n"};
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

// ---- the loop
// ----------------------------------------------------------------------------------------------------------

HttpLoop::~HttpLoop() {
  if (wakeup_ >= 0) ::close(wakeup_);
  if (epoll_ >= 0) ::close(epoll_);
}

std::string HttpLoop::open() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wakeup_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event listener{}, wakeup{};
  listener.events = EPOLLIN | EPOLLEXCLUSIVE;
  listener.data.u64 = kListener;
  wakeup.events = EPOLLIN;
  wakeup.data.u64 = kWakeup;
  if (epoll_ < 0 || wakeup_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &wakeup) != 0 ||
      epoll_ctl(epoll_, EPOLL_CTL_ADD, shared_->listener, &listener) != 0) {
    return std::string("epoll: ") + std::strerror(errno);
  }
  listening_ = true;
  return {};
}

void HttpLoop::run() {
  epoll_event events[64];
  while (!draining_ || !connections_.empty()) {
    int timeout = -1;
    if (!again_.empty()) {
      timeout = 0;
    } else if (next_look_ != kNever) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(std::max(next_look_ - Clock::now(), {}) + kLookStep);
      timeout = static_cast<int>(std::min<int64_t>(left.count(), 60'000));
    }
    const int count = epoll_wait(epoll_, events, std::size(events), timeout);
    for (int i = 0; i < count; ++i) {
      const uint64_t id = events[i].data.u64;
      if (id == kListener) {
        accept_all();
      } else if (id == kWakeup) {
        uint64_t ignored;
        while (::read(wakeup_, &ignored, sizeof ignored) > 0) continue;
      } else {
        with(id, [&](HttpConnection& connection) { connection.on_event(events[i].events); });
      }
    }
    for (const uint64_t id : std::exchange(again_, {})) {
      with(id, [](HttpConnection& connection) { connection.run(); });
    }
    take_answers();
    if (Clock::now() >= next_look_) look_at_deadlines();
    std::unique_lock lock(mutex_);
    const bool kill = kill_asked_, drain = drain_asked_ || kill_asked_;
    lock.unlock();
    if (drain && !draining_) start_draining();
    if (kill) break;
  }
  shared_->connections -= static_cast<uint32_t>(connections_.size());
  connections_.clear();
  std::lock_guard lock(mutex_);
  over_ = true;
  answers_.clear();
}

HttpLoop::Connections::iterator HttpLoop::drop(Connections::iterator at) {
  --shared_->connections;
  return connections_.erase(at);
}

// Does something with a connection, if it is still there, and buries it if that was its end.
template <class F>
void HttpLoop::with(uint64_t id, F&& act) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  try {
    act(*it->second);
    if (!it->second->closed()) return;
  } catch (...) {  // out of memory: this connection is given up, the others go on
  }
  drop(it);
}

void HttpLoop::accept_all() {
  while (listening_) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd =
        accept4(shared_->listener, reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      make_room();
      epoll_ctl(epoll_, EPOLL_CTL_DEL, shared_->listener, nullptr);
      listening_ = false;
      resume_accepting_ = Clock::now() + kAcceptPause;
      return watch(resume_accepting_);
    }
    if (++shared_->connections > shared_->options.max_connections) make_room();
    if (shared_->connections > shared_->options.max_connections) {
      ::close(fd);
      --shared_->connections;
      continue;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    tls::Owned<SSL> tls = shared_->tls ? shared_->tls->accept() : nullptr;
    const uint64_t id = next_id_++;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = id;
    if ((shared_->tls && !tls) || epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
      ::close(fd);
      --shared_->connections;
      continue;
    }
    connections_.emplace(id, std::make_unique<HttpConnection>(*this, id, fd, address_text(address), std::move(tls)));
  }
}

// Closes the connection that has been idle for longest.
void HttpLoop::make_room() {
  auto oldest = connections_.end();
  for (auto it = connections_.begin(); it != connections_.end(); ++it) {
    if (!it->second->idle()) continue;
    if (oldest == connections_.end() || it->second->idle_since() < oldest->second->idle_since()) oldest = it;
  }
  if (oldest != connections_.end()) drop(oldest);
}

void HttpLoop::take_answers() {
  std::vector<Answer> answers;
  {
    std::lock_guard lock(mutex_);
    answers.swap(answers_);
    woken_ = false;
  }
  for (Answer& answer : answers) {
    with(answer.connection,
         [&](HttpConnection& connection) { connection.answer(answer.request, std::move(answer.response)); });
  }
  std::lock_guard lock(mutex_);
  if (!answers_.empty()) wake();  // the next requests were answered on the spot
}

void HttpLoop::look_at_deadlines() {
  const auto now = Clock::now();
  next_look_ = kNever;
  if (resume_accepting_ <= now && !draining_) {
    resume_accepting_ = kNever;
    epoll_event listener{};
    listener.events = EPOLLIN | EPOLLEXCLUSIVE;
    listener.data.u64 = kListener;
    listening_ = epoll_ctl(epoll_, EPOLL_CTL_ADD, shared_->listener, &listener) == 0;
  }
  for (auto it = connections_.begin(); it != connections_.end();) {
    HttpConnection& connection = *it->second;
    bool over = false;
    try {
      if (connection.deadline() <= now) connection.expire();
      over = connection.closed();
    } catch (...) {
      over = true;
    }
    if (!over) next_look_ = std::min(next_look_, connection.deadline());
    it = over ? drop(it) : std::next(it);
  }
  next_look_ = std::min(next_look_, resume_accepting_);
}

void HttpLoop::start_draining() {
  draining_ = true;
  if (std::exchange(listening_, false)) epoll_ctl(epoll_, EPOLL_CTL_DEL, shared_->listener, nullptr);
  for (auto it = connections_.begin(); it != connections_.end();) {
    it->second->drain();
    it = it->second->closed() ? drop(it) : std::next(it);
  }
}

// With the mutex held.
void HttpLoop::wake() {
  if (std::exchange(woken_, true)) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wakeup_, &one, sizeof one);
}

void HttpLoop::drain() {
  std::lock_guard lock(mutex_);
  drain_asked_ = true;
  wake();
}

void HttpLoop::kill() {
  std::lock_guard lock(mutex_);
  kill_asked_ = true;
  wake();
}

void HttpLoop::post(uint64_t connection, uint64_t request, HttpResponse response) {
  std::lock_guard lock(mutex_);
  if (over_) return;
  answers_.push_back({connection, request, std::move(response)});
  wake();
}

std::string_view HttpLoop::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    std::tm utc{};
    gmtime_r(&now, &utc);
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[utc.tm_wday], utc.tm_mday,
                  kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
    date_ = text;
  }
  return date_;
}

// ---- the server
// --------------------------------------------------------------------------------------------------------

struct HttpServer::Impl {
  Impl(HttpServerSettings s, HttpHandler& h, HttpServerOptions o) : shared(std::move(s), h, std::move(o)) {}

  HttpShared shared;
  std::vector<std::shared_ptr<HttpLoop>> loops;
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable ended;
  size_t running = 0;
  uint16_t port = 0;
};

HttpServer::HttpServer(HttpServerSettings settings, HttpHandler& handler, HttpServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(settings), handler, std::move(options))) {}

HttpServer::~HttpServer() {
  stop(Clock::now());
}

std::string HttpServer::start() {
  HttpShared& shared = impl_->shared;
  if (shared.settings.tls) {
    shared.tls = std::make_unique<TlsServerContext>(*shared.settings.tls, shared.options.log);
    if (std::string error = shared.tls->load(); !error.empty()) return error;
  }
  std::string error;
  shared.listener = listen_on(shared.settings.endpoint, shared.settings.transport, error);
  if (shared.listener < 0) return error;
  impl_->port = port_of(shared.listener);
  for (uint32_t i = 0; i < std::max(1u, shared.options.threads); ++i) {
    impl_->loops.push_back(std::make_shared<HttpLoop>(shared));
    if (error = impl_->loops.back()->open(); !error.empty()) return stop(Clock::now()), error;
  }
  impl_->running = impl_->loops.size();
  for (const auto& loop : impl_->loops) {
    impl_->threads.emplace_back([impl = impl_.get(), loop] {
      prepare_thread(impl->shared.options.thread_name);
      loop->run();
      std::lock_guard lock(impl->mutex);
      --impl->running;
      impl->ended.notify_all();
    });
  }
  return {};
}

uint16_t HttpServer::port() const {
  return impl_->port;
}

void HttpServer::drain() {
  for (const auto& loop : impl_->loops) loop->drain();
}

void HttpServer::stop(std::chrono::steady_clock::time_point deadline) {
  drain();
  {
    std::unique_lock lock(impl_->mutex);
    impl_->ended.wait_until(lock, deadline, [&] { return impl_->running == 0; });
  }
  for (const auto& loop : impl_->loops) loop->kill();
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
  impl_->loops.clear();
  const int listener = std::exchange(impl_->shared.listener, -1);
  if (listener < 0) return;
  ::close(listener);
  const std::string& path = impl_->shared.settings.endpoint;
  if (impl_->shared.settings.transport == Transport::unix_socket && !path.starts_with('@')) ::unlink(path.c_str());
}

}  // namespace sluice::net
