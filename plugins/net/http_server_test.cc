// SPDX-License-Identifier: Apache-2.0
// The HTTP server over real sockets: what it answers. Its limits and deadlines: http_server_limits_test.cc.
#include "plugins/net/http_server.h"

#include <openssl/ssl.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "plugins/net/certificates_for_tests.h"
#include "plugins/net/compression.h"
#include "plugins/net/http_server_for_tests.h"
#include "plugins/net/sockets_for_tests.h"
#include "plugins/net/tls.h"

namespace sluice::net {

using namespace std::chrono_literals;

TEST_CASE("http server: request and answer, several on one connection", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  RawSocket client = RawSocket::to_port(server.port());
  RawResponse first = client.ask(post("/a?b=c", "hello"));
  CHECK(first.status == 200);
  CHECK(first.body == "POST /a b=c hello");
  CHECK(first.field("Content-Type") == "text/plain; charset=utf-8");
  CHECK(first.field("Connection") == "keep-alive");
  CHECK(first.field("Date").ends_with(" GMT"));
  CHECK(client.ask("GET /x HTTP/1.1\r\nHost: h\r\n\r\n").body == "GET /x  ");
  CHECK(client.ask(post("/empty", "")).body == "POST /empty  ");
}

TEST_CASE("http server: each answer is told, with what went over the wire", "[http]") {
  struct Counting final : EchoHandler {
    std::mutex mutex;
    std::vector<std::string> told;
    void answered(const HttpExchange& exchange) override {
      std::lock_guard lock(mutex);
      told.push_back(std::string(exchange.request.path) + ' ' + std::to_string(exchange.status) + ' ' +
                     std::to_string(exchange.request_bytes) + ' ' + std::to_string(exchange.response_bytes));
      CHECK(exchange.duration.count() > 0);
    }
  } echo;
  TestServer server(echo);
  RawSocket client = RawSocket::to_port(server.port());
  CHECK(client.ask(post("/a", "hello")).body == "POST /a  hello");
  CHECK(client.ask("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").status ==
        200);
  CHECK(client.ask("GET /refuse HTTP/1.1\r\nHost: h\r\n\r\n").status == 404);
  CHECK(client.ask("no request\r\n\r\n").status == 400);
  std::lock_guard lock(echo.mutex);
  CHECK(echo.told == std::vector<std::string>{"/a 200 5 14", "/c 200 3 12", "/refuse 404 0 13"});
}

TEST_CASE("http server: pipelined requests are answered in order", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  RawSocket client = RawSocket::to_port(server.port());
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += i % 2 ? post("/" + std::to_string(i), "x")
                 : "POST /" + std::to_string(i) +
                       " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
  }
  client.send(all);
  for (int i = 0; i < 20; ++i) CHECK(client.message().body == "POST /" + std::to_string(i) + "  x");
}

TEST_CASE("http server: a request may come byte by byte", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  RawSocket client = RawSocket::to_port(server.port());
  for (char c : post("/slow", "body")) client.send({&c, 1});
  CHECK(client.message().body == "POST /slow  body");
  for (char c :
       std::string("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")) {
    client.send({&c, 1});
  }
  CHECK(client.message().body == "POST /c  abc");
}

TEST_CASE("http server: large bodies and large answers", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  const std::string large(5'000'000, 'x');
  RawSocket client = RawSocket::to_port(server.port());
  CHECK(client.ask(post("/", large)).body.size() == large.size() + 8);
  std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 50; ++i) chunked += "186a0\r\n" + large.substr(0, 100'000) + "\r\n";
  CHECK(client.ask(chunked + "0\r\n\r\n").body.size() == large.size() + 8);
  CHECK(echo.reserved == 0);
}

