// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/rpc_status.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using sluice::net::encode_partial_success;
using sluice::net::encode_rpc_status;
using sluice::net::parse_partial_success;
using sluice::net::parse_rpc_status;
using sluice::net::RpcStatus;

namespace {

// Message with one length-delimited field.
std::string message(char number, std::string_view body) {
  std::string text{static_cast<char>(number << 3 | 2), static_cast<char>(body.size())};
  return text.append(body);
}

std::string retry_info(std::string_view duration) {
  return message(3, message(1, "type.googleapis.com/google.rpc.RetryInfo") + message(2, message(1, duration)));
}

}  // namespace

TEST_CASE("rpc status: code, message and RetryInfo are written as protobuf writes them", "[net][rpc_status]") {
  RpcStatus status{.code = 14, .message = "busy", .retry_after = 2500ms};
  CHECK(encode_rpc_status(status) ==
        "\x08\x0e\x12\x04"
        "busy" +
            retry_info(std::string("\x08\x02\x10\x80\xca\xb5\xee\x01", 8)));
}

TEST_CASE("rpc status: what is written is read again", "[net][rpc_status]") {
  for (auto delay : {0ns, 1ns, 999'999'999ns, 1'000'000'000ns, 3'600'000'000'001ns}) {
    auto read = parse_rpc_status(encode_rpc_status({.code = 8, .message = "slower", .retry_after = delay}));
    REQUIRE(read);
    CHECK(read->code == 8);
    CHECK(read->message == "slower");
    CHECK(read->retry_after == delay);
  }
  auto bad = parse_rpc_status(encode_rpc_status({.code = 3, .bad_field = "span", .bad_value = "no such id"}));
  REQUIRE(bad);
  CHECK_FALSE(bad->retry_after);
  CHECK(bad->bad_field == "span");
  CHECK(bad->bad_value == "no such id");
}

TEST_CASE("rpc status: odd delays of a server become possible ones", "[net][rpc_status]") {
  auto delay = [](std::string_view duration) { return parse_rpc_status(retry_info(duration))->retry_after; };
  CHECK(delay("") == 0ns);
  CHECK(delay("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") == 0ns);                          // -1 s
  CHECK(delay("\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f") == std::chrono::nanoseconds::max());  // 2^63 - 1 s
  CHECK(delay("\x10\x05") == 5ns);
  CHECK_FALSE(delay("\x08"));
}

TEST_CASE("rpc status: unknown details and fields are skipped, damage is told", "[net][rpc_status]") {
  auto other = parse_rpc_status(message(3, message(1, "type.googleapis.com/google.rpc.Help") + message(2, "x")) +
                                message(9, "later"));
  REQUIRE(other);
  CHECK_FALSE(other->retry_after);
  CHECK(parse_rpc_status(""));
  CHECK_FALSE(
      parse_rpc_status("\x12\x05"
                       "abc"));
  CHECK_FALSE(parse_rpc_status("\xff"));
}

TEST_CASE("partial success: what is written is read again, an empty one is none", "[net][rpc_status]") {
  CHECK(encode_partial_success({3, "too old"}) == message(1, "\x08\x03" + message(2, "too old")));
  auto read = parse_partial_success(encode_partial_success({3, "too old"}));
  REQUIRE(read);
  CHECK(read->rejected == 3);
  CHECK(read->text == "too old");
  CHECK(parse_partial_success(encode_partial_success({-1, ""}))->rejected == -1);
  CHECK_FALSE(parse_partial_success(encode_partial_success({0, ""})));
  CHECK_FALSE(parse_partial_success(""));
  CHECK_FALSE(parse_partial_success("\x0a\x7f"));
  CHECK_FALSE(parse_partial_success("\x0a\x01\x08"));
}
