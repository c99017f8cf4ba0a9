// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/http_connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include "plugins/net/compression.h"

namespace sluice::net {
namespace {

constexpr size_t kReadAtOnce = 16 * 1024;
constexpr size_t kTurn = 1 << 20;            // so much of one connection, then the others have theirs
constexpr uint64_t kGrantStep = 256 * 1024;  // memory is asked for as bytes arrive: a promise of 20 MiB pins nothing
constexpr size_t kLingerBytes = 1 << 20;
constexpr auto kLingerTime = std::chrono::seconds(2);
constexpr uint64_t kDefaultMaxBody = 20 << 20;

const char* reason_of(int status) {
  constexpr std::pair<int, const char*> kReasons[] = {{200, "OK"},
                                                      {204, "No Content"},
                                                      {400, "Bad Request"},
                                                      {401, "Unauthorized"},
                                                      {403, "Forbidden"},
                                                      {404, "Not Found"},
                                                      {405, "Method Not Allowed"},
                                                      {408, "Request Timeout"},
                                                      {413, "Content Too Large"},
                                                      {415, "Unsupported Media Type"},
                                                      {417, "Expectation Failed"},
                                                      {429, "Too Many Requests"},
                                                      {431, "Request Header Fields Too Large"},
                                                      {500, "Internal Server Error"},
                                                      {501, "Not Implemented"},
                                                      {503, "Service Unavailable"},
                                                      {504, "Gateway Timeout"},
                                                      {505, "HTTP Version Not Supported"}};
  for (auto [known, text] : kReasons) {
    if (known == status) return text;
  }
  return "Unknown";
}

uint64_t max_body(const HttpServerSettings& settings) {
  return settings.max_request_body_size.count ? settings.max_request_body_size.count : kDefaultMaxBody;
}

}  // namespace

HttpConnection::HttpConnection(HttpLoop& loop, uint64_t id, int socket, std::string peer, tls::Owned<SSL> tls)
    : loop_(loop), shared_(loop.shared()), id_(id), socket_(socket), peer_(std::move(peer)), tls_(std::move(tls)) {
  if (tls_) SSL_set_fd(tls_.get(), socket_);
  enter(tls_ ? State::shake : State::head);
  // A connection that never asks anything does not live for ever, whatever idle_timeout says.
  set_deadline(phase_start_ + header_timeout());
}

HttpConnection::~HttpConnection() {
  give_back();
  ::close(socket_);
}

void HttpConnection::on_event(uint32_t events) {
  if (events & (EPOLLIN | EPOLLRDHUP)) readable_ = true;
  if (events & EPOLLOUT) writable_ = true;
  if (tls_) readable_ = writable_ = true;  // TLS may read to write and write to read
  if (events & (EPOLLERR | EPOLLHUP)) return close();
  run();
}

void HttpConnection::run() {
  for (bool more = true; more && !closed_;) {
    switch (state_) {
      case State::shake:
        more = shake();
        break;
      case State::head:
        more = read_head();
        break;
      case State::body:
        more = read_body();
        break;
      case State::waiting:
        more = false;
        break;
      case State::writing:
        more = write_out();
        break;
      case State::lingering:
        more = linger();
        break;
    }
  }
}

void HttpConnection::enter(State state) {
  state_ = state;
  phase_start_ = Clock::now();
}

void HttpConnection::set_deadline(Clock::time_point at) {
  deadline_ = at;
  loop_.watch(at);
}

void HttpConnection::expire() {
  deadline_ = kNever;
  const auto now = Clock::now();
  switch (state_) {
    case State::head:
      if (in_.size == 0) return close();
      return fail(408, "the request's headers took too long"), run();
    case State::body: {
      const Duration longest = shared_.settings.read_timeout, grace = shared_.options.rate_grace;
      const Duration took = now - phase_start_;
      const bool late = longest.count() && now - request_start_ >= longest;
      const double due = std::chrono::duration<double>(took).count() * shared_.options.min_bytes_per_second;
      if (late || (took >= grace && static_cast<double>(body_.size) < due)) {
        return fail(408, "the request's body took too long"), run();
      }
      auto next = now + grace / 4;
      if (longest.count()) next = std::min<Clock::time_point>(next, request_start_ + longest);
      return set_deadline(next);
    }
    case State::shake:
    case State::waiting:
    case State::writing:
    case State::lingering:
      return close();
  }
}

Duration HttpConnection::header_timeout() const {
  const Duration set = shared_.settings.read_header_timeout;
  return set.count() ? set : shared_.options.default_header_timeout;
}

void HttpConnection::drain() {
  if (idle() || state_ == State::shake) close();
}

// ---- bytes in and out
// --------------------------------------------------------------------------------------------------

HttpConnection::Io HttpConnection::outcome(int result) {
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      readable_ = false;
      return Io::blocked;
    case SSL_ERROR_WANT_WRITE:
      writable_ = false;
      return Io::blocked;
    case SSL_ERROR_ZERO_RETURN:
      return Io::ended;
    default:
      ERR_clear_error();
      return Io::failed;
  }
}

