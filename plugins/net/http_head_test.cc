// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/http_head.h"

#include <catch2/catch.hpp>
#include <string>

#include "plugins/net/http_cors.h"

namespace sluice::net {
namespace {

struct Parsed {
  std::string bytes;
  HttpHead head;
  HeadResult result;
};

Parsed parse(std::string bytes, HeadLimits limits = {}) {
  Parsed parsed{std::move(bytes), {}, {}};
  parsed.result = parse_head(parsed.bytes.data(), parsed.bytes.size(), 0, limits, parsed.head);
  return parsed;
}

// The status that a request with these lines behind its Host gets; 0: taken.
int status_of(const std::string& lines, const std::string& start = "POST /v1/traces HTTP/1.1") {
  return parse(start + "\r\nHost: h\r\n" + lines + "\r\n").result.status;
}

std::string decode(std::string_view input, bool* done = nullptr) {
  ChunkedDecoder decoder;
  std::string body;
  for (std::string_view data;;) {
    switch (decoder.next(input, data)) {
      case ChunkedDecoder::Step::data:
        body += data;
        break;
      case ChunkedDecoder::Step::bad:
        return "bad";
      case ChunkedDecoder::Step::done:
        if (done) *done = true;
        return body + "|" + std::string(input);
      case ChunkedDecoder::Step::starved:
        return body;
    }
  }
}

}  // namespace

TEST_CASE("http head: an ordinary request is understood", "[http]") {
  const Parsed p =
      parse("POST /v1/traces?a=b HTTP/1.1\r\nHost: h:4318\r\nContent-Length: 12\r\nX-Tenant:  one \r\n\r\nbody");
  REQUIRE(p.result.state == HeadResult::complete);
  CHECK(p.result.size == p.bytes.size() - 4);
  CHECK(p.head.method == "POST");
  CHECK(p.head.path == "/v1/traces");
  CHECK(p.head.query == "a=b");
  CHECK(p.head.content_length == 12);
  CHECK(p.head.keep_alive);
  REQUIRE(p.head.fields.size() == 3);
  CHECK(p.head.fields[2].name == "x-tenant");
  CHECK(p.head.fields[2].value == "one");
}

TEST_CASE("http head: forms of the target", "[http]") {
  auto path = [](const std::string& target) {
    const Parsed p = parse("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    return p.result.status ? std::to_string(p.result.status)
                           : std::string(p.head.path) + "?" + std::string(p.head.query);
  };
  CHECK(path("/") == "/?");
  CHECK(path("http://other:80/metrics?x=1") == "/metrics?x=1");
  CHECK(path("HTTP://other") == "/?");
  CHECK(path("http:///x") == "400");
  CHECK(path("metrics") == "400");
  CHECK(path("*") == "400");
  CHECK(path("/a#b") == "400");
  CHECK(path("/a\x01") == "400");
  CHECK(path("/a\xc3\xa4") == "400");
}

TEST_CASE("http head: every doubt about the framing is an error", "[http]") {
  struct Case {
    const char* lines;
    int status;
  };
  const Case cases[] = {
      {"Content-Length: 5\r\n", 0},
      {"Transfer-Encoding: chunked\r\n", 0},
      {"Transfer-Encoding: Chunked\r\n", 0},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
      {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
      {"Content-Length: 5, 5\r\n", 400},
      {"Content-Length: +5\r\n", 400},
      {"Content-Length: -5\r\n", 400},
      {"Content-Length: 0x5\r\n", 400},
      {"Content-Length: 5 5\r\n", 400},
      {"Content-Length:\r\n", 400},
      {"Content-Length: 99999999999999999999\r\n", 400},
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
      {"Transfer-Encoding: chunked, identity\r\n", 400},
      {"Transfer-Encoding: gzip, chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: xchunked\r\n", 400},
      {"Transfer-Encoding: \x0b"
       "chunked\r\n",
       400},
      {"Content-Length : 5\r\n", 400},
      {" Content-Length: 5\r\n", 400},
      {"X-A: b\r\n folded\r\n", 400},
      {"X-A: b\r\n\tfolded\r\n", 400},
      {"X-A: b\rX-B: c\r\n", 400},
      {"X-A: b\nX-B: c\r\n", 400},
      {": empty\r\n", 400},
      {"no colon\r\n", 400},
      {"X(A): b\r\n", 400},
      {"Host: again\r\n", 400},
      {"Expect: 100-continue\r\n", 0},
      {"Expect: 200-ok\r\n", 417},
  };
  for (const Case& c : cases) {
    CAPTURE(c.lines);
    CHECK(status_of(c.lines) == c.status);
  }
  CHECK(status_of(std::string("X-A: b\0c\r\n", 10)) == 400);
}

TEST_CASE("http head: every doubt about the first line is an error", "[http]") {
  CHECK(status_of("", "GET / HTTP/1.1") == 0);
  CHECK(status_of("", "GET / HTTP/1.0") == 0);
  CHECK(status_of("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0") == 400);
  CHECK(status_of("", "GET / HTTP/2.0") == 505);
  CHECK(status_of("", "GET / HTTP/1.2") == 505);
  CHECK(status_of("", "GET / http/1.1") == 400);
  CHECK(status_of("", "GET / HTTP/1.1 ") == 400);
  CHECK(status_of("", "GET /") == 400);
  CHECK(status_of("", "GET  / HTTP/1.1") == 400);
  CHECK(status_of("", "GET /a b HTTP/1.1") == 400);
  CHECK(status_of("", "G@T / HTTP/1.1") == 400);
  CHECK(status_of("", "CONNECT h:1 HTTP/1.1") == 400);
  CHECK(parse("GET / HTTP/1.1\r\n\r\n").result.status == 400);  // no Host
  CHECK(parse("GET / HTTP/1.0\r\n\r\n").result.status == 0);
  CHECK(parse("GET /\n").result.status == 400);           // HTTP/0.9: said at once, not after a timeout
  CHECK(parse("\x16\x03\x01\x02").result.status == 400);  // TLS on a port without
}

TEST_CASE("http head: keep-alive as the version and Connection say", "[http]") {
  auto keeps = [](const char* version, const char* lines) {
    return parse(std::string("GET / HTTP/") + version + "\r\nHost: h\r\n" + lines + "\r\n").head.keep_alive;
  };
  CHECK(keeps("1.1", ""));
  CHECK_FALSE(keeps("1.1", "Connection: close\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: TE, Close\r\n"));
  CHECK_FALSE(keeps("1.0", ""));
  CHECK(keeps("1.0", "Connection: Keep-Alive\r\n"));
}

TEST_CASE("http head: byte by byte comes to the same, empty lines in front are ignored", "[http]") {
  std::string bytes = "\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\nnext";
  HttpHead head;
  size_t size = 1;
  for (; size < bytes.size(); ++size) {
    const HeadResult result = parse_head(bytes.data(), size, size - 1, {}, head);
    if (result.state == HeadResult::complete) break;
    REQUIRE(result.state == HeadResult::incomplete);
  }
  CHECK(size == bytes.size() - 4);
  CHECK(head.path == "/x");
}

TEST_CASE("http head: limits of size and number", "[http]") {
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
  CHECK(parse(start + "A: " + std::string(200, 'x') + "\r\n\r\n", {100, 10}).result.status == 431);
  CHECK(parse(start + "A: " + std::string(200, 'x'), {100, 10}).result.status == 431);  // before its end has come
  CHECK(parse(start + "A: b\r\nA: b\r\n\r\n", {1000, 2}).result.status == 431);
  CHECK(parse(start + "A: b\r\n\r\n", {1000, 2}).result.status == 0);
}

TEST_CASE("http chunks: bodies and what follows them", "[http]") {
  CHECK(decode("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET") == "hello world|GET");
  CHECK(decode("A;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n") == "0123456789|");
  CHECK(decode("000005\r\nhello\r\n0\r\n\r\n") == "hello|");
  CHECK(decode("5\r\nhel") == "hel");
}

TEST_CASE("http chunks: every doubt is an error", "[http]") {
  for (const char* input : {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x5\r\n", "5 \r\n", " 5\r\n", "5\nhello\r\n",
                            "5\r\nhelloX\r\n", "5\r\nhello\n0\r\n", "5\rhello", "1234567890abcdef1\r\n", "5;a\nb\r\n",
                            "5;\x01\r\n", "0\r\nTrailer: a\nb", "0\r\n folded\r\n", "0\r\n\rX"}) {
    CAPTURE(input);
    CHECK(decode(input) == "bad");
  }
  CHECK(decode("5;" + std::string(20'000, 'x') + "\r\n") == "bad");
  CHECK(decode("0\r\nA: " + std::string(20'000, 'x') + "\r\n") == "bad");
}

TEST_CASE("cors: who may send, and with which headers", "[http][cors]") {
  Cors settings;
  settings.allowed_origins = {"https://*.example.com", "http://localhost:3000"};
  settings.allowed_headers = {"X-Tenant"};
  settings.max_age = 60;
  const HttpCors cors(settings);
  auto ask = [&](const char* origin, const char* method, const char* headers) {
    HttpRequest request;
    request.method = "OPTIONS";
    request.fields = {{"origin", origin}, {"access-control-request-method", method}};
    if (*headers) request.fields.push_back({"access-control-request-headers", headers});
    const auto answer = cors.preflight(request);
    REQUIRE(answer);
    CHECK(answer->status == 204);
    std::string text;
    for (const auto& [name, value] : answer->headers) {
      if (name != "Vary") text += name.substr(sizeof "Access-Control-" - 1) + "=" + value + " ";
    }
    return text;
  };
  CHECK(ask("https://a.example.com", "POST", "") ==
        "Allow-Origin=https://a.example.com Allow-Methods=POST Allow-Credentials=true Max-Age=60 ");
  CHECK(ask("http://localhost:3000", "POST", "content-type, x-tenant") ==
        "Allow-Origin=http://localhost:3000 Allow-Methods=POST Allow-Headers=content-type, x-tenant "
        "Allow-Credentials=true Max-Age=60 ");
  CHECK(ask("https://example.com", "POST", "") == "");
  CHECK(ask("https://a.example.com.evil", "POST", "") == "");
  CHECK(ask("https://a.example.com", "DELETE", "") == "");
  CHECK(ask("https://a.example.com", "POST", "x-other") == "");
}

TEST_CASE("cors: a long origin against many stars takes no time", "[http][cors]") {
  Cors settings;
  settings.allowed_origins = {"*a*a*a*a*a*a*b"};
  const HttpCors cors(settings);
  const std::string origin(16'000, 'a');
  HttpRequest request;
  request.fields = {{"origin", origin}};
  std::vector<std::pair<std::string, std::string>> headers;
  cors.decorate(request, headers);
  CHECK(headers.size() == 1);  // Vary only
}

TEST_CASE("cors: off without origins", "[http][cors]") {
  HttpRequest request;
  request.method = "OPTIONS";
  request.fields = {{"origin", "http://a"}, {"access-control-request-method", "POST"}};
  CHECK_FALSE(HttpCors(std::nullopt).preflight(request));
  CHECK_FALSE(HttpCors(Cors{}).preflight(request));
}

}  // namespace sluice::net
