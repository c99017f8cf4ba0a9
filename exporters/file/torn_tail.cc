// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/torn_tail.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/formats/otlp_json/otlp_json.h"

namespace sluice::exporters {
namespace {

constexpr uint64_t kBlock = 64 << 10;
constexpr std::string_view kLineBegins = "{\"resource";  // ...Spans, ...Metrics, ...Logs

// [from, from + length), or nothing and errno; shorter only if the file is.
std::optional<std::string> read(int fd, uint64_t from, uint64_t length) {
  std::string bytes(length, '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = ::pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(from + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

Tail tail_of_lines(int fd, uint64_t size) {
  using State = Tail::State;
  uint64_t begin = size;  // of the last line
  while (begin > 0) {
    const uint64_t from = begin - std::min(begin, kBlock);
    const auto block = read(fd, from, begin - from);
    if (!block) return {State::unread, 0};
    const size_t newline = block->rfind('\n');
    if (newline != std::string::npos) {
      begin = from + newline + 1;
      break;
    }
    begin = from;
  }
  if (begin == size) return {State::whole, size};
  const auto start = read(fd, begin, std::min<uint64_t>(size - begin, kLineBegins.size()));
  if (!start) return {State::unread, 0};
  if (!kLineBegins.starts_with(*start)) return {State::open, size};
  const auto line = read(fd, begin, size - begin);
  if (!line) return {State::unread, 0};
  // Any signal will do: fields of others are passed over, but the JSON has to be whole.
  std::string otlp, error;
  if (formats::json_to_otlp(wire::Signal::logs, *line, otlp, error)) return {State::open, size};
  return {State::torn, begin};
}

bool may_be_payload(char first) {
  return first == '\x0a' || first == '{' || first == '\x28';  // protobuf's field 1, JSON, zstd
}

Tail tail_of_frames(int fd, uint64_t size) {
  using State = Tail::State;
  std::string block;
  uint64_t block_at = 0, at = 0;
  while (at < size) {
    if (at < block_at || at + 5 > block_at + block.size()) {
      auto next = read(fd, at, std::min(size - at, kBlock));
      if (!next) return {State::unread, 0};
      block = std::move(*next);
      block_at = at;
    }
    const std::string_view here = std::string_view(block).substr(at - block_at);
    if (at == 0 && here.size() > 4 && !may_be_payload(here[4])) return {State::foreign, at};
    if (here.size() < 4) return {State::torn, at};
    uint64_t length = 0;
    for (const char byte : here.substr(0, 4)) length = length << 8 | static_cast<uint8_t>(byte);
    if (length > size - at - 4) return {State::torn, at};
    at += 4 + length;
  }
  return {State::whole, size};
}

}  // namespace

Tail find_tail(int fd, uint64_t size, Framing framing) {
  return framing == Framing::lines ? tail_of_lines(fd, size) : tail_of_frames(fd, size);
}

}  // namespace sluice::exporters