HttpConnection::Io HttpConnection::read_some(char* to, size_t room, size_t& got) {
  got = 0;
  if (tls_) {
    const int result = SSL_read_ex(tls_.get(), to, room, &got);
    return result == 1 ? Io::ok : outcome(result);
  }
  for (;;) {
    const ssize_t result = ::recv(socket_, to, room, 0);
    if (result > 0) return got = static_cast<size_t>(result), Io::ok;
    if (result == 0) return Io::ended;
    if (errno == EINTR) continue;
    readable_ = false;
    return errno == EAGAIN || errno == EWOULDBLOCK ? Io::blocked : Io::failed;
  }
}

HttpConnection::Io HttpConnection::write_some(std::string_view bytes, size_t& written) {
  written = 0;
  if (tls_) {
    const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &written);
    return result == 1 ? Io::ok : outcome(result);
  }
  for (;;) {
    const ssize_t result = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (result >= 0) return written = static_cast<size_t>(result), Io::ok;
    if (errno == EINTR) continue;
    writable_ = false;
    return errno == EAGAIN || errno == EWOULDBLOCK ? Io::blocked : Io::failed;
  }
}

bool HttpConnection::shake() {
  const int result = SSL_do_handshake(tls_.get());
  if (result == 1) return state_ = State::head, true;  // the deadline goes on
  if (outcome(result) == Io::failed) close();
  return false;
}

// ---- the head
// ----------------------------------------------------------------------------------------------------------

bool HttpConnection::read_head() {
  HttpHead head;
  const HeadLimits limits{shared_.options.max_header_bytes, shared_.options.max_headers};
  if (in_.size > scanned_) {
    char* bytes = reinterpret_cast<char*>(in_.data.get());
    const HeadResult result = parse_head(bytes, in_.size, scanned_, limits, head);
    scanned_ = in_.size;
    if (result.state == HeadResult::bad) return fail(result.status, result.text), true;
    if (result.state == HeadResult::complete) {
      used_ = result.size;
      begin_request(std::move(head));
      return true;
    }
  }
  if (!readable_) {
    if (in_.size == 0) in_ = {};  // an idle connection holds no buffer
    return false;
  }
  in_.grow(std::min(in_.size + kReadAtOnce, static_cast<size_t>(limits.max_bytes) + kReadAtOnce));
  size_t got = 0;
  const bool first = in_.size == 0;
  switch (read_some(reinterpret_cast<char*>(in_.end()), in_.room(), got)) {
    case Io::ok:
      break;
    case Io::blocked:
      return readable_ = false, true;
    case Io::ended:
    case Io::failed:
      return close(), false;
  }
  in_.size += got;
  if (first) {
    request_start_ = Clock::now();
    set_deadline(request_start_ + header_timeout());
  }
  return true;
}

void HttpConnection::begin_request(HttpHead head) {
  ++request_number_;
  request_ = {head.method, head.path, head.query, peer_, std::move(head.fields), tls_ != nullptr};
  keep_alive_ = head.keep_alive && shared_.settings.keep_alives_enabled;
  chunked_ = head.chunked;
  chunks_ = {};
  body_left_ = head.content_length;
  body_bytes_ = 0;
  body_done_ = !chunked_ && body_left_ == 0;
  codec_ = Codec::none;
  if (auto answer = shared_.cors.preflight(request_)) return respond(std::move(*answer), false);
  try {
    if (auto answer = shared_.handler.admit(request_)) return respond(std::move(*answer));
  } catch (...) {
    return respond({.status = 500, .body = "internal error\n"});
  }

  std::string_view encoding = request_.field("content-encoding");
  const auto& taken = shared_.settings.compression_algorithms;
  const std::optional<Codec> codec = encoding.empty() ? Codec::none : codec_of(encoding);
  const std::string_view name = encoding == "identity" ? std::string_view() : encoding;
  if (!codec || std::find(taken.begin(), taken.end(), name) == taken.end()) {
    return refuse(400, "unsupported Content-Encoding: " + std::string(encoding));
  }
  codec_ = *codec;
  if (body_left_ > max_body(shared_.settings)) return refuse(413, "request body too large");
  if (body_done_) return finish_body();
  if (head.expects_continue && in_.size == used_) {
    size_t written = 0;
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    if (write_some(kContinue, written) != Io::ok || written != kContinue.size()) return close();
  }
  begin_body();
}

