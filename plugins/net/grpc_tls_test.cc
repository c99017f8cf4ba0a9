// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "plugins/net/certificates_for_tests.h"
#include "plugins/net/grpc_credentials.h"
#include "plugins/net/grpc_for_tests.h"

using namespace sluice;
using namespace sluice::net;
using namespace std::chrono_literals;

namespace {

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("sluice-grpc-tls-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  // By rename, as tools that renew certificates do.
  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = path_ / name;
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
    return path;
  }
  std::string path(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

struct Fixture {
  Folder folder;
  TestAuthority authority;
  TestServer server;

  GrpcServerSettings settings(const TestIdentity& identity) const {
    GrpcServerSettings settings = test_server_settings();
    settings.tls.emplace();
    settings.tls->cert_file = folder.write("server.pem", identity.certificate_pem);
    settings.tls->key_file = folder.write("server.key", identity.key_pem);
    return settings;
  }
  GrpcClientSettings to_server() const {
    GrpcClientSettings settings = test_client_settings(server.port());
    settings.tls = {};
    settings.tls.ca_file = folder.write("ca.pem", authority.pem());
    return settings;
  }
  // A reply's code over a connection of its own.
  static int32_t code(const GrpcClientSettings& settings) {
    TestClient client(settings);
    return call(client, 0, "x").code;
  }
};

template <class Tls>
std::string load_error(Tls tls) {
  std::string error;
  if constexpr (std::same_as<Tls, TlsServer>) {
    CHECK_FALSE(make_server_credentials(tls, error));
  } else {
    CHECK_FALSE(make_channel_credentials(tls, false, error));
  }
  return error;
}

}  // namespace

TEST_CASE("grpc tls: who trusts the authority is served, others are not", "[net][grpc][tls]") {
  Fixture f;
  f.server.start(f.settings(f.authority.issue()));
  CHECK(Fixture::code(f.to_server()) == GRPC_STATUS_OK);

  GrpcClientSettings stranger = f.to_server();
  stranger.tls.ca_file = f.folder.write("other.pem", TestAuthority("other").pem());
  CHECK(Fixture::code(stranger) == GRPC_STATUS_UNAVAILABLE);
  stranger.tls.insecure_skip_verify = true;
  CHECK(Fixture::code(stranger) == GRPC_STATUS_OK);

  CHECK(Fixture::code(test_client_settings(f.server.port())) == GRPC_STATUS_UNAVAILABLE);  // plain text
  GrpcClientSettings https = f.to_server();
  https.endpoint = "https://" + https.endpoint;
  CHECK(Fixture::code(https) == GRPC_STATUS_OK);
  GrpcClientSettings insecure_with_ca = f.to_server();
  insecure_with_ca.tls.insecure = true;  // a CA is a wish for TLS
  CHECK(Fixture::code(insecure_with_ca) == GRPC_STATUS_OK);
}

TEST_CASE("grpc tls: the name in the certificate counts, or the one that is expected instead", "[net][grpc][tls]") {
  Fixture f;
  f.server.start(f.settings(f.authority.issue("DNS:tempo.example")));
  GrpcClientSettings settings = f.to_server();
  CHECK(Fixture::code(settings) == GRPC_STATUS_UNAVAILABLE);
  settings.tls.server_name_override = "tempo.example";
  CHECK(Fixture::code(settings) == GRPC_STATUS_OK);
}

TEST_CASE("grpc tls: an expired certificate is refused", "[net][grpc][tls]") {
  Fixture f;
  f.server.start(f.settings(f.authority.issue("DNS:localhost,IP:127.0.0.1", -60)));
  CHECK(Fixture::code(f.to_server()) == GRPC_STATUS_UNAVAILABLE);
}

TEST_CASE("grpc tls: with client_ca_file only its clients are served", "[net][grpc][tls]") {
  Fixture f;
  const TestAuthority clients("clients");
  GrpcServerSettings server = f.settings(f.authority.issue());
  server.tls->client_ca_file = f.folder.write("clients.pem", clients.pem());
  f.server.start(server);
  GrpcClientSettings settings = f.to_server();
  CHECK(Fixture::code(settings) == GRPC_STATUS_UNAVAILABLE);
  auto present = [&](const TestIdentity& identity) {
    settings.tls.cert_file = f.folder.write("client.pem", identity.certificate_pem);
    settings.tls.key_file = f.folder.write("client.key", identity.key_pem);
    return Fixture::code(settings);
  };
  CHECK(present(f.authority.issue()) == GRPC_STATUS_UNAVAILABLE);
  CHECK(present(clients.issue()) == GRPC_STATUS_OK);
}

TEST_CASE("grpc tls: certificates and keys can be given as text", "[net][grpc][tls]") {
  Fixture f;
  const TestIdentity identity = f.authority.issue();
  auto secret = [](const std::string& text) {
    struct Holder {
      Secret value;
      void settings(Settings& s) { s("value", value, ""); }
    };
    sluice_value child{};
    child.kind = SLUICE_SECRET;
    child.key = {"value", 5};
    child.string = {text.data(), text.size()};
    sluice_value map{};
    map.kind = SLUICE_MAP;
    map.child_count = 1;
    map.children = &child;
    std::vector<Problem> problems;
    return Settings::read_from<Holder>(map, problems).value;
  };
  GrpcServerSettings server = test_server_settings();
  server.tls.emplace();
  server.tls->cert_pem = secret(identity.certificate_pem);
  server.tls->key_pem = secret(identity.key_pem);
  f.server.start(server);
  GrpcClientSettings settings = f.to_server();
  settings.tls.ca_file.clear();
  settings.tls.ca_pem = secret(f.authority.pem());
  CHECK(Fixture::code(settings) == GRPC_STATUS_OK);
}

TEST_CASE("grpc tls: a renewed certificate is used for new connections", "[net][grpc][tls]") {
  Fixture f;
  GrpcServerSettings server = f.settings(f.authority.issue("DNS:old.example"));
  server.tls->reload_interval = 1s;
  f.server.start(server);
  GrpcClientSettings settings = f.to_server();
  settings.tls.server_name_override = "old.example";
  CHECK(Fixture::code(settings) == GRPC_STATUS_OK);
  const TestIdentity renewed = f.authority.issue("DNS:new.example");
  f.folder.write("server.pem", renewed.certificate_pem);
  f.folder.write("server.key", renewed.key_pem);
  settings.tls.server_name_override = "new.example";
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (Fixture::code(settings) != GRPC_STATUS_OK && std::chrono::steady_clock::now() < end) {
  }
  CHECK(Fixture::code(settings) == GRPC_STATUS_OK);
}

TEST_CASE("grpc tls: what is wrong with files is told by their names", "[net][grpc][tls]") {
  Folder folder;
  const TestAuthority authority;
  const TestIdentity one = authority.issue();
  const TestIdentity other = authority.issue();
  TlsServer server;
  server.cert_file = folder.path("missing.pem");
  server.key_file = folder.write("one.key", one.key_pem);
  const std::string failed = "failed to load TLS config: ";
  CHECK(load_error(server) == failed + "cannot read " + server.cert_file + ": No such file or directory");
  server.cert_file = folder.write("text.pem", "not a certificate");
  CHECK(load_error(server) == failed + server.cert_file + " has no certificate in PEM form");
  server.cert_file = folder.write("one.pem", one.certificate_pem);
  server.key_file = folder.write("empty.key", "");
  CHECK(load_error(server) == failed + server.key_file + " has no private key in PEM form");
  server.key_file = folder.write("other.key", other.key_pem);
  CHECK(load_error(server) == failed + server.key_file + " is not the key of " + server.cert_file);
  server.key_file = folder.write("one.key", one.key_pem);
  server.client_ca_file = folder.write("text.pem", "not a certificate");
  CHECK(load_error(server) == failed + server.client_ca_file + " has no certificate in PEM form");
  TlsClient client;
  client.ca_file = folder.write("text.pem", "not a certificate");
  CHECK(load_error(client) == failed + client.ca_file + " has no certificate in PEM form");
}