TEST_CASE("http server: answers from other threads, and late ones", "[http]") {
  EchoHandler echo;
  echo.keep = true;
  TestServer server(echo);
  RawSocket one = RawSocket::to_port(server.port()), two = RawSocket::to_port(server.port());
  one.send(post("/one", ""));
  REQUIRE(eventually([&] { return echo.kept() == 1; }));
  two.send(post("/two", ""));
  REQUIRE(eventually([&] { return echo.kept() == 2; }));
  std::thread other([&] {
    echo.release_one({.body = "first"});
    echo.release_one({.body = "second"});
  });
  CHECK(two.message().body == "second");
  CHECK(one.message().body == "first");
  other.join();

  one.send(post("/gone", ""));
  REQUIRE(eventually([&] { return echo.kept() == 1; }));
  one.reset();
  echo.release_one({.body = "too late"});
  echo.keep = false;
  CHECK(two.ask(post("/still", "")).status == 200);
}

TEST_CASE("http server: a dropped reply and a handler that throws say 500", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  RawSocket client = RawSocket::to_port(server.port());
  CHECK(client.ask(post("/throw", "")).status == 500);
  CHECK(client.ask(post("/drop", "")).status == 500);
  CHECK(client.ask(post("/throw-early", "")).status == 500);
  CHECK(client.ask(post("/ok", "")).status == 200);
}

