// SPDX-License-Identifier: Apache-2.0
#include "core/app/plugin_check.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace sluice::app {
namespace {

std::string file(const std::string& name) {
  return SLUICE_ABI_PLUGINS "/" + name + ".so";
}

TEST_CASE("plugin check: file that no collector loads, says why", "[app]") {
  const auto [name, text] = GENERATE(table<const char*, const char*>({
      {"not_there", "cannot be opened: No such file or directory"},
      {"no_symbol", "is no Sluice plugin: it does not export sluice_plugin_entry_v0"},
      {"wrong_magic", "wrong magic number"},
      {"newer_major", "built for plugin ABI "},
      {"short_struct_size", "too short to list components"},
      {"no_components", "has no components"},
  }));
  const PluginFile found = look_at_plugin(file(name));
  CHECK(found.about.empty());
  REQUIRE(found.findings.size() == 1);
  CHECK(found.findings[0].rule == "load");
  CHECK(found.findings[0].text.find(text) != std::string::npos);
}

TEST_CASE("plugin check: schema that breaks its own limits, each setting is named", "[app]") {
  const PluginFile found = look_at_plugin(file("bad_schema"));
  CHECK(found.about == "broken_bad_schema 1.2.3, plugin ABI 0.2");
  REQUIRE(found.findings.size() == 2);
  CHECK(found.findings[0] == Finding{"exporter bad_schema", "schema", "size: there is no description"});
  CHECK(found.findings[1].rule == "schema");
  CHECK(found.findings[1].text.starts_with("size: the default is out of range: "));
}

TEST_CASE("plugin check: second exported symbol is only warned of", "[app]") {
  const PluginFile found = look_at_plugin(file("exports_more"));
  REQUIRE(found.findings.size() == 1);
  CHECK(found.findings[0].rule == "exports");
  CHECK(found.findings[0].warning);
  CHECK(found.findings[0].text.starts_with("sluice_test_second_symbol "));
}

TEST_CASE("plugin check: plugin that only misbehaves, has a right file", "[app]") {
  const PluginFile found = look_at_plugin(file("crashes"));
  CHECK(found.about == "broken_crashes 1.2.3, plugin ABI 0.2");
  CHECK(found.findings.empty());
}

}  // namespace
}  // namespace sluice::app