// ---- the body
// ----------------------------------------------------------------------------------------------------------

void HttpConnection::begin_body() {
  enter(State::body);
  const Duration longest = shared_.settings.read_timeout;
  auto deadline = phase_start_ + shared_.options.rate_grace;
  if (longest.count()) deadline = std::min<Clock::time_point>(deadline, request_start_ + longest);
  set_deadline(deadline);
  const std::string_view arrived = in_.view().substr(used_);
  if (chunked_) {
    used_ = in_.size;
    take_chunks(arrived);
    return;
  }
  if (!grant(std::min(body_left_, kGrantStep))) return refuse(503, "out of memory for requests");
  body_.renew(static_cast<size_t>(body_left_));
  take_fixed(arrived.substr(0, static_cast<size_t>(std::min<uint64_t>(arrived.size(), body_left_))));
}

// Memory in all for this request; false: the handler said no.
bool HttpConnection::grant(uint64_t bytes) {
  return bytes <= granted_ || grant_more(bytes - granted_);
}

bool HttpConnection::grant_more(uint64_t bytes) {
  try {
    if (!shared_.handler.reserve(bytes)) return false;
  } catch (...) {
    return false;
  }
  granted_ += bytes;
  return true;
}

void HttpConnection::give_back() {
  if (granted_) shared_.handler.release(std::exchange(granted_, 0));
}

// Bytes of a body with Content-Length that came together with the head.
void HttpConnection::take_fixed(std::string_view arrived) {
  body_.append(arrived);
  used_ += arrived.size();
  body_left_ -= arrived.size();
  if (body_left_ == 0) finish_body();
}

// False: the request has ended here, well or badly.
bool HttpConnection::take_chunks(std::string_view arrived) {
  std::string_view data;
  for (;;) {
    switch (chunks_.next(arrived, data)) {
      case ChunkedDecoder::Step::starved:
        return true;
      case ChunkedDecoder::Step::bad:
        return fail(400, "malformed chunked body"), false;
      case ChunkedDecoder::Step::done:
        early_.assign(arrived);
        return finish_body(), false;
      case ChunkedDecoder::Step::data:
        break;
    }
    const size_t wanted = body_.size + data.size();
    if (wanted > max_body(shared_.settings)) return refuse(413, "request body too large"), false;
    if (wanted > body_.capacity) {
      const size_t capacity = std::max({wanted, body_.capacity * 2, kReadAtOnce});
      if (!grant(capacity)) return refuse(503, "out of memory for requests"), false;
      body_.grow(capacity);
    }
    body_.append(data);
  }
}

bool HttpConnection::read_body() {
  for (size_t turn = 0; turn < kTurn;) {
    if (!readable_) return false;
    size_t got = 0;
    char* to;
    size_t room;
    if (chunked_) {
      loop_.scratch().renew(kReadAtOnce * 4);
      to = reinterpret_cast<char*>(loop_.scratch().data.get());
      room = loop_.scratch().capacity;
    } else {
      if (body_.size >= granted_ && !grant(std::min<uint64_t>(body_.capacity, granted_ * 2))) {
        return refuse(503, "out of memory for requests"), true;
      }
      to = reinterpret_cast<char*>(body_.end());
      room = static_cast<size_t>(std::min<uint64_t>(body_left_, granted_ - body_.size));
    }
    switch (read_some(to, room, got)) {
      case Io::ok:
        break;
      case Io::blocked:
        return readable_ = false, false;
      case Io::ended:
      case Io::failed:
        return close(), false;
    }
    turn += got;
    if (chunked_) {
      if (!take_chunks({to, got})) return true;
    } else {
      body_.size += got;
      body_left_ -= got;
      if (body_left_ == 0) return finish_body(), true;
    }
  }
  loop_.again(id_);
  return false;
}

void HttpConnection::finish_body() {
  body_done_ = true;
  body_bytes_ = body_.size;
  if (codec_ != Codec::none) {
    ByteBuffer plain;
    const DecodeLimits limits{static_cast<size_t>(max_body(shared_.settings)),
                              [this](uint64_t bytes) { return grant_more(bytes); }};
    switch (const CodecStatus status = decompress(codec_, body_.view(), limits, plain)) {
      case CodecStatus::ok:
        break;
      case CodecStatus::too_large:
        return refuse(413, "request body too large after decompression");
      case CodecStatus::refused:
        return refuse(503, "out of memory for requests");
      default:
        return refuse(400, std::string("compressed request body is ") + describe(status));
    }
    body_ = std::move(plain);
  }
  enter(State::waiting);
  set_deadline(kNever);
  give_back();
  HttpReply reply(loop_.shared_from_this(), id_, request_number_);
  try {
    shared_.handler.handle(request_, std::move(body_), std::move(reply));
  } catch (...) {  // the reply, wherever it was, has said 500 on its way out
  }
  body_ = {};
}

