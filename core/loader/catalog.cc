// SPDX-License-Identifier: Apache-2.0
#include "core/loader/catalog.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace sluice::loader {
namespace {

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream in(list == "-" ? std::string() : list);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text.empty() ? "-" : text;
}

std::vector<std::string> listed(const char* const* names) {
  std::vector<std::string> result;
  for (; names && *names; ++names) result.emplace_back(*names);
  return result;
}

}  // namespace

std::vector<CatalogEntry> entries_of(const Plugin& plugin) {
  std::vector<CatalogEntry> entries;
  for (const sluice_component* component : plugin.components) {
    CatalogEntry entry;
    entry.kind = static_cast<config::Kind>(component->kind);
    entry.type = component->type;
    entry.aliases = listed(component->aliases);
    entry.file = plugin.file;
    entry.interfaces = listed(component->interfaces);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<CatalogEntry> parse_catalog(std::string_view text, const std::string& folder) {
  std::vector<CatalogEntry> entries;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string kind, type, file, aliases, interfaces;
    if (!(words >> kind >> type >> file >> aliases >> interfaces)) continue;
    for (config::Kind k : config::kKinds) {
      if (kind != config::name_of(k)) continue;
      CatalogEntry entry;
      entry.kind = k;
      entry.type = type;
      entry.aliases = split(aliases);
      entry.file = folder + "/" + file;
      entry.interfaces = split(interfaces);
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

std::vector<CatalogEntry> scan(const std::string& folder, std::vector<std::string>& errors) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    if (file.path().extension() == ".so") files.push_back(file.path().string());
  }
  if (error) errors.push_back(folder + ": cannot be read: " + error.message());
  std::sort(files.begin(), files.end());
  std::vector<CatalogEntry> entries;
  for (const std::string& file : files) {
    Plugin plugin = open_plugin(file);
    if (!plugin.entry) errors.push_back(plugin.error);
    for (CatalogEntry& entry : entries_of(plugin)) entries.push_back(std::move(entry));
  }
  return entries;
}

std::string catalog_text(const std::vector<CatalogEntry>& entries) {
  std::string text;
  for (const CatalogEntry& entry : entries) {
    text += std::string(config::name_of(entry.kind)) + " " + entry.type + " " +
            std::filesystem::path(entry.file).filename().string() + " " + joined(entry.aliases) + " " +
            joined(entry.interfaces) + "\n";
  }
  return text;
}

}  // namespace sluice::loader
