// SPDX-License-Identifier: Apache-2.0
// Cross-origin resource sharing: may a page of another origin send to this server, and read the answer?
#ifndef SLUICE_PLUGINS_NET_HTTP_CORS_H
#define SLUICE_PLUGINS_NET_HTTP_CORS_H

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/net/http_message.h"
#include "plugins/net/settings/http.h"

namespace sluice::net {

class HttpCors {
 public:
  explicit HttpCors(const std::optional<Cors>& settings) {
    if (settings && !settings->allowed_origins.empty()) settings_ = *settings;
  }

  // The answer, if this is a browser's question before the request itself.
  std::optional<HttpResponse> preflight(const HttpRequest& request) const;

  // Adds what the answer to an ordinary request needs.
  void decorate(const HttpRequest& request, std::vector<std::pair<std::string, std::string>>& headers) const;

 private:
  // The value for Access-Control-Allow-Origin; empty: not allowed.
  std::string allowed(std::string_view origin) const;
  bool allows_headers(std::string_view list) const;

  std::optional<Cors> settings_;
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_CORS_H
