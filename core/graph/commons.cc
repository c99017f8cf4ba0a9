// SPDX-License-Identifier: Apache-2.0
#include "core/graph/commons.h"

namespace sluice::graph {

void* Commons::take(std::string_view name, Make make, End end) {
  std::lock_guard lock(mutex_);
  auto found = commons_.find(name);
  if (found == commons_.end()) {
    void* const object = make();
    if (!object) return nullptr;
    found = commons_.emplace(name, Common{object, end, 0}).first;
  }
  ++found->second.users;
  return found->second.object;
}

void Commons::put(std::string_view name) {
  std::lock_guard lock(mutex_);
  const auto found = commons_.find(name);
  if (found == commons_.end() || --found->second.users != 0) return;
  found->second.end(found->second.object);
  commons_.erase(found);
}

}  // namespace sluice::graph
