// SPDX-License-Identifier: Apache-2.0
// One plugin's file: opened, and believed only after its entry has been checked field by field. Nothing of the plugin
// is called here, and once loaded it stays: threads and adopted memory may refer to its code until the process ends.
#ifndef SLUICE_CORE_LOADER_PLUGIN_H
#define SLUICE_CORE_LOADER_PLUGIN_H

#include <string>
#include <vector>

#include "plugins/abi/sluice_plugin.h"

namespace sluice::loader {

struct Plugin {
  std::string file;
  const sluice_entry* entry = nullptr;  // null: `error` says what is wrong and what to do
  std::vector<const sluice_component*> components;
  std::string error;
};

Plugin open_plugin(const std::string& file);

// The checks on an entry that is in memory already; `file` is for the texts.
Plugin check_entry(const std::string& file, const sluice_entry* entry);

// What a plugin may export besides its entry is nothing: the names of other defined dynamic symbols, for a warning.
std::vector<std::string> other_exports(const std::string& file);

}  // namespace sluice::loader
#endif  // SLUICE_CORE_LOADER_PLUGIN_H
