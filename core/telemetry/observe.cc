// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/observe.h"

#include <utility>

namespace sluice::telemetry {

void Observatory::provide(std::string what, Provider provider) {
  std::lock_guard lock(mutex_);
  if (provider)
    providers_.insert_or_assign(std::move(what), std::move(provider));
  else
    providers_.erase(what);
}

sluice_status Observatory::snapshot(std::string_view what, void (*write)(void* arg, sluice_str chunk),
                                    void* arg) const {
  Provider provider;
  {
    std::lock_guard lock(mutex_);
    auto found = providers_.find(what);
    if (found == providers_.end()) return SLUICE_UNIMPLEMENTED;
    provider = found->second;
  }
  std::string text = provider();
  write(arg, {text.data(), text.size()});
  return SLUICE_DONE;
}

}  // namespace sluice::telemetry
