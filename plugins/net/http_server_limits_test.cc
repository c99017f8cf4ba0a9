// SPDX-License-Identifier: Apache-2.0
// The HTTP server against clients that are slow, greedy, broken or many.
#include <catch2/catch.hpp>
#include <chrono>
#include <vector>

#include "plugins/net/compression.h"
#include "plugins/net/http_server_for_tests.h"
#include "plugins/net/sockets_for_tests.h"

namespace sluice::net {

using namespace std::chrono_literals;

TEST_CASE("http server: doubtful framing is 400 and the end of the connection", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  for (const char* bytes :
       {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "GET / HTTP/1.1\n\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nnope\r\n", "\x16\x03\x01"}) {
    CAPTURE(bytes);
    RawSocket client = RawSocket::to_port(server.port());
    client.send(std::string(bytes) + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
    const RawResponse response = client.message();
    CHECK(response.status == 400);
    CHECK(response.field("Connection") == "close");
    CHECK(client.ended());
  }
  CHECK(echo.reserved == 0);
}

TEST_CASE("http server: headers over the limit are 431", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  RawSocket large = RawSocket::to_port(server.port());
  large.send("GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(20'000, 'x'));
  CHECK(large.message().status == 431);
  RawSocket many = RawSocket::to_port(server.port());
  std::string lines;
  for (int i = 0; i < 101; ++i) lines += "A: b\r\n";
  CHECK(many.ask("GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n").status == 431);
}

TEST_CASE("http server: bodies over the limit are 413, as sent and as decompressed", "[http][compression]") {
  EchoHandler echo;
  HttpServerSettings settings = TestServer::loopback();
  settings.max_request_body_size = {100'000};
  TestServer server(echo, settings);
  SECTION("said by Content-Length") {
    RawSocket client = RawSocket::to_port(server.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n");
    CHECK(client.message().status == 413);
    CHECK(client.ended());
  }
  SECTION("found while reading chunks") {
    RawSocket client = RawSocket::to_port(server.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n" +
                std::string(100'001, 'x'));
    CHECK(client.message().status == 413);
  }
  SECTION("a bomb") {
    RawSocket client = RawSocket::to_port(server.port());
    for (const char* name : {"gzip", "zstd", "snappy", "lz4", "deflate", "x-snappy-framed"}) {
      CAPTURE(name);
      ByteBuffer bomb;
      REQUIRE(compress(*codec_of(name), 0, std::string(1'000'000, '\0'), bomb) == CodecStatus::ok);
      CHECK(client.ask(post("/", std::string(bomb.view()), std::string("Content-Encoding: ") + name + "\r\n")).status ==
            413);
    }
    CHECK(echo.most_reserved <= 250'000);
  }
  SECTION("exactly the limit passes") {
    RawSocket client = RawSocket::to_port(server.port());
    CHECK(client.ask(post("/", std::string(100'000, 'x'))).status == 200);
  }
  CHECK(eventually([&] { return echo.reserved == 0; }));
}

TEST_CASE("http server: no memory for a body is 503 with Retry-After, before it is read", "[http]") {
  EchoHandler echo;
  echo.budget = 300'000;
  TestServer server(echo);
  SECTION("at once") {
    echo.budget = 10;
    RawSocket client = RawSocket::to_port(server.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
    const RawResponse response = client.message();
    CHECK(response.status == 503);
    CHECK(response.field("Retry-After") == "1");
  }
  SECTION("on the way: what a client promises is not charged before it comes") {
    RawSocket client = RawSocket::to_port(server.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
    CHECK(client.message().status == 503);
  }
  SECTION("while decompressing") {
    ByteBuffer packed;
    REQUIRE(compress(Codec::gzip, 0, std::string(500'000, '\0'), packed) == CodecStatus::ok);
    RawSocket client = RawSocket::to_port(server.port());
    CHECK(client.ask(post("/", std::string(packed.view()), "Content-Encoding: gzip\r\n")).status == 503);
    CHECK(client.ask(post("/", "small")).status == 200);
  }
  CHECK(eventually([&] { return echo.reserved == 0; }));
}

TEST_CASE("http server: a client that goes away half way gives its memory back", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  RawSocket client = RawSocket::to_port(server.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhalf");
  REQUIRE(eventually([&] { return echo.reserved > 0; }));
  client.close();
  CHECK(eventually([&] { return echo.reserved == 0; }));
  CHECK(RawSocket::to_port(server.port()).ask(post("/", "")).status == 200);
}

TEST_CASE("http server: slow heads, slow bodies and idle connections end", "[http]") {
  EchoHandler echo;
  HttpServerSettings settings = TestServer::loopback();
  SECTION("never a byte") {
    settings.read_header_timeout = 30ms;
    TestServer server(echo, settings);
    CHECK(RawSocket::to_port(server.port()).ended());
  }
  SECTION("half a head") {
    settings.read_header_timeout = 30ms;
    TestServer server(echo, settings);
    RawSocket client = RawSocket::to_port(server.port());
    client.send("GET / HT");
    CHECK(client.message().status == 408);
    CHECK(client.ended());
  }
  SECTION("half a head behind a request") {
    settings.read_header_timeout = 30ms;
    settings.idle_timeout = 1h;
    TestServer server(echo, settings);
    RawSocket client = RawSocket::to_port(server.port());
    client.send(post("/", "") + "GET / HT");
    CHECK(client.message().status == 200);
    CHECK(client.message().status == 408);
  }
  SECTION("half a body") {
    settings.read_timeout = 30ms;
    TestServer server(echo, settings);
    RawSocket client = RawSocket::to_port(server.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    CHECK(client.message().status == 408);
    CHECK(eventually([&] { return echo.reserved == 0; }));
  }
  SECTION("a body by drops") {
    HttpServerOptions options;
    options.rate_grace = 40ms;
    options.min_bytes_per_second = 1'000'000'000;
    TestServer server(echo, settings, options);
    RawSocket slow = RawSocket::to_port(server.port());
    slow.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n");
    CHECK(eventually([&] { return ::send(slow.fd(), "x", 1, MSG_NOSIGNAL) < 0; }));
    CHECK(eventually([&] { return echo.reserved == 0; }));
  }
  SECTION("idle after a request") {
    settings.idle_timeout = 30ms;
    TestServer server(echo, settings);
    RawSocket client = RawSocket::to_port(server.port());
    CHECK(client.ask(post("/", "")).status == 200);
    CHECK(client.ended());
  }
}

TEST_CASE("http server: a client that never reads its answer is given up", "[http]") {
  EchoHandler echo;
  HttpServerSettings settings = TestServer::loopback();
  HttpServerOptions options;
  SECTION("by write_timeout") {
    settings.write_timeout = 50ms;
  }
  SECTION("by the guard, where the setting is 0") {
    settings.write_timeout = 0s;
    options.stall_timeout = 50ms;
  }
  TestServer server(echo, settings, options);
  RawSocket client = RawSocket::to_port(server.port());
  client.send(post("/", std::string(15'000'000, 'x')));
  size_t sent_all = 0;
  REQUIRE(eventually([&] {  // the server has closed: sending meets a reset
    ++sent_all;
    return ::send(client.fd(), "x", 1, MSG_NOSIGNAL) < 0;
  }));
  CHECK(RawSocket::to_port(server.port()).ask(post("/", "")).status == 200);
}

TEST_CASE("http server: over max_connections the longest idle one makes room", "[http]") {
  EchoHandler echo;
  HttpServerOptions options;
  options.max_connections = 3;
  TestServer server(echo, TestServer::loopback(), options);
  std::vector<RawSocket> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(RawSocket::to_port(server.port()));
    REQUIRE(clients.back().ask(post("/", "")).status == 200);
  }
  RawSocket fourth = RawSocket::to_port(server.port());
  CHECK(fourth.ask(post("/", "")).status == 200);
  CHECK(clients[0].ended());
  CHECK(clients[1].ask(post("/", "")).status == 200);
  CHECK(clients[2].ask(post("/", "")).status == 200);
}

TEST_CASE("http server: over max_connections, all busy, the new one is refused", "[http]") {
  EchoHandler echo;
  echo.keep = true;
  HttpServerOptions options;
  options.max_connections = 2;
  TestServer server(echo, TestServer::loopback(), options);
  std::vector<RawSocket> clients;
  for (size_t i = 0; i < 2; ++i) {
    clients.push_back(RawSocket::to_port(server.port()));
    clients.back().send(post("/", ""));
    REQUIRE(eventually([&] { return echo.kept() == i + 1; }));
  }
  CHECK(RawSocket::to_port(server.port()).ended());
  echo.release_one({.body = "a"});
  echo.release_one({.body = "b"});
  CHECK(clients[0].message().body == "a");
  CHECK(clients[1].message().body == "b");
}

TEST_CASE("http server: 400 idle connections hold no request up", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  std::vector<RawSocket> idle;
  for (int i = 0; i < 400; ++i) idle.push_back(RawSocket::to_port(server.port()));
  RawSocket client = RawSocket::to_port(server.port());
  for (int i = 0; i < 100; ++i) REQUIRE(client.ask(post("/", "x")).status == 200);
  CHECK(idle.front().ask(post("/", "")).status == 200);
  CHECK(idle.back().ask(post("/", "")).status == 200);
}

}  // namespace sluice::net
