// SPDX-License-Identifier: Apache-2.0
// The HTTP client against servers that follow a script: every way in which a destination fails.
#include "plugins/net/http_client.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "plugins/net/certificates_for_tests.h"
#include "plugins/net/http_server_for_tests.h"
#include "plugins/net/sockets_for_tests.h"

namespace sluice::net {
namespace {

using Catch::Matchers::Contains;
using namespace std::chrono_literals;

class Client {
 public:
  explicit Client(HttpClientSettings settings = {}, HttpClientOptions options = {})
      : client_(std::move(settings), std::move(options)) {
    REQUIRE(client_.init() == "");
    client_.start();
  }
  ~Client() { client_.stop(); }  // before what its callbacks use
  void send(const std::string& url, std::string_view body = "hello", std::chrono::nanoseconds timeout = 20s) {
    HttpPost post;
    post.url = url;
    post.headers = {{"Content-Type", "text/plain"}};
    post.body.append(body);
    post.timeout = timeout;
    client_.send(std::move(post), [this](HttpAnswer answer) {
      std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
      more_.notify_all();
    });
  }
  HttpAnswer take() {
    std::unique_lock lock(mutex_);
    REQUIRE(more_.wait_for(lock, 20s, [&] { return !answers_.empty(); }));
    HttpAnswer answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  HttpAnswer ask(const std::string& url, std::string_view body = "hello", std::chrono::nanoseconds timeout = 20s) {
    send(url, body, timeout);
    return take();
  }
  void stop() { client_.stop(); }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<HttpAnswer> answers_;
  HttpClient client_;
};

RawServer::Script answering(std::string response) {
  return [response = std::move(response)](RawSocket& client, int) {
    while (!client.message().head.empty()) client.send(response);
  };
}

std::string ok(const std::string& lines = "", const std::string& body = "") {
  return "HTTP/1.1 200 OK\r\n" + lines + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("http client: what is sent, and what comes back", "[http]") {
  std::string head, body;
  RawServer server([&](RawSocket& client, int) {
    const RawResponse request = client.message();
    head = request.head, body = request.body;
    client.send(ok("Content-Type: text/x\r\nRetry-After: 3\r\n", "answer"));
  });
  HttpClientOptions options;
  options.user_agent = "Sluice/1";
  Client client({}, options);
  const HttpAnswer answer = client.ask(server.url() + "/v1/traces", std::string("a\0b", 3));
  CHECK(answer.status == 200);
  CHECK(answer.body == "answer");
  CHECK(answer.content_type == "text/x");
  CHECK(answer.retry_after == 3s);
  CHECK(head.starts_with("POST /v1/traces HTTP/1.1\r\n"));
  CHECK_THAT(head, Contains("\r\nContent-Type: text/plain\r\n") && Contains("\r\nUser-Agent: Sluice/1\r\n"));
  CHECK_THAT(head, Contains("\r\nHost: 127.0.0.1:" + std::to_string(server.port())));
  CHECK_THAT(head, !Contains("Expect"));
  CHECK(body == std::string("a\0b", 3));
}

TEST_CASE("http client: one connection for many requests, unless keep-alives are off", "[http]") {
  RawServer server(answering(ok()));
  SECTION("kept") {
    Client client;
    for (int i = 0; i < 5; ++i) CHECK(client.ask(server.url()).status == 200);
    CHECK(server.connections() == 1);
  }
  SECTION("not kept") {
    HttpClientSettings settings;
    settings.disable_keep_alives = true;
    Client client(settings);
    for (int i = 0; i < 3; ++i) CHECK(client.ask(server.url()).status == 200);
    CHECK(server.connections() == 3);
  }
}

TEST_CASE("http client: requests go side by side, up to max_conns_per_host", "[http]") {
  EchoHandler echo;
  echo.keep = true;
  TestServer server(echo);
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  SECTION("no limit") {
    Client client;
    for (int i = 0; i < 10; ++i) client.send(url);
    REQUIRE(eventually([&] { return echo.kept() == 10; }));
    for (int i = 0; i < 10; ++i) echo.release_one({.body = "x"});
    for (int i = 0; i < 10; ++i) CHECK(client.take().status == 200);
  }
  SECTION("one at a time") {
    HttpClientSettings settings;
    settings.max_conns_per_host = 1;
    Client client(settings);
    for (int i = 0; i < 5; ++i) client.send(url);
    for (int i = 0; i < 5; ++i) {
      REQUIRE(eventually([&] { return echo.kept() == 1; }));
      echo.release_one({.body = "x"});
      CHECK(client.take().status == 200);
    }
  }
}

TEST_CASE("http client: every status comes back as it is, redirects too", "[http]") {
  Client client;
  for (int status : {204, 301, 307, 400, 404, 413, 429, 500, 502, 503, 504, 599}) {
    RawServer server(answering("HTTP/1.1 " + std::to_string(status) +
                               " X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"));
    CHECK(client.ask(server.url()).status == status);
  }
}

TEST_CASE("http client: nobody listens: an error that says so, certainly not sent", "[http]") {
  uint16_t free_port;
  {
    free_port = RawServer([](auto&, int) {}).port();
  }
  Client client;
  const HttpAnswer answer = client.ask("http://127.0.0.1:" + std::to_string(free_port));
  CHECK(answer.status == 0);
  CHECK_FALSE(answer.maybe_sent);
  CHECK_FALSE(answer.timed_out);
  CHECK_THAT(answer.error, Contains("Connection refused") || Contains("Couldn't connect"));
  CHECK_THAT(client.ask("http://no-such-host.invalid/").error, Contains("resolve"));
  CHECK(client.ask("ftp://127.0.0.1/").status == 0);
}

TEST_CASE("http client: a server that hangs is given up in time, the outcome is unknown", "[http]") {
  RawServer server([](RawSocket& client, int) { client.drain(); });
  Client client;
  const HttpAnswer answer = client.ask(server.url(), "hello", 50ms);
  CHECK(answer.status == 0);
  CHECK(answer.timed_out);
  CHECK(answer.maybe_sent);
  CHECK_THAT(answer.error, Contains("timed out"));
}

TEST_CASE("http client: resets and half answers", "[http]") {
  Client client;
  SECTION("reset instead of an answer") {
    RawServer server([](RawSocket& client, int) {
      client.message();
      client.reset();
    });
    const HttpAnswer answer = client.ask(server.url());
    CHECK(answer.status == 0);
    CHECK(answer.maybe_sent);
  }
  SECTION("the end within the head") {
    RawServer server([](RawSocket& client, int) {
      client.message();
      client.send("HTTP/1.1 200 OK\r\nContent-");
    });
    const HttpAnswer answer = client.ask(server.url());
    CHECK(answer.status == 0);
    CHECK(answer.maybe_sent);
  }
  SECTION("the end within the body: the answer stands") {
    RawServer server([](RawSocket& client, int) {
      client.message();
      client.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    const HttpAnswer answer = client.ask(server.url());
    CHECK(answer.status == 200);
    CHECK(answer.body == "half");
  }
  SECTION("no HTTP at all") {
    RawServer server([](RawSocket& client, int) {
      client.message();
      client.send("220 smtp.example.com ready\r\n");
    });
    CHECK(client.ask(server.url()).status == 0);
  }
}

TEST_CASE("http client: a kept connection that the server has closed is replaced", "[http]") {
  RawServer server([](RawSocket& client, int) {
    client.message();
    client.send(ok());
  });
  Client client;
  for (int i = 0; i < 3; ++i) CHECK(client.ask(server.url()).status == 200);
  CHECK(server.connections() >= 3);
}

TEST_CASE("http client: answers are read up to their limits", "[http]") {
  HttpClientOptions options;
  options.keep_bytes = 10;
  options.max_body_bytes = 100'000;
  Client client({}, options);
  SECTION("a body that is kept in part") {
    RawServer server(answering(ok("", std::string(1000, 'x'))));
    CHECK(client.ask(server.url()).body == "xxxxxxxxxx");
  }
  SECTION("an endless body") {
    RawServer server([](RawSocket& client, int) {
      client.message();
      client.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
      while (client.send(std::string(65536, 'x'))) continue;
    });
    CHECK(client.ask(server.url()).status == 200);
  }
  SECTION("an endless head") {
    RawServer server([](RawSocket& client, int) {
      client.message();
      client.send("HTTP/1.1 200 OK\r\n");
      while (client.send("X-A: " + std::string(1000, 'x') + "\r\n")) continue;
    });
    const HttpAnswer answer = client.ask(server.url());
    CHECK(answer.status == 0);
    CHECK(answer.error == "the head of the answer is too large");
  }
  SECTION("a flood of 100 Continue") {
    RawServer server([](RawSocket& client, int) {
      client.message();
      while (client.send("HTTP/1.1 100 Continue\r\n\r\n")) continue;
    });
    CHECK(client.ask(server.url()).status == 0);
  }
}

TEST_CASE("http client: 100 Continue in front of the answer is no answer", "[http]") {
  RawServer server(answering("HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n" + ok()));
  Client client;
  const HttpAnswer answer = client.ask(server.url());
  CHECK(answer.status == 200);
  CHECK_FALSE(answer.retry_after);
}

TEST_CASE("http client: stop breaks off what is open", "[http]") {
  RawServer server([](RawSocket& client, int) { client.drain(); });
  Client client;
  client.send(server.url());
  REQUIRE(eventually([&] { return server.connections() == 1; }));
  client.stop();
  const HttpAnswer answer = client.take();
  CHECK(answer.status == 0);
  CHECK(answer.error == "the client is stopped");
  CHECK(client.ask(server.url()).error == "the client is stopped");
}

TEST_CASE("http client: through a proxy", "[http]") {
  std::string head;
  RawServer proxy([&](RawSocket& client, int) {
    head = client.message().head;
    client.send(ok());
  });
  SECTION("of the settings") {
    HttpClientSettings settings;
    settings.proxy_url = proxy.url();
    Client client(settings);
    CHECK(client.ask("http://tempo.invalid:4318/v1/traces").status == 200);
    CHECK(head.starts_with("POST http://tempo.invalid:4318/v1/traces HTTP/1.1"));
  }
  SECTION("of the environment, but not to this machine") {
    setenv("HTTP_PROXY", proxy.url().c_str(), 1);
    Client client;
    unsetenv("HTTP_PROXY");
    CHECK(client.ask("http://tempo.invalid:4318/v1/traces").status == 200);
    RawServer here(answering(ok()));
    CHECK(client.ask(here.url()).status == 200);
    CHECK(here.connections() == 1);
  }
}

TEST_CASE("http client: TLS", "[http][tls]") {
  const auto folder = std::filesystem::temp_directory_path() / ("sluice_client_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  };
  const TestAuthority authority, other("another authority");
  const TestIdentity own = authority.issue(), theirs = authority.issue();
  HttpServerSettings served = TestServer::loopback();
  served.tls = TlsServer{};
  served.tls->cert_file = write("cert", own.certificate_pem);
  served.tls->key_file = write("key", own.key_pem);
  HttpClientSettings settings;
  settings.tls.ca_file = write("ca", authority.pem());
  EchoHandler echo;
  auto ask = [&](const std::string& host = "localhost") {
    TestServer server(echo, served);
    return Client(settings).ask("https://" + host + ":" + std::to_string(server.port()) + "/t", "x");
  };
  auto serve = [&](const TestIdentity& identity) {
    served.tls->cert_file = write("cert2", identity.certificate_pem);
    served.tls->key_file = write("key2", identity.key_pem);
  };
  SECTION("trusted") {
    CHECK(ask().body == "POST /t  x");
  }
  SECTION("not trusted") {
    settings.tls.ca_file = write("ca2", other.pem());
    const HttpAnswer answer = ask();
    CHECK(answer.status == 0);
    CHECK_FALSE(answer.maybe_sent);
    CHECK_THAT(answer.error, Contains("certificate"));
  }
  SECTION("not trusted by the system") {
    settings.tls.ca_file.clear();
    CHECK(ask().status == 0);
  }
  SECTION("not verified") {
    settings.tls.ca_file.clear();
    settings.tls.insecure_skip_verify = true;
    CHECK(ask().status == 200);
  }
  SECTION("of another name") {
    serve(authority.issue("DNS:tempo.example.com"));
    CHECK(ask().status == 0);
    settings.tls.server_name_override = "tempo.example.com";
    CHECK(ask().status == 200);
    CHECK(ask("127.0.0.1").status == 200);
  }
  SECTION("expired") {
    serve(authority.issue("DNS:localhost", -60));
    CHECK_THAT(ask().error, Contains("expired"));
  }
  SECTION("mTLS") {
    served.tls->client_ca_file = settings.tls.ca_file;
    CHECK(ask().status == 0);
    settings.tls.cert_file = write("c", theirs.certificate_pem);
    settings.tls.key_file = write("k", theirs.key_pem);
    CHECK(ask().status == 200);
  }
  SECTION("files that are not there") {
    settings.tls.ca_file = "/nonexistent/ca.pem";
    CHECK(HttpClient(settings, {}).init() ==
          "failed to load TLS config: cannot read /nonexistent/ca.pem: No such file or directory");
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("http client: Retry-After", "[http]") {
  constexpr int64_t kNow = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(parse_retry_after("120", kNow) == 120s);
  CHECK(parse_retry_after(" 0 ", kNow) == 0s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", kNow) == 60s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:40:00 GMT", kNow) == 0s);
  CHECK(parse_retry_after("99999999999999999999999", kNow) == 24h);
  CHECK(parse_retry_after("Fri, 31 Dec 2100 23:59:59 GMT", kNow) == 24h);
  for (const char* rubbish : {"", "-5", "soon", "1.5s", "+3", "0x10"}) {
    CAPTURE(rubbish);
    CHECK_FALSE(parse_retry_after(rubbish, kNow));
  }
}

}  // namespace sluice::net
