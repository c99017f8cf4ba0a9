// SPDX-License-Identifier: Apache-2.0
// What `sluice print-config`, `sluice components` and `sluice schema` print.
#ifndef SLUICE_CORE_CONFIG_PRINT_H
#define SLUICE_CORE_CONFIG_PRINT_H

#include <string>
#include <string_view>

#include "core/config/components.h"
#include "core/config/configuration.h"

namespace sluice::config {

struct PrintOptions {
  bool json = false;
  bool redacted = true;   // secrets as [REDACTED]
  bool defaults = false;  // every setting, not only what is written
};

// The merged, expanded configuration; as YAML it can be read again.
std::string print_config(const Loaded& loaded, const PrintOptions& options);

// The catalog: kind, type, aliases, signals, stability, version, file. Loads every plugin.
std::string print_components(ComponentLookup& lookup, bool json);

// A component's whole configuration: keys, types, defaults, ranges, meaning. Empty if no kind has such a type.
std::string print_component(ComponentLookup& lookup, std::string_view type);

// The settings table of a component's README.
std::string settings_table(const ComponentType& type);

// One JSON Schema for whole configuration files, for editors.
std::string editor_schema(ComponentLookup& lookup);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_PRINT_H
