// SPDX-License-Identifier: Apache-2.0
// docs/errors.md: every id that the code says has its heading there, and every heading is said.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace sluice::config {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Of texts in quotes: "config.range".
std::set<std::string> ids_in(const std::string& source) {
  std::set<std::string> ids;
  for (const char* area : {"\"yaml.", "\"expand.", "\"config."}) {
    for (size_t at = source.find(area); at != std::string::npos; at = source.find(area, at + 1)) {
      const size_t end = source.find('"', at + 1);
      ids.insert(source.substr(at + 1, end - at - 1));
    }
  }
  return ids;
}

TEST_CASE("errors: the page has a heading for each id, and no other", "[config][docs]") {
  std::set<std::string> said;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_SOURCES)) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(".cc") || name.ends_with("_test.cc")) continue;
    said.merge(ids_in(content(entry.path())));
  }
  std::set<std::string> headings;
  std::istringstream page(content(std::string(SLUICE_DOCS) + "/errors.md"));
  for (std::string line; std::getline(page, line);)
    if (line.starts_with("### ")) CHECK(headings.insert(line.substr(4)).second);
  CHECK(said == headings);
  CHECK(said.size() > 40);
}

TEST_CASE("errors: each example ends with its id", "[config][docs]") {
  const std::string page = content(std::string(SLUICE_DOCS) + "/errors.md");
  for (size_t at = page.find("\n### "); at != std::string::npos; at = page.find("\n### ", at + 1)) {
    const std::string id = page.substr(at + 5, page.find('\n', at + 1) - at - 5);
    const size_t block = page.find("```\n", at);
    CHECK(page.find("[" + id + "]\n```", block) < page.find("\n### ", at + 1));
  }
}

}  // namespace
}  // namespace sluice::config
