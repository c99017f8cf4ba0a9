// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/http_outcome.h"

#include <catch2/catch.hpp>

namespace sluice::net {
namespace {

TEST_CASE("http outcome: a server's words are one line of bounded length", "[net][http]") {
  CHECK(in_one_line("a\r\nb\tc\x7f\n") == "a  b c");
  CHECK(in_one_line(std::string(1000, 'x')).size() == 512);
  CHECK(in_one_line("").empty());
}

TEST_CASE("http outcome: an address is shown without user and password", "[net][http]") {
  CHECK(printable_url("https://me:secret@host:3100/push?x=a@b") == "https://host:3100/push?x=a@b");
  CHECK(printable_url("https://host/a@b") == "https://host/a@b");
  CHECK(printable_url("host:4318") == "host:4318");
}

TEST_CASE("http outcome: no answer is retryable, and unknown if the request may have arrived", "[net][http]") {
  const auto [timed_out, maybe_sent, code] = GENERATE(table<bool, bool, Code>({
      {false, false, Code::unavailable},
      {false, true, Code::unavailable},
      {true, false, Code::unavailable},
      {true, true, Code::deadline_exceeded},
  }));
  HttpAnswer answer;
  answer.timed_out = timed_out;
  answer.maybe_sent = maybe_sent;
  answer.error = "reset";
  const Result result = no_answer(answer);
  CHECK(result.status() == SLUICE_FAILED_RETRYABLE);
  CHECK(result.code() == code);
  CHECK(((result.flags() & SLUICE_RESULT_UNKNOWN) != 0) == maybe_sent);
  CHECK(result.text() == "failed to make an HTTP request: reset");
}

TEST_CASE("http outcome: blocked items are rejected, for the operator to know", "[net][http]") {
  const Result result = blocked(7, "by policy");
  CHECK(result.status() == SLUICE_DONE);
  CHECK(result.rejected_items() == 7);
  CHECK(result.code() == Code::failed_precondition);
  CHECK(result.text() == "by policy");
}

}  // namespace
}  // namespace sluice::net
