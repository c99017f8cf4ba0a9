// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/grpc_credentials.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>

#include "plugins/net/grpc_runtime.h"

namespace sluice::net {
namespace {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Provider = std::unique_ptr<grpc_tls_certificate_provider, Free<grpc_tls_certificate_provider_release>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

constexpr const char* kSystemCertificates = "/etc/ssl/certs/ca-certificates.crt";

struct Pem {
  std::string ca, certificate, key;
};

std::string read_file(const std::string& path, std::string& error) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open()) error = "failed to load TLS config: cannot read " + path + ": " + std::strerror(errno);
  return text;
}

std::string text_of(const std::string& path, const Secret& pem, std::string& error) {
  return path.empty() ? std::string(pem.reveal()) : read_file(path, error);
}

Bio reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate first_certificate(const std::string& pem) {
  ERR_clear_error();
  Certificate found(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return found;
}

// Without it OpenSSL would ask at the terminal for the password of an encrypted key.
int no_password(char*, int, int, void*) {
  return 0;
}

std::string name_of(const std::string& file, const char* key) {
  return file.empty() ? key : file;
}

// What is wrong with the texts; empty: nothing.
std::string check(const TlsCommon& tls, const Pem& pem) {
  const std::string failed = "failed to load TLS config: ";
  if (!pem.ca.empty() && !first_certificate(pem.ca)) {
    return failed + name_of(tls.ca_file, "ca_pem") + " has no certificate in PEM form";
  }
  if (pem.certificate.empty()) return {};
  Certificate certificate = first_certificate(pem.certificate);
  if (!certificate) return failed + name_of(tls.cert_file, "cert_pem") + " has no certificate in PEM form";
  Key key(PEM_read_bio_PrivateKey(reader(pem.key).get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!key) return failed + name_of(tls.key_file, "key_pem") + " has no private key in PEM form";
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return failed + name_of(tls.key_file, "key_pem") + " is not the key of " + name_of(tls.cert_file, "cert_pem");
  }
  return {};
}

Pem load(const TlsCommon& tls, std::string& error) {
  Pem pem;
  pem.ca = text_of(tls.ca_file, tls.ca_pem, error);
  if (error.empty()) pem.certificate = text_of(tls.cert_file, tls.cert_pem, error);
  if (error.empty()) pem.key = text_of(tls.key_file, tls.key_pem, error);
  if (error.empty()) error = check(tls, pem);
  if (error.empty() && tls.include_system_ca_certs_pool && tls.has_ca()) {
    pem.ca += '\n' + read_file(kSystemCertificates, error);
  }
  return pem;
}

Provider fixed(const std::string& ca, const Pem& pem) {
  grpc_tls_identity_pairs* pairs = nullptr;
  if (!pem.certificate.empty()) {
    pairs = grpc_tls_identity_pairs_create();
    grpc_tls_identity_pairs_add_pair(pairs, pem.key.c_str(), pem.certificate.c_str());
  }
  return Provider(grpc_tls_certificate_provider_static_data_create(ca.empty() ? nullptr : ca.c_str(), pairs));
}

Provider watched(const TlsCommon& tls, const std::string& ca_file, Duration interval) {
  const auto seconds = std::max(std::chrono::ceil<std::chrono::seconds>(interval), std::chrono::seconds(1));
  auto path = [](const std::string& p) { return p.empty() ? nullptr : p.c_str(); };
  return Provider(grpc_tls_certificate_provider_file_watcher_create(
      path(tls.key_file), path(tls.cert_file), path(ca_file), static_cast<unsigned>(seconds.count())));
}

}  // namespace

ServerCredentials make_server_credentials(const std::optional<TlsServer>& tls, std::string& error) {
  start_grpc();
  if (!tls) return ServerCredentials(grpc_insecure_server_credentials_create());
  const Pem pem = load(*tls, error);
  std::string clients;
  if (error.empty() && !tls->client_ca_file.empty()) {
    clients = read_file(tls->client_ca_file, error);
    if (error.empty() && !first_certificate(clients)) {
      error = "failed to load TLS config: " + tls->client_ca_file + " has no certificate in PEM form";
    }
  }
  if (!error.empty()) return nullptr;

  constexpr Duration kWatchInterval = std::chrono::seconds(10);
  const bool watch = tls->reload_interval.count() > 0 || tls->client_ca_file_reload;
  const Duration interval = tls->reload_interval.count() > 0 ? tls->reload_interval : kWatchInterval;
  const Provider provider = watch ? watched(*tls, tls->client_ca_file, interval) : fixed(clients, pem);
  grpc_tls_credentials_options* options = grpc_tls_credentials_options_create();
  grpc_tls_credentials_options_set_certificate_provider(options, provider.get());
  grpc_tls_credentials_options_watch_identity_key_cert_pairs(options);
  if (!clients.empty()) {
    grpc_tls_credentials_options_watch_root_certs(options);
    grpc_tls_credentials_options_set_cert_request_type(options,
                                                       GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return ServerCredentials(grpc_tls_server_credentials_create(options));
}

ChannelCredentials make_channel_credentials(const TlsClient& tls, bool always_tls, std::string& error) {
  start_grpc();
  // As upstream: a CA is a wish for TLS that `insecure` does not overrule.
  if (tls.insecure && !tls.has_ca() && !always_tls) return ChannelCredentials(grpc_insecure_credentials_create());
  const Pem pem = load(tls, error);
  if (!error.empty()) return nullptr;

  const bool watch = tls.reload_interval.count() > 0 && !tls.cert_file.empty() &&
                     (!tls.has_ca() || (!tls.ca_file.empty() && !tls.include_system_ca_certs_pool));
  grpc_tls_credentials_options* options = grpc_tls_credentials_options_create();
  if (!pem.ca.empty() || !pem.certificate.empty()) {
    const Provider provider = watch ? watched(tls, tls.ca_file, tls.reload_interval) : fixed(pem.ca, pem);
    grpc_tls_credentials_options_set_certificate_provider(options, provider.get());
    if (!pem.ca.empty()) grpc_tls_credentials_options_watch_root_certs(options);
    if (!pem.certificate.empty()) grpc_tls_credentials_options_watch_identity_key_cert_pairs(options);
  }
  if (tls.insecure_skip_verify) {
    grpc_tls_credentials_options_set_verify_server_cert(options, 0);
    grpc_tls_credentials_options_set_check_call_host(options, 0);
    grpc_tls_certificate_verifier* nobody = grpc_tls_certificate_verifier_no_op_create();
    grpc_tls_credentials_options_set_certificate_verifier(options, nobody);
    grpc_tls_certificate_verifier_release(nobody);
  }
  return ChannelCredentials(grpc_tls_credentials_create(options));
}

}  // namespace sluice::net
