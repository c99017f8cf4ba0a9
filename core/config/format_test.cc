// SPDX-License-Identifier: Apache-2.0
#include "core/config/format.h"

#include <catch2/catch.hpp>

namespace sluice::config {
namespace {

std::string wrong(const char* format, const char* text) {
  const auto bad = check_format(format, text);
  return bad ? bad->message : "";
}

TEST_CASE("format: host:port", "[config]") {
  for (const char* good :
       {"", "localhost:4317", ":0", "0.0.0.0:65535", "[::1]:1", "/run/x.sock", "unix:///x", "@abstract"})
    CHECK(wrong("host:port", good) == "");
  CHECK(wrong("host:port", "localhost") == "there is no port");
  CHECK(wrong("host:port", "[::1]") == "there is no port");
  CHECK(wrong("host:port", "localhost:") == "no valid port");
  CHECK(wrong("host:port", "localhost:65536") == "no valid port");
  CHECK(wrong("host:port", "localhost:+1") == "no valid port");
  CHECK(wrong("host:port", "localhost:http") == "no valid port");
  CHECK(wrong("host:port", "::1:1") == "an IPv6 address needs brackets");
  CHECK(wrong("host:port", "a b:1") == "there is a blank in the host");
  CHECK(wrong("host:port", "https://a:1") == "a URL is no address to listen on or connect to here");
}

TEST_CASE("format: url", "[config]") {
  for (const char* good : {"", "http://a", "https://a:1/b?c#d"}) CHECK(wrong("url", good) == "");
  CHECK(wrong("url", "a:1") == "this is no URL");
  CHECK(wrong("url", "://a") == "this is no URL");
  CHECK(wrong("url", "http:///x") == "there is no host in this URL");
  CHECK(wrong("url", "http://a/b c") == "there is a blank in this URL");
}

TEST_CASE("format: regular expressions and patterns", "[config]") {
  CHECK(wrong("regex", "^a+$") == "");
  CHECK(wrong("regex", "(") == "this is no regular expression");
  CHECK(check_format("regex", "(")->detail == ": missing ): (");
  CHECK(wrong("unknown", "(") == "");
  CHECK(matches("1\\.[0-3]", "1.2"));
  CHECK_FALSE(matches("1\\.[0-3]", "1.22"));
  CHECK(matches("(", "anything"));
}

TEST_CASE("format: host and port of an address", "[config]") {
  CHECK(parse_host_port("[::1]:80")->host == "[::1]");
  CHECK(parse_host_port("[::1]:80")->port == 80);
  CHECK(parse_host_port("/x")->port == -1);
  CHECK_FALSE(parse_host_port("x"));
}

}  // namespace
}  // namespace sluice::config
