// SPDX-License-Identifier: Apache-2.0
// The components that a collector has: from the folder of its own plugins, from folders that the user names, and, in
// tests, from memory. A plugin is loaded when a configuration first asks for one of its components.
#ifndef SLUICE_CORE_LOADER_PLUGINS_H
#define SLUICE_CORE_LOADER_PLUGINS_H

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/components.h"
#include "core/loader/catalog.h"
#include "core/loader/plugin.h"

namespace sluice::loader {

// A value: two collectors in one process have one each. Not thread-safe.
class Plugins final : public config::ComponentLookup {
 public:
  // The catalog of the folder, or, where it has none, all its plugins. What stands later does not replace what is
  // known.
  void add_folder(const std::string& folder);
  // A folder of the user's: all its plugins, in front of what is known already.
  void add_user_folder(const std::string& folder);
  void add(const sluice_entry& entry, const std::string& name);

  std::vector<config::ComponentName> names() const override;
  const config::ComponentType* find(config::Kind kind, std::string_view type, std::string& problem) override;

  // The description behind an answer of find().
  const sluice_component* component(const config::ComponentType& type) const;
  // The extension that offers an interface; null and `problem` if there is none.
  const config::ComponentType* find_interface(std::string_view id, std::string& problem);

  // What went wrong with folders and with plugins of the user's folders.
  const std::vector<std::string>& errors() const { return errors_; }

 private:
  struct Known : config::ComponentType {
    const sluice_component* component = nullptr;
  };

  const Plugin& open(const std::string& file);

  std::vector<CatalogEntry> catalog_;
  std::map<std::string, Plugin> plugins_;  // by file
  std::vector<std::unique_ptr<Known>> known_;
  std::vector<std::string> errors_;
};

}  // namespace sluice::loader
#endif  // SLUICE_CORE_LOADER_PLUGINS_H
