// SPDX-License-Identifier: Apache-2.0
// The border's layout may only grow: what is there stays where it is.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "plugins/abi/sluice_plugin.h"
#include "tests/abi/layout.h"

namespace {

TEST_CASE("abi: layout of all structs is the recorded one", "[abi]") {
  std::string text(16384, '\0');
  text.resize(sluice_abi_layout(text.data(), text.size()));
  REQUIRE(text.size() < 16384);
  std::ifstream file(SLUICE_ABI_SOURCE "/layout-" + std::to_string(SLUICE_ABI_MAJOR) + ".txt");
  REQUIRE(file);
  std::stringstream recorded;
  recorded << file.rdbuf();
  CHECK(text == recorded.str());
}

// Every `typedef struct` and every field of the header must be in layout.c, or the first test would miss a change.
TEST_CASE("abi: layout knows every struct of the header", "[abi]") {
  std::ifstream header(SLUICE_ABI_HEADER);
  REQUIRE(header);
  std::string text(16384, '\0');
  text.resize(sluice_abi_layout(text.data(), text.size()));
  size_t structs = 0;
  for (std::string line; std::getline(header, line);) {
    if (!line.starts_with("typedef struct ")) continue;
    std::istringstream words(line.substr(15));
    std::string name;
    words >> name;
    CAPTURE(name);
    CHECK(("\n" + text).find("\n" + name + " ") != std::string::npos);
    ++structs;
  }
  CHECK(structs > 20);
}

}  // namespace
