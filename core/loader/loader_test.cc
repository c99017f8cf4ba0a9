// SPDX-License-Identifier: Apache-2.0
// What a user reads when a plugin is broken, and how the catalog finds what is not.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/loader/catalog.h"
#include "core/loader/plugin.h"
#include "core/loader/plugins.h"

using namespace sluice;
using loader::Plugin;

namespace {

std::string file(const std::string& name) {
  return std::string(SLUICE_ABI_PLUGINS) + "/" + name + ".so";
}

// The error without the folder.
std::string said(const std::string& name) {
  Plugin plugin = loader::open_plugin(file(name));
  CHECK(plugin.entry == nullptr);
  const std::string folder = std::string(SLUICE_ABI_PLUGINS) + "/";
  if (plugin.error.rfind(folder, 0) == 0) plugin.error.erase(0, folder.size());
  return plugin.error;
}

std::string abi(int major, int minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

}  // namespace

TEST_CASE("open plugin: broken in its entry, says what was found, what is accepted and what to do", "[loader]") {
  const std::string rebuild = "; rebuild it against this collector's plugins/abi/sluice_plugin.h";
  CHECK(said("no_symbol") ==
        "no_symbol.so: is no Sluice plugin: it does not export sluice_plugin_entry_v0; write SLUICE_ENTRY(...) in one "
        "file");
  CHECK(said("wrong_magic") ==
        "wrong_magic.so: the symbol sluice_plugin_entry_v0 is there, but is no entry of a Sluice plugin (wrong magic "
        "number)" +
            rebuild);
  CHECK(said("newer_major") == "newer_major.so: built for plugin ABI " + abi(SLUICE_ABI_MAJOR + 1, 7) +
                                   ", needs at least " + abi(SLUICE_ABI_MAJOR + 1, SLUICE_ABI_MINOR) +
                                   ", this collector loads only " + abi(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR) + rebuild);
  CHECK(said("newer_needs") == "newer_needs.so: built for plugin ABI " + abi(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR + 3) +
                                   ", needs at least " + abi(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR + 2) +
                                   ", this collector loads only " + abi(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR) + rebuild);
  CHECK(said("short_struct_size").find("too short to list components" + rebuild) != std::string::npos);
  CHECK(said("no_components") == "no_components.so: has no components");
}

TEST_CASE("open plugin: no file, or no library, says so", "[loader]") {
  CHECK(loader::open_plugin("/nowhere/x.so").error == "/nowhere/x.so: cannot be opened: No such file or directory");
  const auto text = std::filesystem::temp_directory_path() / "sluice-not-a-library.so";
  std::ofstream(text) << "just text";
  CHECK(loader::open_plugin(text).error.find(": does not load: ") != std::string::npos);
  std::filesystem::remove(text);
}

TEST_CASE("open plugin: one that misbehaves only when it runs, loads and exports one symbol", "[loader]") {
  for (const char* name : {"create_fails", "throws", "completes_twice", "completes_never", "calls_after_stop"}) {
    INFO(name);
    Plugin plugin = loader::open_plugin(file(name));
    INFO(plugin.error);
    REQUIRE(plugin.entry);
    CHECK(std::string(plugin.entry->version) == "1.2.3");
    CHECK(plugin.components.size() == 1);
    CHECK(loader::other_exports(file(name)).empty());
  }
}

TEST_CASE("plugins: folder without a catalog, is scanned; broken ones are told, the others found", "[loader]") {
  loader::Plugins plugins;
  plugins.add_user_folder(SLUICE_ABI_PLUGINS);
  CHECK(plugins.errors().size() == 6);
  std::string problem;
  const config::ComponentType* type = plugins.find(config::Kind::exporter, "completes_twice", problem);
  REQUIRE(type);
  CHECK(type->version == "1.2.3");
  CHECK(plugins.component(*type) != nullptr);
  CHECK(plugins.find(config::Kind::exporter, "completes_twice", problem) == type);
  CHECK(plugins.find(config::Kind::receiver, "completes_twice", problem) == nullptr);
  CHECK(plugins.find(config::Kind::exporter, "newer_major", problem) == nullptr);
}

TEST_CASE("catalog: written and read, is the same; a stale one is an error that says what to do", "[loader]") {
  std::vector<loader::CatalogEntry> entries(2);
  entries[0].kind = config::Kind::exporter;
  entries[0].type = "otlp_grpc";
  entries[0].aliases = {"otlp", "old"};
  entries[0].file = "/x/exporter_otlp_grpc.so";
  entries[1].kind = config::Kind::extension;
  entries[1].type = "telemetry";
  entries[1].file = "/x/extension_telemetry.so";
  entries[1].interfaces = {"sluice.reader.pull.prometheus/0"};
  const std::string text = loader::catalog_text(entries);
  CHECK(text ==
        "exporter otlp_grpc exporter_otlp_grpc.so otlp,old -\n"
        "extension telemetry extension_telemetry.so - sluice.reader.pull.prometheus/0\n");
  const auto read = loader::parse_catalog(text + "damaged line\nplanet x y - -\n", "/x");
  REQUIRE(read.size() == 2);
  CHECK(read[0].aliases == entries[0].aliases);
  CHECK(read[1].file == entries[1].file);
  CHECK(read[1].interfaces == entries[1].interfaces);

  const auto folder = std::filesystem::temp_directory_path() / ("sluice-catalog-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(file("completes_twice"), folder / "p.so",
                             std::filesystem::copy_options::overwrite_existing);
  std::ofstream(folder / loader::kCatalogFile) << "exporter other p.so - -\nexporter gone q.so - -\n";
  loader::Plugins plugins;
  plugins.add_folder(folder);
  CHECK(plugins.names().size() == 2);
  std::string problem;
  CHECK_FALSE(plugins.find(config::Kind::exporter, "other", problem));
  CHECK(problem.find("does not have the component \"other\" that the catalog beside it promises") != std::string::npos);
  CHECK_FALSE(plugins.find(config::Kind::exporter, "gone", problem));
  CHECK(problem.find("cannot be opened") != std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST_CASE("plugins: interface of an extension, is found without loading the others", "[loader]") {
  loader::Plugins plugins;
  std::string problem;
  CHECK(plugins.find_interface("sluice.reader.pull.prometheus/0", problem) == nullptr);
  CHECK(problem == "no extension offers sluice.reader.pull.prometheus/0; install the plugin that does");
}
