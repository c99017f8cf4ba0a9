// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

TEST_CASE("otlp json: the fuzzer's corpus", "[otlp_json]") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_FUZZ_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream content;
    content << file.rdbuf();
    const std::string bytes = content.str();
    INFO(entry.path());
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    ++files;
  }
  CHECK(files >= 5);
}

}  // namespace
