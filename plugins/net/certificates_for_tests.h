// SPDX-License-Identifier: Apache-2.0
// Certificates made on the spot for tests of TLS: an authority, and whom it vouches for.
#ifndef SLUICE_PLUGINS_NET_CERTIFICATES_FOR_TESTS_H
#define SLUICE_PLUGINS_NET_CERTIFICATES_FOR_TESTS_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

namespace sluice::net {

struct TestIdentity {
  std::string certificate_pem, key_pem;
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "test authority") : key_(new_key()) {
    certificate_ = make(name, key_.get(), nullptr, "CA:TRUE", "", 3600);
    pem_ = to_pem(certificate_.get());
  }
  const std::string& pem() const { return pem_; }

  // For servers and clients. `names`: "DNS:localhost,IP:127.0.0.1"; a negative life has expired.
  TestIdentity issue(const std::string& names = "DNS:localhost,IP:127.0.0.1", long life_seconds = 3600) const {
    Key key = new_key();
    Certificate certificate = make("test peer", key.get(), this, "CA:FALSE", names, life_seconds);
    std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {to_pem(certificate.get()), text_in(bio.get())};
  }

 private:
  using Key = std::shared_ptr<EVP_PKEY>;
  using Certificate = std::shared_ptr<X509>;

  static Key new_key() { return Key(EVP_EC_gen("P-256"), EVP_PKEY_free); }
  static std::string text_in(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<size_t>(size));
  }
  static std::string to_pem(X509* certificate) {
    std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_X509(bio.get(), certificate);
    return text_in(bio.get());
  }
  static void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
    if (!extension || !X509_add_ext(certificate, extension.get(), -1)) throw std::runtime_error("extension " + value);
  }
  static Certificate make(const std::string& name, EVP_PKEY* key, const TestAuthority* issuer,
                          const std::string& constraints, const std::string& names, long life_seconds) {
    static std::atomic<long> serial{1};
    Certificate certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), life_seconds);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509* signer = issuer ? issuer->certificate_.get() : certificate.get();
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
    extend(certificate.get(), signer, NID_basic_constraints, constraints);
    extend(certificate.get(), signer, NID_subject_key_identifier, "hash");
    if (!names.empty()) extend(certificate.get(), signer, NID_subject_alt_name, names);
    X509_sign(certificate.get(), issuer ? issuer->key_.get() : key, EVP_sha256());
    return certificate;
  }

  Key key_;
  Certificate certificate_;
  std::string pem_;
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_CERTIFICATES_FOR_TESTS_H
