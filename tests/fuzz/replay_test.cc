// SPDX-License-Identifier: Apache-2.0
// Part of every test program that has a fuzz target (sluice_add_fuzzer): what the fuzzer has found worth keeping, and
// what once went wrong, goes through the target in each run of the tests.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

TEST_CASE("fuzz corpus: nothing in it makes the target abort", "[fuzz]") {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_FUZZ_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    CAPTURE(entry.path().string());
    CHECK(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()) == 0);
    ++files;
  }
  CHECK(files >= 5);
}
