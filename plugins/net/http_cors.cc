// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/http_cors.h"

#include <algorithm>

namespace sluice::net {
namespace {

// `*` in the pattern stands for any text; letter case does not matter. Goes back to the latest star only, which is
// enough, so a long origin costs no more than its length times the pattern's.
bool matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, star = std::string_view::npos, resume = 0;
  for (size_t t = 0; t < text.size();) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++, resume = t;
    } else if (p < pattern.size() && same_ignoring_case(pattern.substr(p, 1), text.substr(t, 1))) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1, t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::string HttpCors::allowed(std::string_view origin) const {
  if (!settings_ || origin.empty()) return {};
  for (const std::string& pattern : settings_->allowed_origins) {
    if (pattern == "*") return "*";
    if (matches(pattern, origin)) return std::string(origin);
  }
  return {};
}

bool HttpCors::allows_headers(std::string_view list) const {
  const auto& own = settings_->allowed_headers;
  if (std::find(own.begin(), own.end(), "*") != own.end()) return true;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view name = trimmed(list.substr(0, comma));
    constexpr std::string_view kAlways[] = {"accept", "accept-language", "content-type", "content-language", "origin"};
    auto is = [&](std::string_view other) { return same_ignoring_case(other, name); };
    if (!name.empty() && std::none_of(std::begin(kAlways), std::end(kAlways), is) &&
        std::none_of(own.begin(), own.end(), is)) {
      return false;
    }
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return true;
}

std::optional<HttpResponse> HttpCors::preflight(const HttpRequest& request) const {
  const std::string_view method = request.field("access-control-request-method");
  if (!settings_ || request.method != "OPTIONS" || method.empty()) return std::nullopt;
  HttpResponse response{.status = 204};
  response.headers.emplace_back("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  const std::string origin = allowed(request.field("origin"));
  const std::string_view wanted = request.field("access-control-request-headers");
  if (origin.empty() || !(method == "POST" || method == "GET" || method == "HEAD") || !allows_headers(wanted)) {
    return response;  // without the headers that would permit it
  }
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
  response.headers.emplace_back("Access-Control-Allow-Methods", method);
  if (!wanted.empty()) response.headers.emplace_back("Access-Control-Allow-Headers", wanted);
  response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  if (settings_->max_age) response.headers.emplace_back("Access-Control-Max-Age", std::to_string(settings_->max_age));
  return response;
}

void HttpCors::decorate(const HttpRequest& request, std::vector<std::pair<std::string, std::string>>& headers) const {
  if (!settings_) return;
  headers.emplace_back("Vary", "Origin");
  const std::string origin = allowed(request.field("origin"));
  if (origin.empty()) return;
  headers.emplace_back("Access-Control-Allow-Origin", origin);
  headers.emplace_back("Access-Control-Allow-Credentials", "true");
  std::string exposed;
  for (const std::string& name : settings_->exposed_headers) exposed += (exposed.empty() ? "" : ", ") + name;
  if (!exposed.empty()) headers.emplace_back("Access-Control-Expose-Headers", exposed);
}

}  // namespace sluice::net