TEST_CASE("http server: refused before the body, the body is not read", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  SECTION("with a body to come, the connection ends") {
    RawSocket client = RawSocket::to_port(server.port());
    client.send("POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n");
    const RawResponse response = client.message();
    CHECK(response.status == 404);
    CHECK(response.field("Connection") == "close");
    CHECK(client.ended());
  }
  SECTION("with the body here already, it goes on") {
    RawSocket client = RawSocket::to_port(server.port());
    CHECK(client.ask(post("/refuse", "hello")).status == 404);
    CHECK(client.ask(post("/ok", "")).status == 200);
  }
  SECTION("an answer is not lost although the client is still sending") {
    RawSocket client = RawSocket::to_port(server.port());
    client.send("POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n" + std::string(400'000, 'x'));
    CHECK(client.message().status == 404);
  }
}

TEST_CASE("http server: Expect: 100-continue", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  RawSocket client = RawSocket::to_port(server.port());
  client.send("POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  CHECK(client.message(true).status == 100);
  CHECK(client.ask("abc").body == "POST /e  abc");
  client.send("POST /refuse HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  CHECK(client.message().status == 404);
}

TEST_CASE("http server: HEAD has no body, HTTP/1.0 and Connection: close end", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  RawSocket client = RawSocket::to_port(server.port());
  client.send("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n");
  const RawResponse head = client.message(true);
  CHECK(head.field("Content-Length") == "9");
  CHECK(client.ask("GET /x HTTP/1.0\r\n\r\n").field("Connection") == "close");
  CHECK(client.ended());
  RawSocket other = RawSocket::to_port(server.port());
  CHECK(other.ask("GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").field("Connection") == "close");
  CHECK(other.ended());
}

TEST_CASE("http server: keep_alives_enabled off ends each connection", "[http]") {
  EchoHandler echo;
  HttpServerSettings settings = TestServer::loopback();
  settings.keep_alives_enabled = false;
  TestServer server(echo, settings);
  RawSocket client = RawSocket::to_port(server.port());
  CHECK(client.ask(post("/", "")).field("Connection") == "close");
  CHECK(client.ended());
}

TEST_CASE("http server: compressed bodies arrive decompressed", "[http][compression]") {
  EchoHandler echo;
  TestServer server(echo);
  RawSocket client = RawSocket::to_port(server.port());
  const std::string plain(100'000, 'z');
  for (const char* name : {"gzip", "zstd", "zlib", "deflate", "snappy", "x-snappy-framed", "lz4", "identity"}) {
    CAPTURE(name);
    ByteBuffer packed;
    REQUIRE(compress(*codec_of(name), 0, plain, packed) == CodecStatus::ok);
    const RawResponse response =
        client.ask(post("/", std::string(packed.view()), std::string("Content-Encoding: ") + name + "\r\n"));
    CHECK(response.status == 200);
    CHECK(response.body.size() == plain.size() + 8);
  }
  CHECK(echo.reserved == 0);
}

TEST_CASE("http server: encodings that are unknown, not allowed, or broken", "[http][compression]") {
  EchoHandler echo;
  HttpServerSettings settings = TestServer::loopback();
  settings.compression_algorithms = {"", "gzip"};
  TestServer server(echo, settings);
  RawSocket client = RawSocket::to_port(server.port());
  RawResponse response = client.ask(post("/", "x", "Content-Encoding: br\r\n"));
  CHECK(response.status == 400);
  CHECK(response.body == "unsupported Content-Encoding: br\n");
  CHECK(client.ask(post("/", "x", "Content-Encoding: zstd\r\n")).status == 400);
  CHECK(client.ask(post("/", "x", "Content-Encoding: gzip, gzip\r\n")).status == 400);
  response = client.ask(post("/", "not gzip", "Content-Encoding: gzip\r\n"));
  CHECK(response.status == 400);
  CHECK(response.body == "compressed request body is damaged or cut off\n");
  CHECK(client.ask(post("/", "x")).status == 200);
  CHECK(echo.reserved == 0);
}

TEST_CASE("http server: response_headers and CORS", "[http][cors]") {
  EchoHandler echo;
  HttpServerSettings settings = TestServer::loopback();
  settings.cors = Cors{};
  settings.cors->allowed_origins = {"http://*.example.com"};
  settings.cors->exposed_headers = {"X-Own"};
  TestServer server(echo, settings);
  RawSocket client = RawSocket::to_port(server.port());
  const RawResponse asked = client.ask(
      "OPTIONS /v1/traces HTTP/1.1\r\nHost: h\r\nOrigin: http://a.example.com\r\n"
      "Access-Control-Request-Method: POST\r\n\r\n");
  CHECK(asked.status == 204);
  CHECK(asked.field("Access-Control-Allow-Origin") == "http://a.example.com");
  const RawResponse response = client.ask(post("/", "", "Origin: http://a.example.com\r\n"));
  CHECK(response.status == 200);
  CHECK(response.field("Access-Control-Allow-Origin") == "http://a.example.com");
  CHECK(response.field("Access-Control-Expose-Headers") == "X-Own");
  CHECK(client.ask(post("/", "", "Origin: http://evil\r\n")).field("Access-Control-Allow-Origin").empty());
}

TEST_CASE("http server: an address that is taken is an error with the address", "[http]") {
  EchoHandler echo;
  TestServer server(echo);
  HttpServerSettings settings;
  settings.endpoint = "127.0.0.1:" + std::to_string(server.port());
  CHECK(HttpServer(settings, echo).start() == "listen on " + settings.endpoint + ": address already in use");
  settings.endpoint = "127.0.0.1";
  CHECK(HttpServer(settings, echo).start() == "listen on 127.0.0.1: the port is missing");
  settings.endpoint = "198.51.100.1:0";
  CHECK(HttpServer(settings, echo).start() == "listen on 198.51.100.1:0: this host has no such address");
}

TEST_CASE("http server: a unix socket", "[http]") {
  EchoHandler echo;
  const auto path = std::filesystem::temp_directory_path() / ("sluice_http_" + std::to_string(getpid()) + ".sock");
  HttpServerSettings settings;
  settings.endpoint = path;
  settings.transport = Transport::unix_socket;
  {
    HttpServer server(settings, echo);
    REQUIRE(server.start() == "");
    CHECK(HttpServer(settings, echo).start() == "listen on " + path.string() + ": address already in use");
    RawSocket client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(client.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(client.ask(post("/u", "")).body == "POST /u  ");
  }
  CHECK_FALSE(std::filesystem::exists(path));

  settings.endpoint = "@" + path.filename().string();  // a name without a file
  HttpServer nameless(settings, echo);
  REQUIRE(nameless.start() == "");
  CHECK(HttpServer(settings, echo).start() == "listen on " + settings.endpoint + ": address already in use");
}

TEST_CASE("http server: drain answers what is in hand and takes nothing more", "[http]") {
  EchoHandler echo;
  echo.keep = true;
  TestServer server(echo);
  RawSocket idle = RawSocket::to_port(server.port()), busy = RawSocket::to_port(server.port());
  busy.send(post("/busy", ""));
  REQUIRE(eventually([&] { return echo.kept() == 1; }));
  server->drain();
  CHECK(idle.ended());
  std::thread stopper([&] { server->stop(std::chrono::steady_clock::now() + 20s); });
  echo.release_one({.body = "done"});
  const RawResponse last = busy.message();
  CHECK(last.body == "done");
  CHECK(last.field("Connection") == "close");
  busy.close();
  stopper.join();
  CHECK_THROWS(RawSocket::to_port(server.port()));
}

TEST_CASE("http server: stop at its deadline leaves nobody waiting, late answers go nowhere", "[http]") {
  EchoHandler echo;
  echo.keep = true;
  auto server = std::make_unique<TestServer>(echo);
  RawSocket client = RawSocket::to_port(server->port());
  client.send(post("/held", ""));
  REQUIRE(eventually([&] { return echo.kept() == 1; }));
  (*server)->stop(std::chrono::steady_clock::now() + 10ms);
  CHECK(client.ended());
  server.reset();
  echo.release_one({.body = "nobody is there"});
}

TEST_CASE("http server: many clients, two threads, answers from a third", "[http]") {
  EchoHandler echo;
  HttpServerOptions options;
  options.threads = 2;
  TestServer server(echo, TestServer::loopback(), options);
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&, c] {
      RawSocket client = RawSocket::to_port(server.port());
      for (int i = 0; i < 100; ++i) {
        const std::string body(static_cast<size_t>(c * 1000 + i), 'a');
        good += client.ask(post("/p", body)).body == "POST /p  " + body;
      }
    });
  }
  for (auto& client : clients) client.join();
  CHECK(good == 800);
  CHECK(echo.reserved == 0);
}

TEST_CASE("http server: TLS and mTLS", "[http][tls]") {
  const auto folder = std::filesystem::temp_directory_path() / ("sluice_https_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  };
  const TestAuthority authority;
  const TestIdentity own = authority.issue(), theirs = authority.issue();
  EchoHandler echo;
  HttpServerSettings settings = TestServer::loopback();
  settings.tls = TlsServer{};
  settings.tls->cert_file = write("cert", own.certificate_pem);
  settings.tls->key_file = write("key", own.key_pem);
  settings.tls->client_ca_file = write("ca", authority.pem());
  TestServer server(echo, settings);

  auto ask = [&](bool with_certificate, const std::string& body) {
    tls::Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
    if (with_certificate) {
      SSL_CTX_use_certificate_file(context.get(), write("c", theirs.certificate_pem).c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context.get(), write("k", theirs.key_pem).c_str(), SSL_FILETYPE_PEM);
    }
    RawSocket socket = RawSocket::to_port(server.port());
    tls::Owned<SSL> session(SSL_new(context.get()));
    SSL_set_fd(session.get(), socket.fd());
    std::string answer;
    if (SSL_connect(session.get()) == 1) {
      const std::string request = post("/tls", body, "Connection: close\r\n");
      SSL_write(session.get(), request.data(), static_cast<int>(request.size()));
      char bytes[16384];
      for (int got; (got = SSL_read(session.get(), bytes, sizeof bytes)) > 0;)
        answer.append(bytes, static_cast<size_t>(got));
    }
    return answer;
  };
  CHECK(ask(true, "secret").ends_with("POST /tls  secret"));
  const std::string large(1'000'000, 'l');
  CHECK(ask(true, large).ends_with(large));
  CHECK(ask(false, "secret").empty());
  CHECK(RawSocket::to_port(server.port()).ask(post("/plain", "")).status == 0);

  settings.tls->key_file = write("wrong", authority.issue().key_pem);
  CHECK_THAT(HttpServer(settings, echo).start(), Catch::Matchers::StartsWith("failed to load TLS config: "));
  std::filesystem::remove_all(folder);
}

}  // namespace sluice::net