// ---- the answer
// --------------------------------------------------------------------------------------------------------

void HttpConnection::answer(uint64_t request, HttpResponse response) {
  if (closed_ || state_ != State::waiting || request != request_number_) return;
  respond(std::move(response));
  run();
}

void HttpConnection::refuse(int status, std::string_view text) {
  try {
    respond(shared_.handler.refusal(request_, status, text));
  } catch (...) {
    fail(status, text);
  }
}

void HttpConnection::fail(int status, std::string_view text) {
  keep_alive_ = false;
  body_done_ = false;
  request_ = {};
  respond({.status = status, .body = std::string(text) + "\n"});
}

void HttpConnection::respond(HttpResponse response, bool cors) {
  give_back();
  body_ = {};
  if (!body_done_ && !chunked_ && in_.size - used_ >= body_left_) {  // refused, but it has all come already
    used_ += static_cast<size_t>(body_left_);
    body_done_ = true;
  }
  if (!body_done_ || loop_.drain_asked()) keep_alive_ = false;
  if (cors) shared_.cors.decorate(request_, response.headers);
  std::string& head = out_head_;
  head = "HTTP/1.1 " + std::to_string(response.status) + ' ' + reason_of(response.status) + "\r\nDate: ";
  head += loop_.date();
  for (const auto& [name, value] : shared_.settings.response_headers) {
    head.append("\r\n").append(name).append(": ").append(value.reveal());
  }
  for (const auto& [name, value] : response.headers) head.append("\r\n").append(name).append(": ").append(value);
  if (response.status != 204) {
    if (!response.content_type.empty()) head.append("\r\nContent-Type: ").append(response.content_type);
    head.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
  }
  head += keep_alive_ ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  out_body_ = response.status == 204 || request_.method == "HEAD" ? std::string() : std::move(response.body);
  if (!request_.method.empty()) {
    shared_.handler.answered({request_, response.status, Clock::now() - request_start_, body_bytes_, out_body_.size()});
  }
  if (out_body_.size() <= kReadAtOnce) head += std::exchange(out_body_, {});  // in one packet
  out_done_ = 0;
  enter(State::writing);
  const auto limit = shared_.settings.write_timeout;
  set_deadline(phase_start_ + (limit.count() ? limit : shared_.options.stall_timeout));
}

bool HttpConnection::write_out() {
  const size_t all = out_head_.size() + out_body_.size();
  while (out_done_ < all) {
    if (!writable_) return false;
    const bool in_head = out_done_ < out_head_.size();
    const std::string_view part = in_head ? std::string_view(out_head_).substr(out_done_)
                                          : std::string_view(out_body_).substr(out_done_ - out_head_.size());
    size_t written = 0;
    switch (write_some(part, written)) {
      case Io::ok:
        break;
      case Io::blocked:
        return false;
      case Io::ended:
      case Io::failed:
        return close(), false;
    }
    out_done_ += written;
    if (!shared_.settings.write_timeout.count()) set_deadline(Clock::now() + shared_.options.stall_timeout);
  }
  end_request();
  return true;
}

void HttpConnection::end_request() {
  out_head_.clear();
  std::string().swap(out_body_);  // assignment would keep its memory for as long as the connection lives
  request_ = {};
  if (!keep_alive_) {
    // Closing with unread bytes in the socket would send a reset, and that may overtake the answer.
    if (tls_) SSL_shutdown(tls_.get()), ERR_clear_error();
    ::shutdown(socket_, SHUT_WR);
    in_ = {};
    enter(State::lingering);
    return set_deadline(phase_start_ + kLingerTime);
  }
  if (used_ < in_.size || !early_.empty()) {  // pipelined: the next request, or a part of it, is here
    const std::string rest = std::string(in_.view().substr(used_)) + std::exchange(early_, {});
    in_.size = 0;
    in_.append(rest);
  } else {
    in_.size = 0;
  }
  used_ = scanned_ = 0;
  enter(State::head);
  request_start_ = phase_start_;
  const Duration idle = shared_.settings.idle_timeout;
  set_deadline(in_.size ? phase_start_ + header_timeout() : idle.count() ? phase_start_ + idle : kNever);
}

bool HttpConnection::linger() {
  if (!readable_) return false;
  ByteBuffer& scratch = loop_.scratch();
  scratch.renew(kReadAtOnce * 4);
  const ssize_t got = ::recv(socket_, scratch.data.get(), scratch.capacity, 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return readable_ = errno == EINTR;
  if (got <= 0 || (lingered_ += static_cast<size_t>(got)) > kLingerBytes) return close(), false;
  return true;
}

}  // namespace sluice::net
