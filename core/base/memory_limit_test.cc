// SPDX-License-Identifier: Apache-2.0
#include "core/base/memory_limit.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace sluice::base;

namespace {

// A root folder with the files that a test needs.
struct Root {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("sluice-root-" + std::to_string(getpid()));
  Root() { std::filesystem::remove_all(path); }
  ~Root() { std::filesystem::remove_all(path); }
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((path / file).parent_path());
    std::ofstream(path / file) << text;
  }
};

}  // namespace

TEST_CASE("memory limit: cgroup of version 2, the smallest on the way up binds", "[base]") {
  Root root;
  root.write("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\n");
  root.write("proc/self/cgroup", "0::/a/b\n");
  root.write("sys/fs/cgroup/a/b/memory.max", "max\n");
  root.write("sys/fs/cgroup/a/memory.max", "500000\n");
  const MemoryLimit limit = memory_limit(nullptr, root.path);
  CHECK(limit.bytes == 500000);
  CHECK(limit.from == "cgroup");
}

TEST_CASE("memory limit: cgroup of version 1, a limit above the machine does not count", "[base]") {
  Root root;
  root.write("proc/meminfo", "MemTotal: 1000 kB\n");
  root.write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/x\n");
  root.write("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(memory_limit(nullptr, root.path).from == "machine");
  CHECK(memory_limit(nullptr, root.path).bytes == 1024000);
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "4096\n");
  CHECK(memory_limit(nullptr, root.path).bytes == 4096);
}

TEST_CASE("memory limit: GOMEMLIMIT, goes before all, unless it is off or no size", "[base]") {
  Root root;
  root.write("proc/meminfo", "MemTotal: 1000 kB\n");
  CHECK(memory_limit("400MiB", root.path).bytes == 400u << 20);
  CHECK(memory_limit("off", root.path).from == "machine");
  CHECK(parse_gomemlimit("7") == 7u);
  CHECK(parse_gomemlimit("2GiB") == uint64_t{2} << 30);
  CHECK_FALSE(parse_gomemlimit("2GB"));
  CHECK_FALSE(parse_gomemlimit("99999999999TiB"));
}
