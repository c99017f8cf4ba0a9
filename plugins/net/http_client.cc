// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/http_client.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <list>
#include <mutex>
#include <thread>

#include "plugins/net/settings/headers.h"
#include "plugins/net/thread.h"
#include "plugins/net/tls.h"

namespace sluice::net {
namespace {

constexpr size_t kMaxAnswerHead = 64 * 1024;
constexpr long kConnectTimeoutMs = 10'000;
constexpr long kDeadAfterSeconds = 20;  // a peer that went away without a word
constexpr long kForgetNamesAfterSeconds = 30;
constexpr long kNoLimit = 10'000;

struct FreeEasy {
  void operator()(CURL* p) const { curl_easy_cleanup(p); }
};
struct FreeMulti {
  void operator()(CURLM* p) const { curl_multi_cleanup(p); }
};
struct FreeList {
  void operator()(curl_slist* p) const { curl_slist_free_all(p); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// One request on its way.
struct Transfer {
  HttpPost post;
  HttpClient::Done done;
  Easy easy;
  HeaderList headers, connect_to;
  char error[CURL_ERROR_SIZE] = "";
  HttpAnswer answer;
  int final_status = 0;  // of the answer whose head is complete
  size_t head_bytes = 0, body_bytes = 0;
  const HttpClientOptions* options = nullptr;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  while (!text.empty() && kBlank.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (!text.empty() && kBlank.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return text;
}

// A line of the answer's head; again from "HTTP/" for each answer that is not the last (100 Continue, a proxy's).
size_t take_head(char* data, size_t, size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  if ((transfer.head_bytes += size) > kMaxAnswerHead) return 0;
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {
    transfer.answer.content_type.clear();
    transfer.answer.retry_after.reset();
  } else if (trimmed(line).empty()) {
    long status = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200) transfer.final_status = static_cast<int>(status);
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    if (same_ignoring_case(name, "content-type")) transfer.answer.content_type = value;
    if (same_ignoring_case(name, "retry-after")) {
      transfer.answer.retry_after = parse_retry_after(value, std::time(nullptr));
    }
  }
  return size;
}

size_t take_body(char* data, size_t, size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  if ((transfer.body_bytes += size) > transfer.options->max_body_bytes) return 0;
  std::string& kept = transfer.answer.body;
  kept.append(data, std::min(size, transfer.options->keep_bytes - kept.size()));
  return size;
}

int prepare_socket(void*, curl_socket_t socket, curlsocktype) {
  const unsigned int milliseconds = kDeadAfterSeconds * 1000;
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
  return CURL_SOCKOPT_OK;
}

CURLcode apply_tls(CURL*, void* context, void* user) {
  return static_cast<TlsClientContext*>(user)->apply(static_cast<SSL_CTX*>(context)) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "[::1]" || host == "::1";
}

// curl reads https_proxy and no_proxy in either spelling, but HTTP_PROXY only in small letters, because a CGI script
// gets it from its client. No collector is a CGI script, and upstream reads both.
std::string proxy_from_environment() {
  for (const char* name : {"http_proxy", "HTTP_PROXY"}) {
    if (const char* value = std::getenv(name); value && *value) return value;
  }
  return {};
}

struct UrlParts {
  std::string scheme, host, port, rest;
};

UrlParts split_url(const std::string& url) {
  UrlParts parts;
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return parts;
  auto part = [&](CURLUPart what, unsigned flags, std::string& out) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), what, &text, flags) == CURLUE_OK) out = text;
    curl_free(text);
  };
  part(CURLUPART_SCHEME, 0, parts.scheme);
  part(CURLUPART_HOST, 0, parts.host);
  part(CURLUPART_PORT, CURLU_DEFAULT_PORT, parts.port);
  std::string query;
  part(CURLUPART_PATH, 0, parts.rest);
  part(CURLUPART_QUERY, 0, query);
  if (!query.empty()) parts.rest += '?' + query;
  return parts;
}

void deliver(Transfer& transfer) {
  try {
    transfer.done(std::move(transfer.answer));
  } catch (...) {  // one request's trouble must not end the others'
  }
}

void add(HeaderList& list, const std::string& name, std::string_view value) {
  // "Name:" would remove the header; "Name;" sends it empty.
  std::string line = name;
  value.empty() ? line += ';' : line.append(": ").append(value);
  list.reset(curl_slist_append(list.release(), line.c_str()));
}

}  // namespace

struct HttpClient::Impl {
  Impl(HttpClientSettings s, HttpClientOptions o)
      : settings(std::move(s)), options(std::move(o)), tls(settings.tls, options.log) {}

