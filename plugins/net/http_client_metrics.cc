// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/http_client_metrics.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "plugins/net/request_metrics.h"

namespace sluice::net {
namespace {

// How a request can end: with a status, or without (an error of that type). Any other status counts as the last.
struct Ending {
  int status;
  const char *label, *value;
};
constexpr const char* kStatus = "http.response.status_code";
constexpr const char* kError = "error.type";
constexpr std::array<Ending, 18> kEndings = {{{200, kStatus, "200"},
                                              {202, kStatus, "202"},
                                              {204, kStatus, "204"},
                                              {400, kStatus, "400"},
                                              {401, kStatus, "401"},
                                              {403, kStatus, "403"},
                                              {404, kStatus, "404"},
                                              {405, kStatus, "405"},
                                              {408, kStatus, "408"},
                                              {413, kStatus, "413"},
                                              {415, kStatus, "415"},
                                              {429, kStatus, "429"},
                                              {500, kStatus, "500"},
                                              {502, kStatus, "502"},
                                              {503, kStatus, "503"},
                                              {504, kStatus, "504"},
                                              {0, kError, "timeout"},
                                              {0, kError, "_OTHER"}}};
constexpr size_t kTimeout = kEndings.size() - 2, kOther = kEndings.size() - 1;

struct Server {
  std::string_view scheme, address, port;
};

Server server_of(std::string_view url) {
  Server server{"http", {}, {}};
  if (const size_t end = url.find("://"); end != std::string_view::npos) {
    server.scheme = url.substr(0, end);
    url.remove_prefix(end + 3);
  }
  url = url.substr(0, url.find_first_of("/?#"));
  if (const size_t user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  server.address = url;
  server.port = server.scheme == "https" ? "443" : "80";
  const size_t colon = url.rfind(':'), bracket = url.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon)) {
    server.address = url.substr(0, colon);
    server.port = url.substr(colon + 1);
  }
  return server;
}

}  // namespace

void HttpClientMetrics::define(Host host, std::span<const std::string> urls) {
  for (const std::string& url : urls) {
    const Server server = server_of(url);
    for (const Ending& ending : kEndings) {
      const sluice_kv labels[] = {
          {str(ending.label), str(ending.value)},      {str("http.request.method"), str("POST")},
          {str("network.protocol.name"), str("http")}, {str("server.address"), str(server.address)},
          {str("server.port"), str(server.port)},      {str("url.scheme"), str(server.scheme)}};
      series_.push_back(
          {define_duration(host, "http.client.request.duration", "Duration of HTTP client requests.", labels),
           define_body_size(host, "http.client.request.body.size", "Size of HTTP client request bodies.", labels)});
    }
  }
}

void HttpClientMetrics::record(size_t url, const HttpAnswer& answer, std::chrono::nanoseconds duration,
                               uint64_t request_bytes) const {
  const auto* const known = std::find_if(kEndings.begin(), kEndings.begin() + kTimeout,
                                         [&](const Ending& ending) { return ending.status == answer.status; });
  size_t ending = static_cast<size_t>(known - kEndings.begin());
  if (ending == kTimeout && !(answer.status == 0 && answer.timed_out)) ending = kOther;
  const size_t index = url * kEndings.size() + ending;
  if (index >= series_.size()) return;
  series_[index].duration.record(std::chrono::duration<double>(duration).count());
  series_[index].request_size.record(static_cast<double>(request_bytes));
}

}  // namespace sluice::net
