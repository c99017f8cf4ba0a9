// SPDX-License-Identifier: Apache-2.0
// Objects that the plugins of a process have in common, found by name and counted: sluice.commons of the border.
#ifndef SLUICE_CORE_GRAPH_COMMONS_H
#define SLUICE_CORE_GRAPH_COMMONS_H

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace sluice::graph {

class Commons {
 public:
  using Make = void* (*)();
  using End = void (*)(void* object);

  // Both hold a lock over make() and end(): who takes while another puts back the last waits, and gets a new one.
  // [any thread]
  void* take(std::string_view name, Make make, End end);
  void put(std::string_view name);

 private:
  struct Common {
    void* object = nullptr;
    End end = nullptr;
    uint64_t users = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Common, std::less<>> commons_;  // guarded by mutex_
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_COMMONS_H
