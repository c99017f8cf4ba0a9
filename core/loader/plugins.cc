// SPDX-License-Identifier: Apache-2.0
#include "core/loader/plugins.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

namespace sluice::loader {
namespace {

bool is_called(const config::ComponentName& component, std::string_view type) {
  return component.type == type ||
         std::find(component.aliases.begin(), component.aliases.end(), type) != component.aliases.end();
}

}  // namespace

void Plugins::add_folder(const std::string& folder) {
  std::ifstream file(folder + "/" + kCatalogFile);
  std::vector<CatalogEntry> entries =
      file ? parse_catalog(std::string(std::istreambuf_iterator<char>(file), {}), folder) : scan(folder, errors_);
  for (CatalogEntry& entry : entries) catalog_.push_back(std::move(entry));
}

void Plugins::add_user_folder(const std::string& folder) {
  std::vector<CatalogEntry> entries = scan(folder, errors_);
  catalog_.insert(catalog_.begin(), std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end()));
}

void Plugins::add(const sluice_entry& entry, const std::string& name) {
  Plugin plugin = check_entry(name, &entry);
  if (!plugin.entry) errors_.push_back(plugin.error);
  for (CatalogEntry& known : entries_of(plugin)) catalog_.push_back(std::move(known));
  plugins_.emplace(name, std::move(plugin));
}

std::vector<config::ComponentName> Plugins::names() const {
  return {catalog_.begin(), catalog_.end()};
}

const Plugin& Plugins::open(const std::string& file) {
  auto found = plugins_.find(file);
  return found != plugins_.end() ? found->second : plugins_.emplace(file, open_plugin(file)).first->second;
}

const config::ComponentType* Plugins::find(config::Kind kind, std::string_view type, std::string& problem) {
  for (const auto& known : known_) {
    if (known->kind == kind && is_called(*known, type)) return known.get();
  }
  auto entry = std::find_if(catalog_.begin(), catalog_.end(),
                            [&](const CatalogEntry& e) { return e.kind == kind && is_called(e, type); });
  if (entry == catalog_.end()) return nullptr;
  const Plugin& plugin = open(entry->file);
  if (!plugin.entry) {
    problem = plugin.error;
    return nullptr;
  }
  for (const sluice_component* component : plugin.components) {
    if (component->kind != static_cast<sluice_kind>(kind) || entry->type != component->type) continue;
    const char* schema = component->schema();
    if (!schema) {
      problem = plugin.file + ": has no settings for its component \"" + entry->type + "\": schema() answered null";
      return nullptr;
    }
    auto known = std::make_unique<Known>();
    static_cast<config::ComponentName&>(*known) = *entry;
    known->schema = schema;
    known->input_signals = component->input_signals;
    known->output_signals = component->output_signals;
    known->flags = component->flags;
    known->stability = component->stability;
    known->interfaces = entry->interfaces;
    known->version = plugin.entry->version;
    known->file = plugin.file;
    known->component = component;
    known_.push_back(std::move(known));
    return known_.back().get();
  }
  problem = plugin.file + ": does not have the component \"" + entry->type +
            "\" that the catalog beside it promises; write the catalog anew: sluice plugin catalog <folder>";
  return nullptr;
}

const sluice_component* Plugins::component(const config::ComponentType& type) const {
  for (const auto& known : known_) {
    if (known.get() == &type) return known->component;
  }
  return nullptr;
}

const config::ComponentType* Plugins::find_interface(std::string_view id, std::string& problem) {
  for (const CatalogEntry& entry : catalog_) {
    if (entry.kind == config::Kind::extension &&
        std::find(entry.interfaces.begin(), entry.interfaces.end(), id) != entry.interfaces.end()) {
      return find(entry.kind, std::string(entry.type), problem);
    }
  }
  problem = "no extension offers " + std::string(id) + "; install the plugin that does";
  return nullptr;
}

}  // namespace sluice::loader
