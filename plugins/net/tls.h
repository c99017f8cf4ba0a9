// SPDX-License-Identifier: Apache-2.0
// OpenSSL contexts from the settings of TLS. Certificates, keys and CAs are read once, and again as reload_interval
// says, at the first handshake after it; a broken new file leaves what was read before in use. Methods may be called
// from any thread. Errors are texts, "failed to load TLS config: ...".
#ifndef SLUICE_PLUGINS_NET_TLS_H
#define SLUICE_PLUGINS_NET_TLS_H

#include <openssl/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/net/settings/tls.h"

namespace sluice::net {

namespace tls {
struct Free {
  void operator()(SSL* p) const;
  void operator()(SSL_CTX* p) const;
  void operator()(X509* p) const;
  void operator()(X509_STORE* p) const;
  void operator()(EVP_PKEY* p) const;
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// What the settings name, read and parsed.
struct Material {
  std::vector<Owned<X509>> chain;  // own certificate first
  Owned<EVP_PKEY> key;
  Owned<X509_STORE> trusted;     // null: the system's
  Owned<X509_STORE> client_cas;  // servers with mTLS
  std::vector<Owned<X509>> client_ca_names;
};
}  // namespace tls

using TlsLog = std::function<void(const std::string&)>;  // told of a reload that failed

class TlsServerContext {
 public:
  explicit TlsServerContext(TlsServer settings, TlsLog log = {});
  std::string load();        // empty, or the error
  tls::Owned<SSL> accept();  // for a new connection; null only if memory is short

 private:
  void reload_if_due();
  std::string build(std::shared_ptr<SSL_CTX>& context) const;

  const TlsServer settings_;
  const TlsLog log_;
  std::mutex mutex_;
  std::shared_ptr<SSL_CTX> context_;
  std::chrono::steady_clock::time_point loaded_, looked_;
  int64_t client_ca_version_ = 0;
};

// For clients whose library makes the context itself (libcurl): puts everything into it.
class TlsClientContext {
 public:
  explicit TlsClientContext(TlsClient settings, TlsLog log = {});
  std::string load();
  bool apply(SSL_CTX* context);  // of a new connection; false: refused by OpenSSL
  const TlsClient& settings() const { return settings_; }

 private:
  const TlsClient settings_;
  const TlsLog log_;
  std::mutex mutex_;
  std::shared_ptr<const tls::Material> material_;
  std::chrono::steady_clock::time_point loaded_;
};

// The oldest error in OpenSSL's queue of this thread, as text; empties the queue.
std::string tls_error_text();

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_TLS_H
