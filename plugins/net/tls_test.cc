// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "plugins/net/certificates_for_tests.h"

namespace sluice::net {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace std::chrono_literals;

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("sluice_tls_test_" + std::to_string(getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return path / name;
  }
};

TlsServer server_settings(const Folder& folder, const TestIdentity& identity) {
  TlsServer settings;
  settings.cert_file = folder.write("cert.pem", identity.certificate_pem);
  settings.key_file = folder.write("key.pem", identity.key_pem);
  return settings;
}

struct Handshake {
  bool done = false;
  std::string serial, version, client_error;
};

// Both ends in memory, the client's context filled by `apply`.
Handshake shake(TlsServerContext& server, TlsClientContext& client) {
  tls::Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  REQUIRE(client.apply(context.get()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  tls::Owned<SSL> ours(SSL_new(context.get())), theirs = server.accept();
  REQUIRE(theirs);
  BIO *left = nullptr, *right = nullptr;
  BIO_new_bio_pair(&left, 0, &right, 0);
  SSL_set_bio(ours.get(), left, left);
  SSL_set_bio(theirs.get(), right, right);
  Handshake result;
  int a = 0, b = 0;
  for (int round = 0; round < 10 && (a != 1 || b != 1); ++round) {
    a = SSL_connect(ours.get());
    if (a != 1 && result.client_error.empty() && SSL_get_error(ours.get(), a) == SSL_ERROR_SSL) {
      result.client_error = tls_error_text();
    }
    ERR_clear_error();
    b = SSL_accept(theirs.get());
  }
  ERR_clear_error();
  result.done = a == 1 && b == 1;
  result.version = SSL_get_version(ours.get());
  if (X509* peer = SSL_get0_peer_certificate(ours.get())) {
    result.serial = std::to_string(ASN1_INTEGER_get(X509_get_serialNumber(peer)));
  }
  return result;
}

TlsClient trusting(const std::string& ca_file) {
  TlsClient settings;
  settings.ca_file = ca_file;
  return settings;
}

}  // namespace

TEST_CASE("tls: a client that trusts the authority gets through, another does not", "[tls]") {
  Folder folder;
  TestAuthority authority, other("another authority");
  TlsServerContext server(server_settings(folder, authority.issue()));
  REQUIRE(server.load() == "");
  TlsClientContext good(trusting(folder.write("ca.pem", authority.pem())));
  REQUIRE(good.load() == "");
  CHECK(shake(server, good).done);
  TlsClientContext bad(trusting(folder.write("other.pem", other.pem())));
  REQUIRE(bad.load() == "");
  const Handshake refused = shake(server, bad);
  CHECK_FALSE(refused.done);
  CHECK(refused.client_error == "certificate verify failed");
}

TEST_CASE("tls: an expired certificate is refused", "[tls]") {
  Folder folder;
  TestAuthority authority;
  TlsServerContext server(server_settings(folder, authority.issue("DNS:localhost", -60)));
  REQUIRE(server.load() == "");
  TlsClientContext client(trusting(folder.write("ca.pem", authority.pem())));
  REQUIRE(client.load() == "");
  CHECK_FALSE(shake(server, client).done);
}

TEST_CASE("tls: mTLS demands a certificate of the right authority", "[tls]") {
  Folder folder;
  TestAuthority authority, strangers("strangers");
  TlsServer settings = server_settings(folder, authority.issue());
  settings.client_ca_file = folder.write("ca.pem", authority.pem());
  TlsServerContext server(settings);
  REQUIRE(server.load() == "");
  TlsClient client = trusting(settings.client_ca_file);
  SECTION("none") {
    TlsClientContext context(client);
    REQUIRE(context.load() == "");
    CHECK_FALSE(shake(server, context).done);
  }
  SECTION("of the authority") {
    const TestIdentity identity = authority.issue();
    client.cert_file = folder.write("c.pem", identity.certificate_pem);
    client.key_file = folder.write("c.key", identity.key_pem);
    TlsClientContext context(client);
    REQUIRE(context.load() == "");
    CHECK(shake(server, context).done);
  }
  SECTION("of another") {
    const TestIdentity identity = strangers.issue();
    client.cert_file = folder.write("c.pem", identity.certificate_pem);
    client.key_file = folder.write("c.key", identity.key_pem);
    TlsClientContext context(client);
    REQUIRE(context.load() == "");
    CHECK_FALSE(shake(server, context).done);
  }
}

TEST_CASE("tls: versions, suites and curves are those of the settings", "[tls]") {
  Folder folder;
  TestAuthority authority;
  TlsServer settings = server_settings(folder, authority.issue());
  const std::string ca = folder.write("ca.pem", authority.pem());
  TlsClient client = trusting(ca);
  SECTION("the highest version by default") {
    TlsServerContext server(settings);
    TlsClientContext context(client);
    REQUIRE((server.load() == "" && context.load() == ""));
    CHECK(shake(server, context).version == "TLSv1.3");
  }
  SECTION("max_version") {
    settings.max_version = TlsVersion::v1_2;
    settings.cipher_suites = {"TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
    settings.curve_preferences = {"X25519", "P256"};
    TlsServerContext server(settings);
    TlsClientContext context(client);
    REQUIRE((server.load() == "" && context.load() == ""));
    CHECK(shake(server, context).version == "TLSv1.2");
  }
  SECTION("nothing in common") {
    settings.max_version = TlsVersion::v1_2;
    client.min_version = TlsVersion::v1_3;
    TlsServerContext server(settings);
    TlsClientContext context(client);
    REQUIRE((server.load() == "" && context.load() == ""));
    CHECK_FALSE(shake(server, context).done);
  }
}

TEST_CASE("tls: what is wrong with the files is said, with the file's name", "[tls]") {
  Folder folder;
  TestAuthority authority;
  const TestIdentity one = authority.issue(), two = authority.issue();
  TlsServer settings = server_settings(folder, one);
  SECTION("not there") {
    settings.cert_file = "/nonexistent/cert.pem";
    CHECK(TlsServerContext(settings).load() ==
          "failed to load TLS config: cannot read /nonexistent/cert.pem: No such file or directory");
  }
  SECTION("no certificate in it") {
    settings.cert_file = folder.write("empty.pem", "hello\n");
    CHECK_THAT(TlsServerContext(settings).load(), Contains("empty.pem has no certificate"));
  }
  SECTION("a damaged certificate") {
    settings.cert_file = folder.write("bad.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    CHECK_THAT(TlsServerContext(settings).load(), StartsWith("failed to load TLS config: ") && Contains("bad.pem"));
  }
  SECTION("the key of another certificate") {
    settings.key_file = folder.write("two.pem", two.key_pem);
    CHECK_THAT(TlsServerContext(settings).load(), Contains("the key does not belong to the certificate"));
  }
  SECTION("no CA in the CA's file") {
    CHECK_THAT(TlsClientContext(trusting(folder.write("x", ""))).load(), Contains("failed to load CA: "));
  }
}

TEST_CASE("tls: certificates are read again after reload_interval, a broken one changes nothing", "[tls]") {
  Folder folder;
  TestAuthority authority;
  TlsServer settings = server_settings(folder, authority.issue());
  settings.reload_interval = 1ns;
  std::vector<std::string> log;
  TlsServerContext server(settings, [&](const std::string& text) { log.push_back(text); });
  REQUIRE(server.load() == "");
  TlsClientContext client(trusting(folder.write("ca.pem", authority.pem())));
  REQUIRE(client.load() == "");
  const std::string first = shake(server, client).serial;
  server_settings(folder, authority.issue());
  const std::string second = shake(server, client).serial;
  CHECK(first != second);
  folder.write("cert.pem", "rubbish");
  CHECK(shake(server, client).serial == second);
  REQUIRE(log.size() == 1);
  CHECK_THAT(log[0], StartsWith("failed to reload TLS config, keeping what was loaded: ") && Contains("cert.pem"));
}

}  // namespace sluice::net
