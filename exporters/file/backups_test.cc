// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/backups.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "exporters/file/folder_for_tests.h"

namespace sluice::exporters {
namespace {

constexpr uint64_t kTime = 1'663'131'734'173;  // 2022-09-14 05:02:14.173 UTC
constexpr uint64_t kDay = 86'400'000;

TEST_CASE("file backups: the time stands in front of the extension", "[exporter][file]") {
  CHECK(backup_path("data.json", kTime, false) == "data-2022-09-14T05-02-14.173.json");
  CHECK(backup_path("/var/out.d/data", kTime, false) == "/var/out.d/data-2022-09-14T05-02-14.173");
  CHECK(backup_path("a/data.tar.gz", kTime, false) == "a/data.tar-2022-09-14T05-02-14.173.gz");
  CHECK(backup_path("a/.hidden", kTime, false) == "a/-2022-09-14T05-02-14.173.hidden");
}

TEST_CASE("file backups: the time is read from names of both kinds, and from no other name", "[exporter][file]") {
  const auto time = [](std::string_view name) { return backup_time("out/data.json", name, false); };
  CHECK(time("data-2022-09-14T05-02-14.173.json") == kTime);
  CHECK(time("data-2022-09-14T05-02-14.173-size.json") == kTime);
  CHECK_FALSE(time("data.json"));
  CHECK_FALSE(time("data-2022-09-14T05-02-14.173.json.gz"));
  CHECK_FALSE(time("data-2022-09-14T05-02-14.173-.json"));
  CHECK_FALSE(time("data-2022-09-14T05-02-14.173-2.json"));
  CHECK_FALSE(time("data-2022-09-14T05-02-14173.json"));
  CHECK_FALSE(time("other-2022-09-14T05-02-14.173.json"));
  CHECK_FALSE(time("data-more-2022-09-14T05-02-14.173.json"));
  CHECK_FALSE(time("data-x022-09-14T05-02-14.173.json"));
}

TEST_CASE("file backups: local times come back as they went", "[exporter][file]") {
  const std::string name = backup_path("data.json", kTime, true);
  CHECK(backup_time("data.json", name, true) == kTime);
}

TEST_CASE("file backups: the oldest go by number and by age, other files stay", "[exporter][file]") {
  const testing::Folder folder;
  const std::string path = folder / "data.json";
  const auto make = [&](uint64_t time) { folder.write(backup_path("data.json", time, false), "x"); };
  for (uint64_t day = 0; day < 5; ++day) make(kTime - day * kDay);
  folder.write("data.json", "x");
  folder.write("data-2022.json", "x");

  SECTION("neither is limited") {
    CHECK(remove_outdated_backups(path, {.max_days = 0, .max_backups = 0}, kTime) == "");
    CHECK(folder.names().size() == 7);
  }
  SECTION("by number") {
    CHECK(remove_outdated_backups(path, {.max_days = 0, .max_backups = 2}, kTime) == "");
    CHECK(folder.names() == std::vector<std::string>{"data-2022-09-13T05-02-14.173.json",
                                                     "data-2022-09-14T05-02-14.173.json", "data-2022.json",
                                                     "data.json"});
  }
  SECTION("by age: exactly as old is kept") {
    CHECK(remove_outdated_backups(path, {.max_days = 3, .max_backups = 100}, kTime) == "");
    CHECK(folder.names().size() == 6);
    CHECK_FALSE(std::filesystem::exists(folder / "data-2022-09-10T05-02-14.173.json"));
  }
  SECTION("what cannot be removed is named") {
    std::filesystem::create_directory(folder / "data-2021-09-14T05-02-14.173.json");
    const std::string left = remove_outdated_backups(path, {.max_days = 30, .max_backups = 100}, kTime);
    CHECK(left == "cannot remove \"" + (folder / "data-2021-09-14T05-02-14.173.json") + "\": Is a directory");
    CHECK(folder.names().size() == 8);
  }
}

}  // namespace
}  // namespace sluice::exporters
