// SPDX-License-Identifier: Apache-2.0
#include "processors/memory_limiter/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "plugins/sdk/available_memory.h"

namespace sluice::processors {
namespace {

class ProcessMemory final : public Memory {
 public:
  uint64_t resident_bytes() override {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/statm", "re"), &std::fclose);
    unsigned long long pages = 0;
    if (!file || std::fscanf(file.get(), "%*u %llu", &pages) != 1) return 0;
    return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  }
  uint64_t total_bytes() override { return available_memory().bytes; }
  void trim() override { malloc_trim(0); }
};

}  // namespace

Memory& process_memory() {
  static ProcessMemory memory;
  return memory;
}

}  // namespace sluice::processors
