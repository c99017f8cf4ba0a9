// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/torn_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>

namespace sluice::exporters {
namespace {

using State = Tail::State;

Tail tail_of(std::string_view bytes, Framing framing) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  REQUIRE(file);
  REQUIRE(std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size());
  REQUIRE(std::fflush(file.get()) == 0);
  return find_tail(::fileno(file.get()), bytes.size(), framing);
}

std::string frame(std::string_view payload) {
  const uint64_t n = payload.size();
  return std::string{static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                     static_cast<char>(n)} +
         std::string(payload);
}

const std::string kLine = R"({"resourceSpans":[{"scopeSpans":[]}]})";

TEST_CASE("file tail: ended lines are whole", "[exporter][file]") {
  const std::string file = kLine + "\n" + kLine + "\n";
  const Tail tail = tail_of(file, Framing::lines);
  CHECK(tail.state == State::whole);
  CHECK(tail.whole_bytes == file.size());
}

TEST_CASE("file tail: a record cut anywhere is torn", "[exporter][file]") {
  const std::string before = GENERATE(std::string(), kLine + "\n");
  for (size_t n = 1; n < kLine.size(); ++n) {
    const Tail tail = tail_of(before + kLine.substr(0, n), Framing::lines);
    CAPTURE(n);
    CHECK(tail.state == State::torn);
    CHECK(tail.whole_bytes == before.size());
  }
}

TEST_CASE("file tail: a whole object without its newline, and lines of others, are left alone", "[exporter][file]") {
  CHECK(tail_of(kLine + "\n" + kLine, Framing::lines).state == State::open);
  CHECK(tail_of("# a note", Framing::lines).state == State::open);
  CHECK(tail_of(kLine + "\n# a note", Framing::lines).state == State::open);
}

TEST_CASE("file tail: a torn record longer than the blocks in which the file is read", "[exporter][file]") {
  const std::string before = kLine + "\n";
  const Tail tail = tail_of(before + R"({"resourceLogs":[")" + std::string(200'000, 'x'), Framing::lines);
  CHECK(tail.state == State::torn);
  CHECK(tail.whole_bytes == before.size());
}

TEST_CASE("file tail: frames", "[exporter][file]") {
  const std::string one = frame("\x0a" + std::string(100, 'a')), large = frame("\x0a" + std::string(200'000, 'b'));
  std::string many;
  for (int i = 0; i < 3000; ++i) many += one;
  const std::string before = GENERATE_COPY(std::string(), one, large + one, many + large + one);
  CHECK(tail_of(before, Framing::frames).state == State::whole);
  const size_t cut = GENERATE(1, 3, 4, 5, 104);
  const Tail tail = tail_of(before + one.substr(0, cut), Framing::frames);
  CHECK(tail.state == State::torn);
  CHECK(tail.whole_bytes == before.size());
}

TEST_CASE("file tail: a file that holds no frames is not taken for one", "[exporter][file]") {
  CHECK(tail_of("hello world, this is a note\n", Framing::frames).state == State::foreign);
  CHECK(tail_of(kLine + "\n", Framing::frames).state == State::foreign);
}

TEST_CASE("file tail: what cannot be read is said", "[exporter][file]") {
  const int fd = ::open("/dev/null", O_WRONLY);
  CHECK(find_tail(fd, 10, Framing::lines).state == State::unread);
  CHECK(find_tail(fd, 10, Framing::frames).state == State::unread);
  ::close(fd);
}

}  // namespace
}  // namespace sluice::exporters