  void run();
  void begin(std::unique_ptr<Transfer> transfer);
  void prepare(Transfer& transfer);
  void finish(CURL* easy, CURLcode code);
  void give_up(std::unique_ptr<Transfer> transfer, std::string error);

  const HttpClientSettings settings;
  const HttpClientOptions options;
  TlsClientContext tls;
  std::string proxy;  // for plain http, from the environment
  std::unique_ptr<CURLM, FreeMulti> multi;
  std::thread thread;

  std::mutex mutex;
  std::vector<std::unique_ptr<Transfer>> inbox;
  bool stopping = false;

  // The thread's own.
  std::list<std::unique_ptr<Transfer>> open;
  std::vector<Easy> spare;
};

HttpClient::HttpClient(HttpClientSettings settings, HttpClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(options))) {}

HttpClient::~HttpClient() {
  stop();
}

std::string HttpClient::init() {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return "cannot initialise libcurl";
  const HttpClientSettings& s = impl_->settings;
  if (std::string error = impl_->tls.load(); !error.empty()) return error;
  if (s.proxy_url.empty()) impl_->proxy = proxy_from_environment();
  impl_->multi.reset(curl_multi_init());
  CURLM* multi = impl_->multi.get();
  if (!multi) return "cannot initialise libcurl";
  long idle = s.max_idle_conns ? static_cast<long>(s.max_idle_conns) : kNoLimit;
  if (s.max_idle_conns_per_host) idle = std::min<long>(idle, s.max_idle_conns_per_host);  // there is one host
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, idle);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(s.max_conns_per_host));
  return {};
}

void HttpClient::start() {
  impl_->thread = std::thread([impl = impl_.get()] {
    prepare_thread(impl->options.thread_name);
    impl->run();
  });
}

void HttpClient::send(HttpPost post, Done done) {
  auto transfer = std::make_unique<Transfer>();
  transfer->post = std::move(post);
  transfer->done = std::move(done);
  transfer->options = &impl_->options;
  {
    std::lock_guard lock(impl_->mutex);
    if (!impl_->stopping && impl_->thread.joinable()) {
      impl_->inbox.push_back(std::move(transfer));
      curl_multi_wakeup(impl_->multi.get());
      return;
    }
  }
  impl_->give_up(std::move(transfer), "the client is stopped");
}

void HttpClient::stop() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    if (impl_->multi) curl_multi_wakeup(impl_->multi.get());
  }
  if (impl_->thread.joinable()) impl_->thread.join();
}

