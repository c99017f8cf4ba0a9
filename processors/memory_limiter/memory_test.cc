// SPDX-License-Identifier: Apache-2.0
#include "processors/memory_limiter/memory.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <cstring>

namespace sluice::processors {
namespace {

TEST_CASE("memory_limiter memory: resident bytes rise with what is touched", "[processor][memory_limiter]") {
  constexpr size_t kSize = 64 << 20;
  const uint64_t before = process_memory().resident_bytes();
  REQUIRE(before > 0);
  void* const pages = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(pages != MAP_FAILED);
  std::memset(pages, 1, kSize);
  const uint64_t with = process_memory().resident_bytes();
  munmap(pages, kSize);
  CHECK(with >= before + kSize / 2);
  CHECK(process_memory().resident_bytes() < with);
}

TEST_CASE("memory_limiter memory: the process cannot use more than there is", "[processor][memory_limiter]") {
  CHECK(process_memory().total_bytes() > process_memory().resident_bytes());
}

}  // namespace
}  // namespace sluice::processors
