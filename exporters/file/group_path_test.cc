// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/group_path.h"

#include <catch2/catch.hpp>
#include <string>

namespace sluice::exporters {
namespace {

TEST_CASE("file group path: cleaning a path keeps its meaning", "[exporter][file]") {
  const auto [path, clean] = GENERATE(table<std::string, std::string>({
      {"", "."},
      {".", "."},
      {"/", "/"},
      {"a/./b//../c/", "a/c"},
      {"../a/../..", "../.."},
      {"/../a", "/a"},
      {"a/..", "."},
      {"/a/b/../../..", "/"},
      {"a..b/...", "a..b/..."},
  }));
  CAPTURE(path);
  CHECK(clean_path(path) == clean);
}

TEST_CASE("file group path: folder of a file", "[exporter][file]") {
  CHECK(folder_of("a") == ".");
  CHECK(folder_of("a/b/c") == "a/b");
  CHECK(folder_of("/a") == "/");
}

TEST_CASE("file group path: the name replaces the star", "[exporter][file]") {
  const GroupPath path("./data/*.json");
  CHECK(path.of("a") == "data/a.json");
  CHECK(path.of("a/b") == "data/a/b.json");
  CHECK(path.of("a//./b") == "data/a/b.json");
  CHECK(path.of("") == "data/.json");
  CHECK(path.of("/a") == "data/a.json");
  CHECK(path.of("./a") == "data/a.json");
  CHECK(GroupPath("/data/x-*/logs").of("7") == "/data/x-7/logs");
  CHECK(GroupPath("./*").of("a") == "a");
}

TEST_CASE("file group path: no name leads out of the folder in front of the star", "[exporter][file]") {
  const auto [pattern, name, path] = GENERATE(table<std::string, std::string, std::string>({
      {"/data/*.json", "../etc/my_config", "/data/etc/my_config.json"},
      {"/data/*.json", "../../../etc/passwd", "/data/etc/passwd.json"},
      {"/data/*.json", "/etc/passwd", "/data/etc/passwd.json"},
      {"/data/*.json", "a/../../etc/passwd", "/data/etc/passwd.json"},
      {"/data/*.json", "./../../x", "/data/x.json"},
      {"/data/*.json", "..", "/data/...json"},
      {"/data/*", "..", "/data"},
      {"/data/*/log", "..", "/data/log"},
      {"/data/x-*", "a/../../y", "/data/x-/y"},
      {"data/*", "../../data/../x", "data/x"},
      {"./*", "../../x", "x"},
      {"../*", "a/../../../x", "../x"},
      {"../out/*", "../../../x", "../out/x"},
  }));
  CAPTURE(pattern, name);
  CHECK(GroupPath(pattern).of(name) == path);
}

}  // namespace
}  // namespace sluice::exporters
