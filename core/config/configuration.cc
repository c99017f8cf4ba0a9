// SPDX-License-Identifier: Apache-2.0
// The whole way from flags to a checked configuration.
#include "core/config/configuration.h"

#include <algorithm>
#include <utility>

#include "core/config/expand.h"
#include "core/config/merge.h"
#include "core/config/scalar.h"
#include "core/config/state.h"

namespace sluice::config {
namespace {

std::string attribute_text(const Value& value) {
  switch (value.kind) {
    case SLUICE_BOOL:
      return value.integer ? "true" : "false";
    case SLUICE_INT:
      return std::to_string(value.integer);
    case SLUICE_DOUBLE:
      return format_number(value.number);
    default:
      return value.string;
  }
}

const Value* find(const Value& map, std::string_view key) {
  for (const Value& child : map.children)
    if (child.key == key) return &child;
  return nullptr;
}

}  // namespace

Loaded::Loaded() : state_(std::make_unique<State>()) {}
Loaded::Loaded(Loaded&&) noexcept = default;
Loaded& Loaded::operator=(Loaded&&) noexcept = default;
Loaded::~Loaded() = default;

const std::vector<std::unique_ptr<Component>>& Loaded::components() const {
  return state_->components;
}
const std::vector<Pipeline>& Loaded::pipelines() const {
  return state_->pipelines;
}
const std::vector<const Component*>& Loaded::extensions() const {
  return state_->extensions;
}
const Telemetry& Loaded::telemetry() const {
  return state_->telemetry;
}
const Diagnostics& Loaded::diagnostics() const {
  return state_->diagnostics;
}

void Loaded::add_problem(const Component& component, const sluice_value* at, int32_t severity, std::string_view id,
                         std::string_view text) {
  const ComponentState& state = state_->state_of(component);
  Spot spot{state.node->key_mark, state.node->key_length,
            std::string(section_of(component.kind)) + "::" + component.id};
  if (at && component.settings) locate(*component.settings, state.node, at, spot);
  const std::string name(id.empty() ? "config.check" : id);
  if (severity >= SLUICE_ERROR)
    state_->diagnostics.error(name, spot.mark, spot.length, spot.path, std::string(text));
  else
    state_->diagnostics.warning(name, spot.mark, spot.length, spot.path, std::string(text));
  state_->diagnostics.sort();
}

std::string Loaded::place(const Component& component) const {
  const Mark mark = state_->state_of(component).node->key_mark;
  return state_->sources[mark.source].name + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

std::string Loaded::render(const RenderOptions& options) const {
  return config::render(state_->diagnostics, state_->sources, state_->showable(), options);
}

std::vector<std::string_view> Loaded::secrets() const {
  std::vector<std::string_view> all = state_->found.secrets;
  for (const ComponentState& state : state_->states)
    all.insert(all.end(), state.found.secrets.begin(), state.found.secrets.end());
  return all;
}

Component* Loaded::State::find(Kind kind, std::string_view id) {
  for (const auto& component : components)
    if (component->kind == kind && component->id == id) return component.get();
  return nullptr;
}

const ComponentState& Loaded::State::state_of(const Component& component) const {
  const auto found =
      std::find_if(components.begin(), components.end(), [&](const auto& c) { return c.get() == &component; });
  return states[static_cast<size_t>(found - components.begin())];
}

// An anchor may stand for a secret in one place and for a plain text in another: then it is a secret.
Showable Loaded::State::showable() const {
  Showable all(found.showable.begin(), found.showable.end());
  for (const ComponentState& state : states) all.insert(state.found.showable.begin(), state.found.showable.end());
  for (const ComponentState& state : states)
    for (const Mark& mark : state.found.hidden) all.erase(mark);
  for (const Mark& mark : found.hidden) all.erase(mark);
  return all;
}

bool locate(const sluice_value& tree, const Node* node, const sluice_value* at, Spot& spot) {
  if (node) spot.mark = node->mark, spot.length = node->length;
  if (&tree == at) return true;
  for (uint32_t i = 0; i < tree.child_count; ++i) {
    const sluice_value& child = tree.children[i];
    const Node* below = nullptr;
    if (node && node->is_map()) {
      below = node->find(view(child.key));
    } else if (node && node->is_list() && i < node->children.size()) {
      below = &node->children[i];
    }
    Spot inside = spot;
    inside.path += tree.kind == SLUICE_LIST ? '[' + std::to_string(i) + ']' : "::" + std::string(view(child.key));
    if (!locate(child, below, at, inside)) continue;
    spot = std::move(inside);
    return true;
  }
  return false;
}

std::vector<ResourceAttribute> resource_attributes(const Telemetry& telemetry) {
  std::vector<ResourceAttribute> all;
  for (const auto& [name, value] : telemetry.resource) {
    if (name == "attributes" && value.kind == SLUICE_LIST) {
      for (const Value& item : value.children) {
        const Value* const key = find(item, "name");
        const Value* const text = find(item, "value");
        if (key) all.push_back({key->string, text ? attribute_text(*text) : "", !text || text->kind == SLUICE_NULL});
      }
    } else if (name != "schema_url") {
      all.push_back({name, attribute_text(value), value.kind == SLUICE_NULL});
    }
  }
  return all;
}

Loaded load(const LoadOptions& options, ComponentLookup& lookup, Environment& environment) {
  Loaded loaded;
  Loaded::State& state = loaded.state();
  if (gather(options.configs, options.sets, environment, state.sources, state.diagnostics, state.root)) {
    expand(state.root, environment, state.sources, state.diagnostics);
    build(state, lookup, environment);
  }
  state.diagnostics.sort();
  return loaded;
}

}  // namespace sluice::config