void HttpClient::Impl::run() {
  std::vector<std::unique_ptr<Transfer>> fresh;
  for (bool last = false; !last;) {
    {
      std::lock_guard lock(mutex);
      fresh.swap(inbox);
      last = stopping;
    }
    for (auto& transfer : fresh) begin(std::move(transfer));
    fresh.clear();
    if (last) break;
    int running = 0, left = 0;
    curl_multi_perform(multi.get(), &running);
    bool ended = false;
    while (CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      ended = true;
      finish(message->easy_handle, message->data.result);
    }
    if (!ended) curl_multi_poll(multi.get(), nullptr, 0, 60'000, nullptr);
  }
  while (!open.empty()) finish(open.front()->easy.get(), CURLE_ABORTED_BY_CALLBACK);
  spare.clear();
  multi.reset();
}

void HttpClient::Impl::begin(std::unique_ptr<Transfer> transfer) {
  if (spare.empty()) {
    transfer->easy.reset(curl_easy_init());
  } else {
    transfer->easy = std::move(spare.back());
    spare.pop_back();
  }
  if (!transfer->easy) return give_up(std::move(transfer), "out of memory");
  prepare(*transfer);
  CURL* easy = transfer->easy.get();
  open.push_back(std::move(transfer));
  if (const CURLMcode code = curl_multi_add_handle(multi.get(), easy); code != CURLM_OK) {
    auto failed = std::move(open.back());
    open.pop_back();
    give_up(std::move(failed), curl_multi_strerror(code));
  }
}

void HttpClient::Impl::prepare(Transfer& t) {
  CURL* easy = t.easy.get();
  std::string url = t.post.url, host_header;
  const UrlParts parts = split_url(url);
  if (parts.scheme == "https" && !settings.tls.server_name_override.empty()) {
    // The name to expect is the URL's for curl: so it gets that one, and is told where to connect to.
    const std::string& name = settings.tls.server_name_override;
    url = "https://" + name + ':' + parts.port + parts.rest;
    t.connect_to.reset(
        curl_slist_append(nullptr, (name + ':' + parts.port + ':' + parts.host + ':' + parts.port).c_str()));
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, t.connect_to.get());
    host_header = parts.host + (parts.port == "443" ? "" : ':' + parts.port);
  }
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(t.post.body.size));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t.post.body.size ? t.post.body.view().data() : "");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   static_cast<long>(settings.force_attempt_http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));

  auto configured = [&](std::string_view name) {
    return std::any_of(settings.headers.begin(), settings.headers.end(),
                       [&](const auto& header) { return same_ignoring_case(header.first, name); });
  };
  if (!options.user_agent.empty() && !configured("user-agent")) add(t.headers, "User-Agent", options.user_agent);
  if (!host_header.empty() && !configured("host")) add(t.headers, "Host", host_header);
  for (const auto& [name, value] : t.post.headers) {
    if (!configured(name)) add(t.headers, name, value);
  }
  for (const auto& [name, value] : settings.headers) add(t.headers, name, value.reveal());
  if (settings.disable_keep_alives) add(t.headers, "Connection", "close");
  // curl would wait a second for "100 Continue" before larger bodies.
  t.headers.reset(curl_slist_append(t.headers.release(), "Expect:"));
  if (!configured("accept")) t.headers.reset(curl_slist_append(t.headers.release(), "Accept:"));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t.headers.get());

  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(t.post.timeout).count();
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 10L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, prepare_socket);
  curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, kForgetNamesAfterSeconds);
  const auto idle = std::chrono::ceil<std::chrono::seconds>(settings.idle_conn_timeout).count();
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, idle ? static_cast<long>(idle) : 1'000'000'000L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, settings.disable_keep_alives ? 1L : 0L);
  if (settings.read_buffer_size.count) {
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                     static_cast<long>(std::clamp<uint64_t>(settings.read_buffer_size.count, 1024, 512 * 1024)));
  }
  if (settings.write_buffer_size.count) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
                     static_cast<long>(std::clamp<uint64_t>(settings.write_buffer_size.count, 16 * 1024, 2 << 20)));
  }
  if (!settings.proxy_url.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, settings.proxy_url.c_str());
  } else if (is_loopback(parts.host)) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // the environment's proxy is not for this machine itself
  } else if (parts.scheme == "http" && !proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, proxy.c_str());
  }

  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, settings.tls.insecure_skip_verify ? 0L : 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, settings.tls.insecure_skip_verify ? 0L : 2L);
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);  // the bundle has the same, and is cached
  if (settings.tls.has_ca()) curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, apply_tls);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, &tls);

  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t.error);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_head);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &t);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &t);
}

void HttpClient::Impl::finish(CURL* easy, CURLcode code) {
  auto at = std::find_if(open.begin(), open.end(), [&](const auto& transfer) { return transfer->easy.get() == easy; });
  std::unique_ptr<Transfer> transfer = std::move(*at);
  open.erase(at);
  HttpAnswer& answer = transfer->answer;
  // The head is what counts: an answer that is cut off behind it has still been given.
  answer.status = transfer->final_status;
  if (answer.status == 0) {
    curl_off_t sending_since = 0;
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sending_since);
    answer.maybe_sent = sending_since > 0;
    answer.timed_out = code == CURLE_OPERATION_TIMEDOUT;
    answer.error = *transfer->error ? transfer->error : curl_easy_strerror(code);
    if (code == CURLE_ABORTED_BY_CALLBACK) answer.error = "the client is stopped";
    if (transfer->head_bytes > kMaxAnswerHead) answer.error = "the head of the answer is too large";
    if (code == CURLE_OK) answer.error = "the answer has no status";
  }
  curl_multi_remove_handle(multi.get(), easy);
  curl_easy_reset(easy);
  spare.push_back(std::move(transfer->easy));
  deliver(*transfer);
}

void HttpClient::Impl::give_up(std::unique_ptr<Transfer> transfer, std::string error) {
  transfer->answer.error = std::move(error);
  deliver(*transfer);
}

std::optional<std::chrono::nanoseconds> parse_retry_after(std::string_view text, int64_t now) {
  constexpr int64_t kDay = 86'400;
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  int64_t seconds = 0;
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc()) seconds = kDay;
  } else {
    const std::string date(text);
    const time_t at = curl_getdate(date.c_str(), nullptr);
    if (at < 0 || text.front() == '-' || text.front() == '+') return std::nullopt;
    seconds = at - now;
  }
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, kDay));
}

}  // namespace sluice::net
