// SPDX-License-Identifier: Apache-2.0
// The catalog beside the plugins: which file has which component, so that only what a configuration names is loaded. A
// text file with one component a line:
//
//   <kind> <type> <file> <aliases, with commas, or -> <interfaces, with commas, or ->
#ifndef SLUICE_CORE_LOADER_CATALOG_H
#define SLUICE_CORE_LOADER_CATALOG_H

#include <string>
#include <string_view>
#include <vector>

#include "core/config/components.h"
#include "core/loader/plugin.h"

namespace sluice::loader {

inline constexpr const char* kCatalogFile = "catalog";

struct CatalogEntry : config::ComponentName {
  std::string file;  // with its folder
  std::vector<std::string> interfaces;
};

std::vector<CatalogEntry> entries_of(const Plugin& plugin);

// `folder` is put in front of the files. Lines that are none are skipped: the catalog only saves loading.
std::vector<CatalogEntry> parse_catalog(std::string_view text, const std::string& folder);

// Loads every plugin of the folder. Errors of plugins go to `errors`.
std::vector<CatalogEntry> scan(const std::string& folder, std::vector<std::string>& errors);

// Of the entries of one folder, with file names only.
std::string catalog_text(const std::vector<CatalogEntry>& entries);

}  // namespace sluice::loader
#endif  // SLUICE_CORE_LOADER_CATALOG_H
