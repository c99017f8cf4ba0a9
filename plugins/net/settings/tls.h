// SPDX-License-Identifier: Apache-2.0
// Settings of TLS, the same for every component that listens or connects: which certificates, which versions of the
// protocol, whom to trust. plugins/net/tls.h makes OpenSSL contexts of them, plugins/net/grpc gRPC's credentials.
#ifndef SLUICE_PLUGINS_NET_SETTINGS_TLS_H
#define SLUICE_PLUGINS_NET_SETTINGS_TLS_H

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdk/settings.h"

namespace sluice::net {

enum class TlsVersion : uint8_t { any, v1_0, v1_1, v1_2, v1_3 };

// The suites that cipher_suites may name: Go's list, as upstream. Those of TLS 1.3 are always on.
inline bool is_cipher_suite(std::string_view name, bool insecure_too) {
  constexpr std::string_view kSecure[] = {"TLS_AES_128_GCM_SHA256",
                                          "TLS_AES_256_GCM_SHA384",
                                          "TLS_CHACHA20_POLY1305_SHA256",
                                          "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
                                          "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                                          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                                          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                                          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                                          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                                          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                                          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                                          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"};
  constexpr std::string_view kInsecure[] = {
      "TLS_RSA_WITH_AES_128_CBC_SHA",         "TLS_RSA_WITH_AES_256_CBC_SHA",
      "TLS_RSA_WITH_AES_128_CBC_SHA256",      "TLS_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_RSA_WITH_AES_256_GCM_SHA384",      "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
      "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"};
  auto in = [&](const auto& list) { return std::find(std::begin(list), std::end(list), name) != std::end(list); };
  return in(kSecure) || (insecure_too && in(kInsecure));
}

// What both ends have. Certificates and keys come from a file or as text, never both.
struct TlsCommon {
  std::string ca_file, cert_file, key_file;
  Secret ca_pem, cert_pem, key_pem;
  bool include_system_ca_certs_pool = false;
  TlsVersion min_version = TlsVersion::v1_2;
  TlsVersion max_version = TlsVersion::any;
  std::vector<std::string> cipher_suites;
  bool include_insecure_cipher_suites = false;
  std::vector<std::string> curve_preferences;
  Duration reload_interval{0};

  bool has_ca() const { return !ca_file.empty() || !ca_pem.empty(); }
  bool has_certificate() const { return !cert_file.empty() || !cert_pem.empty(); }
  bool has_key() const { return !key_file.empty() || !key_pem.empty(); }

  void settings(Settings& s) {
    s("ca_file", ca_file, "Certificates to trust, PEM; they replace the system's.").format("path");
    s("ca_pem", ca_pem, "The same as text.");
    s("cert_file", cert_file, "Own certificate, PEM, with its chain behind it.").format("path");
    s("cert_pem", cert_pem, "The same as text.");
    s("key_file", key_file, "Key of the own certificate, PEM.").format("path");
    s("key_pem", key_pem, "The same as text.");
    s("include_system_ca_certs_pool", include_system_ca_certs_pool,
      "Trust the system's certificates too where a CA is given.");
    s("min_version", min_version, "Lowest version of TLS.",
      {{"", TlsVersion::any},
       {"1.0", TlsVersion::v1_0},
       {"1.1", TlsVersion::v1_1},
       {"1.2", TlsVersion::v1_2},
       {"1.3", TlsVersion::v1_3}});
    s("max_version", max_version, "Highest version of TLS; empty: the highest there is.",
      {{"", TlsVersion::any},
       {"1.0", TlsVersion::v1_0},
       {"1.1", TlsVersion::v1_1},
       {"1.2", TlsVersion::v1_2},
       {"1.3", TlsVersion::v1_3}});
    s("cipher_suites", cipher_suites, "Cipher suites up to TLS 1.2, by their IANA names; empty: a safe choice.")
        .unique()
        .example("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    s("include_insecure_cipher_suites", include_insecure_cipher_suites, "Let cipher_suites name weak ones too.");
    s("curve_preferences", curve_preferences, "Key exchange, best first: X25519, P256, P384, P521.").unique();
    s("reload_interval", reload_interval, "Read the certificate and its key again after this long; 0: never.").min({});
    s.unsupported("tpm", "keys in a TPM are not supported yet");
    s.rules()
        .at_most_one({"ca_file", "ca_pem"}, "provide either a CA file or the PEM-encoded string, but not both")
        .at_most_one({"cert_file", "cert_pem"}, "provide either certificate file or PEM, but not both")
        .at_most_one({"key_file", "key_pem"}, "provide either key file or PEM, but not both");
    s.check(max_version == TlsVersion::any || min_version <= max_version, "min_version",
            "invalid TLS configuration: min_version cannot be greater than max_version");
    for (const std::string& suite : cipher_suites) {
      s.check(is_cipher_suite(suite, include_insecure_cipher_suites), "cipher_suites",
              "invalid TLS cipher suite: \"" + suite + "\"" +
                  (is_cipher_suite(suite, true) ? "; it is weak: include_insecure_cipher_suites lets it in" : ""));
    }
    for (const std::string& curve : curve_preferences) {
      constexpr const char* kKnown[] = {"X25519", "P256", "P384", "P521"};
      s.check(curve != "X25519MLKEM768", "curve_preferences",
              "X25519MLKEM768 is not supported yet; the TLS library of this build knows X25519, P256, P384, P521");
      s.check(curve == "X25519MLKEM768" || std::find(std::begin(kKnown), std::end(kKnown), curve) != std::end(kKnown),
              "curve_preferences", "invalid TLS curve: \"" + curve + "\"; known are X25519, P256, P384, P521");
    }
  }
};

struct TlsServer : TlsCommon {
  std::string client_ca_file;
  bool client_ca_file_reload = false;

  void settings(Settings& s) {
    TlsCommon::settings(s);
    s("client_ca_file", client_ca_file, "Demand a certificate of each client, signed by one of these (mTLS).")
        .format("path");
    s("client_ca_file_reload", client_ca_file_reload, "Read client_ca_file again when it changes.");
    s.check(has_certificate() && has_key(), "cert_file",
            "TLS configuration must include both certificate and key for server connections");
  }
};

struct TlsClient : TlsCommon {
  bool insecure = false;
  bool insecure_skip_verify = false;
  std::string server_name_override;

  void settings(Settings& s) {
    TlsCommon::settings(s);
    s("insecure", insecure, "Connect without TLS.");
    s("insecure_skip_verify", insecure_skip_verify, "Do not verify the server's certificate: anybody can be it.");
    s("server_name_override", server_name_override, "Name to expect in the server's certificate.");
    s.check(has_certificate() == has_key(), "cert_file",
            "TLS configuration must include both certificate and key (CertFile/CertPem and KeyFile/KeyPem)");
  }
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_SETTINGS_TLS_H
