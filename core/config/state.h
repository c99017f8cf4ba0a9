// SPDX-License-Identifier: Apache-2.0
// What stands behind a Loaded; shared by the parts that fill it and those that print it.
#ifndef SLUICE_CORE_CONFIG_STATE_H
#define SLUICE_CORE_CONFIG_STATE_H

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/config/check.h"
#include "core/config/configuration.h"
#include "core/config/schema.h"

namespace sluice::config {

// What the public Component does not show.
struct ComponentState {
  Node* node = nullptr;  // the value behind its id
  const Setting* schema = nullptr;
  const sluice_value* whole = nullptr;  // with the core's keys
  const sluice_value* delivery = nullptr;
  Found found;
};

struct Loaded::State {
  Sources sources;
  Diagnostics diagnostics;
  Node root;
  ValueArena arena;
  std::vector<std::unique_ptr<Component>> components;
  std::vector<ComponentState> states;  // of each component
  std::unordered_map<const ComponentType*, std::unique_ptr<Setting>> schemas;
  std::vector<Pipeline> pipelines;
  std::vector<const Component*> extensions;
  Telemetry telemetry;
  std::unique_ptr<Setting> telemetry_schema;
  const sluice_value* telemetry_tree = nullptr;
  Node* telemetry_node = nullptr;
  Found found;  // in service

  Component* find(Kind kind, std::string_view id);
  const ComponentState& state_of(const Component& component) const;
  Showable showable() const;
};

// Where a value of a checked tree was written, or the nearest place around it.
struct Spot {
  Mark mark;
  uint32_t length = 1;
  std::string path;
};
bool locate(const sluice_value& tree, const Node* node, const sluice_value* at, Spot& spot);

// From the expanded tree to components, pipelines and references; everything about them that is wrong is said.
void build(Loaded::State& state, ComponentLookup& lookup, Environment& environment);

// A component's schema with the core's delivery keys behind its own, where it asks for them.
std::optional<Setting> component_schema(std::string_view json, std::string& error);

// The second half: what refers to what, once all components are known.
void connect(Loaded::State& state, Environment& environment);

// `type` or `type/name` without blanks around its parts. Empty `why`: it is one.
struct ParsedId {
  std::string type, name, full, why;
};
ParsedId parse_id(std::string_view text);

std::string signal_name(sluice_signal signal);
std::string signal_names(uint32_t mask);  // "traces and logs"

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_STATE_H
