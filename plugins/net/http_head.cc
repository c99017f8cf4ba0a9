// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/http_head.h"

#include <algorithm>
#include <cstring>

#include "plugins/net/settings/headers.h"

namespace sluice::net {
namespace {

constexpr uint32_t kMaxOverhead = 16 * 1024;  // of chunk extensions and trailers, which nobody needs

HeadResult bad(const char* text, int status = 400) {
  return {HeadResult::bad, 0, status, text};
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Is `word` in a list as "close, TE"?
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (same_ignoring_case(trimmed(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

bool is_target(std::string_view target) {
  return std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

HeadResult parse_request_line(std::string_view line, HttpHead& head, int& minor) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return bad("malformed request line");
  head.method = line.substr(0, first);
  std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(head.method)) return bad("malformed method");
  if (target.empty() || !is_target(target)) return bad("malformed request target");
  if (version.size() != 8 || !version.starts_with("HTTP/") || version[6] != '.') return bad("malformed HTTP version");
  if (version[5] != '1' || (version[7] != '0' && version[7] != '1')) return bad("HTTP version not supported", 505);
  minor = version[7] - '0';
  for (std::string_view scheme : {"http://", "https://"}) {  // absolute form, as for a proxy
    if (target.size() < scheme.size() || !same_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t path = target.find_first_of("/?");
    if (path == 0) return bad("malformed request target");
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    if (target.front() == '?') return bad("malformed request target");
    break;
  }
  if (target.front() != '/' && !(target == "*" && head.method == "OPTIONS")) return bad("malformed request target");
  const size_t question = std::min(target.find('?'), target.size());
  head.path = target.substr(0, question);
  head.query = question < target.size() ? target.substr(question + 1) : std::string_view();
  return {};
}

// What the headers say about where the message ends, and about the connection.
HeadResult understand(HttpHead& head, int minor) {
  bool has_length = false;
  int hosts = 0;
  head.keep_alive = minor == 1;
  for (const HttpField& field : head.fields) {
    if (field.name == "content-length") {
      if (has_length) return bad("more than one Content-Length");
      if (field.value.empty() || field.value.size() > 18 ||
          !std::all_of(field.value.begin(), field.value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        return bad("malformed Content-Length");
      }
      has_length = true;
      for (char c : field.value) head.content_length = head.content_length * 10 + static_cast<uint64_t>(c - '0');
    } else if (field.name == "transfer-encoding") {
      if (head.chunked || minor == 0 || !same_ignoring_case(field.value, "chunked")) {
        return bad("unsupported Transfer-Encoding");
      }
      head.chunked = true;
    } else if (field.name == "host") {
      ++hosts;
    } else if (field.name == "connection") {
      if (lists(field.value, "close")) head.keep_alive = false;
      if (minor == 0 && lists(field.value, "keep-alive")) head.keep_alive = true;
    } else if (field.name == "expect") {
      if (!same_ignoring_case(field.value, "100-continue")) return bad("unsupported Expect", 417);
      head.expects_continue = minor == 1;
    }
  }
  if (has_length && head.chunked) return bad("both Content-Length and Transfer-Encoding");
  if (hosts > 1 || (hosts == 0 && minor == 1)) return bad("there must be one Host header");
  return {};
}

}  // namespace

HeadResult parse_head(char* bytes, size_t size, size_t seen, const HeadLimits& limits, HttpHead& head) {
  // Empty lines in front of a request are ignored (RFC 9112, 2.2): some clients send one behind a body.
  size_t begin = 0;
  while (begin + 1 < size && bytes[begin] == '\r' && bytes[begin + 1] == '\n') begin += 2;
  if (begin == size) return {};
  const char front = bytes[begin];
  if (front != '\r' && !is_token({&front, 1})) return bad("this is not HTTP");

  // The end of the head; a line feed alone is no end of a line.
  size_t end = 0;
  for (size_t from = std::max(begin, seen > 3 ? seen - 3 : 0); from < size && !end;) {
    const char* feed = static_cast<const char*>(std::memchr(bytes + from, '\n', size - from));
    if (!feed) break;
    const size_t at = static_cast<size_t>(feed - bytes);
    if (at == begin || bytes[at - 1] != '\r') return bad("line feed without carriage return");
    if (at >= begin + 3 && bytes[at - 2] == '\n' && bytes[at - 3] == '\r') end = at + 1;
    from = at + 1;
  }
  if ((end ? end : size) > limits.max_bytes) return bad("request header fields too large", 431);
  if (!end) return {};

  head = {};
  std::string_view rest(bytes + begin, end - begin - 2);
  size_t length = rest.find("\r\n");
  int minor = 1;
  if (HeadResult result = parse_request_line(rest.substr(0, length), head, minor); result.state == HeadResult::bad) {
    return result;
  }
  for (rest.remove_prefix(length + 2); !rest.empty(); rest.remove_prefix(length + 2)) {
    length = rest.find("\r\n");
    const std::string_view line = rest.substr(0, length);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return bad("malformed header");
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!is_field_value(value)) return bad("control character in a header");
    if (head.fields.size() == limits.max_fields) return bad("too many request headers", 431);
    char* name = bytes + (line.data() - bytes);
    std::transform(name, name + colon, name, lower);
    head.fields.push_back({line.substr(0, colon), value});
  }
  HeadResult result = understand(head, minor);
  if (result.state != HeadResult::bad) result = {HeadResult::complete, end, 0, nullptr};
  return result;
}

ChunkedDecoder::Step ChunkedDecoder::digit(char c) {
  const int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
  if (value >= 0) {
    if (++digits_ > 15) return Step::bad;
    left_ = left_ << 4 | static_cast<uint64_t>(value);
    return Step::starved;
  }
  if (digits_ == 0 || (c != ';' && c != '\r')) return Step::bad;
  state_ = c == ';' ? State::extension : State::size_end;
  return Step::starved;
}

ChunkedDecoder::Step ChunkedDecoder::next(std::string_view& input, std::string_view& data) {
  while (!input.empty()) {
    if (state_ == State::data) {
      data = input.substr(0, static_cast<size_t>(std::min<uint64_t>(left_, input.size())));
      input.remove_prefix(data.size());
      left_ -= data.size();
      if (left_ == 0) state_ = State::data_cr;
      return Step::data;
    }
    const char c = input.front();
    input.remove_prefix(1);
    const bool text = is_field_value({&c, 1});
    switch (state_) {
      case State::size:
        if (digit(c) == Step::bad) return Step::bad;
        break;
      case State::extension:
        if (c == '\r') {
          state_ = State::size_end;
        } else if (!text || ++overhead_ > kMaxOverhead) {
          return Step::bad;
        }
        break;
      case State::size_end:
        if (c != '\n') return Step::bad;
        state_ = left_ ? State::data : State::trailer;
        digits_ = 0;
        break;
      case State::data_cr:
        if (c != '\r') return Step::bad;
        state_ = State::data_lf;
        break;
      case State::data_lf:
        if (c != '\n') return Step::bad;
        state_ = State::size;
        break;
      case State::trailer:
        if (c != '\r' && !is_token({&c, 1})) return Step::bad;
        state_ = c == '\r' ? State::last_lf : State::trailer_field;
        break;
      case State::trailer_field:
        if (c == '\r') {
          state_ = State::trailer_end;
        } else if (!text || ++overhead_ > kMaxOverhead) {
          return Step::bad;
        }
        break;
      case State::trailer_end:
        if (c != '\n') return Step::bad;
        state_ = State::trailer;
        break;
      case State::last_lf:
        return c == '\n' ? Step::done : Step::bad;
      case State::data:
        break;
    }
  }
  return Step::starved;
}

}  // namespace sluice::net
