// SPDX-License-Identifier: Apache-2.0
// A request as the HTTP server hands it over, and the answer to it.
#ifndef SLUICE_PLUGINS_NET_HTTP_MESSAGE_H
#define SLUICE_PLUGINS_NET_HTTP_MESSAGE_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/net/byte_buffer.h"

namespace sluice::net {

struct HttpField {
  std::string_view name;  // lower case
  std::string_view value;
};

// Method, target and headers. The views last as long as the call they are given to.
struct HttpRequest {
  std::string_view method;
  std::string_view path;   // without the query
  std::string_view query;  // behind the question mark
  std::string_view peer;   // "127.0.0.1:1234"; empty on a unix socket
  std::vector<HttpField> fields;
  bool encrypted = false;

  std::string_view field(std::string_view lower_case_name) const {
    for (const HttpField& f : fields)
      if (f.name == lower_case_name) return f.value;
    return {};
  }
};

using HttpBody = ByteBuffer;  // the handler may keep it

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// A request and what it was answered, for those who count them. Valid during the call that brings it.
struct HttpExchange {
  const HttpRequest& request;
  int status = 0;
  std::chrono::nanoseconds duration{0};            // from the request's first byte to its answer
  uint64_t request_bytes = 0, response_bytes = 0;  // of the bodies as they went over the wire
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_MESSAGE_H
