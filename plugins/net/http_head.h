// SPDX-License-Identifier: Apache-2.0
// The framing of HTTP/1.1 requests (RFC 9112), strictly: whatever another server might read differently, and so cut at
// another place, is an error. Pure functions over bytes; the connection belongs to http_connection.h.
#ifndef SLUICE_PLUGINS_NET_HTTP_HEAD_H
#define SLUICE_PLUGINS_NET_HTTP_HEAD_H

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "plugins/net/http_message.h"

namespace sluice::net {

struct HttpHead {
  std::string_view method, path, query;
  std::vector<HttpField> fields;
  uint64_t content_length = 0;
  bool chunked = false;
  bool keep_alive = true;  // what the client wants
  bool expects_continue = false;
};

struct HeadLimits {
  size_t max_bytes = 16 * 1024;
  size_t max_fields = 100;
};

struct HeadResult {
  enum State : uint8_t { incomplete, complete, bad } state = incomplete;
  size_t size = 0;             // complete: bytes up to the body
  int status = 0;              // bad: what to answer
  const char* text = nullptr;  // bad
};

// `bytes` is all that has come so far, of which the first `seen` were there at the last call: they are not scanned
// again. Lower-cases the names of headers in place; the views in `head` point into `bytes`.
HeadResult parse_head(char* bytes, size_t size, size_t seen, const HeadLimits& limits, HttpHead& head);

// A chunked body, in pieces as they come.
class ChunkedDecoder {
 public:
  enum class Step : uint8_t { starved, data, done, bad };
  // Takes bytes off the front of `input`. data: `data` is the next piece of the body, a part of the input.
  Step next(std::string_view& input, std::string_view& data);

 private:
  enum class State : uint8_t {
    size,
    extension,
    size_end,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_field,
    trailer_end,
    last_lf
  };
  Step digit(char c);
  State state_ = State::size;
  uint64_t left_ = 0;  // of this chunk
  uint32_t digits_ = 0;
  uint32_t overhead_ = 0;  // bytes in extensions and trailers so far
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_HEAD_H
