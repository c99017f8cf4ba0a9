// SPDX-License-Identifier: Apache-2.0
// sluice.observe/0 in the core: what can be looked at, by name, and who makes the text of it. The extensions that serve
// metrics and health pull from here, so the core needs no network.
#ifndef SLUICE_CORE_TELEMETRY_OBSERVE_H
#define SLUICE_CORE_TELEMETRY_OBSERVE_H

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "plugins/abi/sluice_plugin.h"

namespace sluice::telemetry {

// Thread-safe.
class Observatory {
 public:
  using Provider = std::function<std::string()>;

  // `what`: "metrics", "health", "config", "components". Replaces an earlier provider of that name; an empty one
  // removes it. `provider` runs on the asking thread, several at a time.
  void provide(std::string what, Provider provider);

  // DONE after write() got all of it in one or more chunks; UNIMPLEMENTED for a name that nobody provides.
  sluice_status snapshot(std::string_view what, void (*write)(void* arg, sluice_str chunk), void* arg) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Provider, std::less<>> providers_;
};

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_OBSERVE_H
