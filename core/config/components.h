// SPDX-License-Identifier: Apache-2.0
// What the configuration has to know of components: their names, schemas and signals. It asks through ComponentLookup,
// which the loader implements with its catalog and its plugins, and tests with a table.
#ifndef SLUICE_CORE_CONFIG_COMPONENTS_H
#define SLUICE_CORE_CONFIG_COMPONENTS_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/abi/sluice_plugin.h"

namespace sluice::config {

enum class Kind : int32_t {
  receiver = SLUICE_RECEIVER,
  processor = SLUICE_PROCESSOR,
  connector = SLUICE_CONNECTOR,
  exporter = SLUICE_EXPORTER,
  extension = SLUICE_EXTENSION,
};
inline constexpr Kind kKinds[] = {Kind::receiver, Kind::processor, Kind::exporter, Kind::connector, Kind::extension};

const char* name_of(Kind kind);     // "receiver"
const char* section_of(Kind kind);  // "receivers"

// A line of the catalog: known without loading the plugin.
struct ComponentName {
  Kind kind = Kind::receiver;
  std::string type;
  std::vector<std::string> aliases;  // older spellings of the type: accepted, with a warning
};

struct ComponentType : ComponentName {
  std::string schema;           // JSON text
  uint32_t input_signals = 0;   // SLUICE_MASK of each
  uint32_t output_signals = 0;  // receivers and connectors
  uint32_t flags = 0;           // of the border: SLUICE_SERIAL, SLUICE_ACKS_EARLY
  int32_t stability = 0;
  std::vector<std::string> interfaces;
  std::string version;  // of the plugin
  std::string file;     // of the plugin
};

class ComponentLookup {
 public:
  virtual ~ComponentLookup() = default;

  // Every name of the catalog, for suggestions and listings. Loads nothing.
  virtual std::vector<ComponentName> names() const = 0;

  // The component of this type or alias; its plugin is loaded at the first question. Null: there is none, or its plugin
  // does not load; then `problem` says why and what to do. The answer lives as long as the lookup.
  virtual const ComponentType* find(Kind kind, std::string_view type, std::string& problem) = 0;
};

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_COMPONENTS_H
