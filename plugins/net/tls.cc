// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace sluice::net {

namespace tls {
void Free::operator()(SSL* p) const {
  SSL_free(p);
}
void Free::operator()(SSL_CTX* p) const {
  SSL_CTX_free(p);
}
void Free::operator()(X509* p) const {
  X509_free(p);
}
void Free::operator()(X509_STORE* p) const {
  X509_STORE_free(p);
}
void Free::operator()(EVP_PKEY* p) const {
  EVP_PKEY_free(p);
}
}  // namespace tls

namespace {

using tls::Material;
using tls::Owned;
using Clock = std::chrono::steady_clock;
constexpr const char* kPrefix = "failed to load TLS config: ";
constexpr auto kLookInterval = std::chrono::seconds(1);  // at client_ca_file, where it is to be watched

struct FreeBio {
  void operator()(BIO* p) const { BIO_free(p); }
};

// Text of a setting that is a file or the text itself; `name` for errors.
std::string text_of(const std::string& file, const Secret& pem, std::string& text, std::string& name) {
  name = file.empty() ? "the PEM text" : file;
  if (file.empty()) {
    text = pem.reveal();
    return {};
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return "cannot read " + file + ": " + std::strerror(errno);
  text.assign(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) return "cannot read " + file + ": " + std::strerror(errno);
  return {};
}

std::string certificates_of(const std::string& text, const std::string& name, std::vector<Owned<X509>>& out) {
  std::unique_ptr<BIO, FreeBio> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) out.emplace_back(certificate);
  const unsigned long end = ERR_peek_last_error();
  const bool clean = ERR_GET_LIB(end) == ERR_LIB_PEM && ERR_GET_REASON(end) == PEM_R_NO_START_LINE;
  if (!clean) return name + ": " + tls_error_text();
  ERR_clear_error();
  if (out.empty()) return name + " has no certificate (no \"-----BEGIN CERTIFICATE-----\")";
  return {};
}

std::string store_of(const std::string& text, const std::string& name, bool system_too, Owned<X509_STORE>& store,
                     std::vector<Owned<X509>>* names) {
  std::vector<Owned<X509>> certificates;
  if (std::string error = certificates_of(text, name, certificates); !error.empty()) return error;
  store.reset(X509_STORE_new());
  for (const auto& certificate : certificates) {
    if (!X509_STORE_add_cert(store.get(), certificate.get())) return name + ": " + tls_error_text();
  }
  if (system_too && !X509_STORE_set_default_paths(store.get())) return "the system's certificates: " + tls_error_text();
  if (names) *names = std::move(certificates);
  return {};
}

std::string load_common(const TlsCommon& s, Material& m) {
  std::string text, name;
  if (s.has_ca()) {
    if (std::string error = text_of(s.ca_file, s.ca_pem, text, name); !error.empty()) return error;
    if (std::string error = store_of(text, name, s.include_system_ca_certs_pool, m.trusted, nullptr); !error.empty()) {
      return "failed to load CA: " + error;
    }
  }
  if (!s.has_certificate()) return {};
  if (std::string error = text_of(s.cert_file, s.cert_pem, text, name); !error.empty()) return error;
  if (std::string error = certificates_of(text, name, m.chain); !error.empty()) {
    return "failed to load TLS cert and key: " + error;
  }
  if (std::string error = text_of(s.key_file, s.key_pem, text, name); !error.empty()) return error;
  std::unique_ptr<BIO, FreeBio> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  auto no_password = [](char*, int, int, void*) { return -1; };  // the default would ask the terminal
  m.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  OPENSSL_cleanse(text.data(), text.size());
  if (!m.key) return "failed to load TLS cert and key: " + name + ": " + tls_error_text();
  if (!X509_check_private_key(m.chain.front().get(), m.key.get())) {
    ERR_clear_error();
    return "failed to load TLS cert and key: the key does not belong to the certificate";
  }
  return {};
}

int protocol(TlsVersion version) {
  switch (version) {
    case TlsVersion::v1_0:
      return TLS1_VERSION;
    case TlsVersion::v1_1:
      return TLS1_1_VERSION;
    case TlsVersion::v1_2:
      return TLS1_2_VERSION;
    case TlsVersion::v1_3:
      return TLS1_3_VERSION;
    case TlsVersion::any:
      break;
  }
  return 0;
}

std::string joined_ciphers(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (name.find("_WITH_") == std::string::npos) continue;  // TLS 1.3: not to be chosen
    if (!list.empty()) list += ':';
    list += OPENSSL_cipher_name(name.c_str());
  }
  return list;
}

// Versions, suites, curves and the own certificate.
std::string apply_common(const TlsCommon& s, const Material& m, SSL_CTX* context) {
  const int lowest = protocol(s.min_version == TlsVersion::any ? TlsVersion::v1_2 : s.min_version);
  SSL_CTX_set_min_proto_version(context, lowest);
  if (s.max_version != TlsVersion::any) SSL_CTX_set_max_proto_version(context, protocol(s.max_version));
  if (lowest < TLS1_2_VERSION) SSL_CTX_set_security_level(context, 0);  // OpenSSL 3 has them at no higher level
  if (const std::string list = joined_ciphers(s.cipher_suites); !list.empty()) {
    if (!SSL_CTX_set_cipher_list(context, list.c_str())) return "cipher_suites: " + tls_error_text();
  }
  std::string curves;
  for (const std::string& curve : s.curve_preferences) {
    if (!curves.empty()) curves += ':';
    curves += curve == "X25519" ? curve : "P-" + curve.substr(1);
  }
  if (!curves.empty() && !SSL_CTX_set1_groups_list(context, curves.c_str())) {
    return "curve_preferences: " + tls_error_text();
  }
  if (m.chain.empty()) return {};
  if (!SSL_CTX_use_certificate(context, m.chain.front().get()) || !SSL_CTX_use_PrivateKey(context, m.key.get())) {
    return "failed to load TLS cert and key: " + tls_error_text();
  }
  for (size_t i = 1; i < m.chain.size(); ++i) {
    if (!SSL_CTX_add1_chain_cert(context, m.chain[i].get())) return "certificate chain: " + tls_error_text();
  }
  return {};
}

// Changes whenever the file is written or replaced.
int64_t version_of(const std::string& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return 0;
  return (info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec) ^ (static_cast<int64_t>(info.st_ino) << 40);
}

bool due(Duration interval, Clock::time_point since) {
  return interval.count() > 0 && Clock::now() - since >= interval;
}

}  // namespace

std::string tls_error_text() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (!error) return "unknown error";
  const char* reason = ERR_reason_error_string(error);
  return reason ? reason : "error " + std::to_string(error);
}

TlsServerContext::TlsServerContext(TlsServer settings, TlsLog log)
    : settings_(std::move(settings)), log_(std::move(log)) {}

std::string TlsServerContext::load() {
  std::lock_guard lock(mutex_);
  loaded_ = looked_ = Clock::now();
  client_ca_version_ = version_of(settings_.client_ca_file);
  std::shared_ptr<SSL_CTX> context;
  if (std::string error = build(context); !error.empty()) return kPrefix + error;
  context_ = std::move(context);
  return {};
}

std::string TlsServerContext::build(std::shared_ptr<SSL_CTX>& out) const {
  Material m;
  if (std::string error = load_common(settings_, m); !error.empty()) return error;
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), tls::Free{});
  if (std::string error = apply_common(settings_, m, context.get()); !error.empty()) return error;
  if (!settings_.client_ca_file.empty()) {
    std::string text, name;
    if (std::string error = text_of(settings_.client_ca_file, {}, text, name); !error.empty()) return error;
    if (std::string error = store_of(text, name, false, m.client_cas, &m.client_ca_names); !error.empty()) {
      return "failed to load client CA: " + error;
    }
    SSL_CTX_set1_cert_store(context.get(), m.client_cas.get());
    for (const auto& ca : m.client_ca_names) SSL_CTX_add_client_CA(context.get(), ca.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  constexpr unsigned char kSession[] = "sluice";
  SSL_CTX_set_session_id_context(context.get(), kSession, sizeof kSession - 1);
  out = std::move(context);
  return {};
}

void TlsServerContext::reload_if_due() {
  bool again = due(settings_.reload_interval, loaded_);
  if (settings_.client_ca_file_reload && due(kLookInterval, looked_)) {
    looked_ = Clock::now();
    const int64_t version = version_of(settings_.client_ca_file);
    again = again || std::exchange(client_ca_version_, version) != version;
  }
  if (!again) return;
  loaded_ = Clock::now();
  std::shared_ptr<SSL_CTX> context;
  if (std::string error = build(context); error.empty()) {
    context_ = std::move(context);
  } else if (log_) {
    log_("failed to reload TLS config, keeping what was loaded: " + error);
  }
}

tls::Owned<SSL> TlsServerContext::accept() {
  std::lock_guard lock(mutex_);
  reload_if_due();
  tls::Owned<SSL> session(context_ ? SSL_new(context_.get()) : nullptr);
  if (session) SSL_set_accept_state(session.get());
  return session;
}

TlsClientContext::TlsClientContext(TlsClient settings, TlsLog log)
    : settings_(std::move(settings)), log_(std::move(log)) {}

std::string TlsClientContext::load() {
  std::lock_guard lock(mutex_);
  loaded_ = Clock::now();
  auto material = std::make_shared<Material>();
  if (std::string error = load_common(settings_, *material); !error.empty()) return kPrefix + error;
  material_ = std::move(material);
  return {};
}

bool TlsClientContext::apply(SSL_CTX* context) {
  std::shared_ptr<const Material> material;
  {
    std::lock_guard lock(mutex_);
    if (due(settings_.reload_interval, loaded_)) {
      loaded_ = Clock::now();
      auto fresh = std::make_shared<Material>();
      if (std::string error = load_common(settings_, *fresh); error.empty()) {
        material_ = std::move(fresh);
      } else if (log_) {
        log_("failed to reload TLS config, keeping what was loaded: " + error);
      }
    }
    material = material_;
  }
  if (!material || !apply_common(settings_, *material, context).empty()) return false;
  if (material->trusted) SSL_CTX_set1_cert_store(context, material->trusted.get());
  return true;
}

}  // namespace sluice::net
