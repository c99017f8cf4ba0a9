// SPDX-License-Identifier: Apache-2.0
// From the tree to components: sections, ids, types, settings.
#include <algorithm>
#include <utility>

#include "core/config/scalar.h"
#include "core/config/state.h"
#include "core/config/suggest.h"

namespace sluice::config {
namespace {

class Builder {
 public:
  Builder(Loaded::State& state, ComponentLookup& lookup) : state_(state), lookup_(lookup) {}

  void run() {
    top_level();
    for (Node& section : state_.root.children)
      for (Kind kind : kKinds)
        if (section.key == section_of(kind)) components(kind, section);
    same_ids();
    for (Kind kind : {Kind::receiver, Kind::exporter})
      if (const Node* section = state_.root.find(section_of(kind)); !section || section->children.empty())
        missing_section(kind, section);
  }

 private:
  void top_level() {
    std::vector<std::string> accepted;
    for (Kind kind : kKinds) accepted.push_back(section_of(kind));
    accepted.push_back("service");
    for (const Node& child : state_.root.children) {
      if (std::find(accepted.begin(), accepted.end(), child.key) != accepted.end()) continue;
      const bool of_service = child.key == "pipelines" || child.key == "telemetry";
      state_.diagnostics.error("config.unknown-key", child.key_mark, child.key_length, "",
                               "unknown key \"" + child.key + "\"",
                               of_service ? "it belongs into \"service\"" : suggestion(child.key, accepted));
    }
  }

  void missing_section(Kind kind, const Node* section) {
    if (section && (section->broken || (!section->is_map() && section->kind != NodeKind::null))) return;
    const Mark mark = section ? section->key_mark : state_.root.mark;
    state_.diagnostics.error("config.missing", mark, section ? section->key_length : 0, section_of(kind),
                             std::string("there is no ") + name_of(kind),
                             std::string("define one under \"") + section_of(kind) + "\"");
  }

  void components(Kind kind, Node& section) {
    if (section.broken || section.kind == NodeKind::null) return;
    if (!section.is_map()) {
      state_.diagnostics.error("config.type", section.mark, section.length, section.key,
                               std::string("expected a map of ") + name_of(kind) + "s, found " +
                                   (section.is_list() ? "a list" : "a single value"),
                               std::string("write the id of each ") + name_of(kind) + " as a key");
      return;
    }
    for (Node& node : section.children) component(kind, node);
  }

  void component(Kind kind, Node& node) {
    const ParsedId id = parse_id(node.key);
    if (!id.why.empty()) {
      state_.diagnostics.error("config.id", node.key_mark, node.key_length, section_of(kind), id.why,
                               "an id is a type, or type/name: letters, digits and _ in the type");
      return;
    }
    if (state_.find(kind, id.full)) {
      state_.diagnostics.error("config.id", node.key_mark, node.key_length, section_of(kind),
                               "\"" + id.full + "\" is defined twice", "add a name behind a /");
      return;
    }
    auto component = std::make_unique<Component>();
    component->kind = kind;
    component->id = id.full;
    ComponentState state;
    state.node = &node;
    std::string problem;
    component->type = lookup_.find(kind, id.type, problem);
    if (!component->type) {
      unknown(kind, id, node, problem);
    } else {
      if (component->type->type != id.type)
        state_.diagnostics.warning("config.deprecated", node.key_mark, node.key_length, section_of(kind),
                                   "\"" + id.type + "\" is an older name of this " + name_of(kind),
                                   "write \"" + component->type->type + "\"");
      state.schema = schema_of(*component->type, node, kind);
      if (state.schema) settings(*component, state);
    }
    state_.components.push_back(std::move(component));
    state_.states.push_back(std::move(state));
  }

  void unknown(Kind kind, const ParsedId& id, const Node& node, const std::string& problem) {
    if (!problem.empty()) {
      state_.diagnostics.error("config.plugin", node.key_mark, node.key_length, section_of(kind), problem);
      return;
    }
    std::vector<std::string> types;
    std::string help;
    for (const ComponentName& known : lookup_.names()) {
      const bool same = known.type == id.type ||
                        std::find(known.aliases.begin(), known.aliases.end(), id.type) != known.aliases.end();
      if (known.kind == kind) {
        types.push_back(known.type);
        types.insert(types.end(), known.aliases.begin(), known.aliases.end());
      } else if (same) {
        const bool vowel = known.kind == Kind::exporter || known.kind == Kind::extension;
        help = "\"" + id.type + "\" is a" + (vowel ? "n " : " ") + name_of(known.kind) + ": move it to \"" +
               section_of(known.kind) + "\"";
      }
    }
    state_.diagnostics.error("config.unknown-component", node.key_mark, node.key_length, section_of(kind),
                             std::string("there is no ") + name_of(kind) + " \"" + id.type + "\"",
                             help.empty() ? suggestion(id.type, types) : help);
  }

  // Parsed once for each type that is named; the core's own keys stand behind the component's.
  const Setting* schema_of(const ComponentType& type, const Node& node, Kind kind) {
    auto& known = state_.schemas[&type];
    if (known) return known.get();
    std::string why;
    std::optional<Setting> parsed = component_schema(type.schema, why);
    if (!parsed) {
      state_.diagnostics.error("config.plugin", node.key_mark, node.key_length, section_of(kind),
                               type.file + ": the schema of \"" + type.type + "\" is broken: " + why,
                               "this is a mistake of the plugin; `sluice plugin check` shows it");
      return nullptr;
    }
    known = std::make_unique<Setting>(std::move(*parsed));
    return known.get();
  }

  void settings(Component& component, ComponentState& state) {
    Node& node = *state.node;
    const std::string path = std::string(section_of(component.kind)) + "::" + component.id;
    Checker checker(state_.sources, state_.diagnostics, state_.arena);
    state.whole = checker.check(*state.schema, &node, node.key_mark, node.key_length, path, state.found);
    if (!state.whole) return;
    component.valid = true;
    sluice_value* const own = state_.arena.values(1);
    *own = *state.whole;
    component.settings = own;
    if (state.schema->delivery) delivery(component, state, *own, path);
  }

  void delivery(Component& component, ComponentState& state, sluice_value& own, const std::string& path) {
    constexpr uint32_t kKeys = 3;
    sluice_value* const keys = state_.arena.values(1);
    own.child_count -= kKeys;
    keys->kind = SLUICE_MAP;
    keys->child_count = kKeys;
    keys->children = own.children + own.child_count;
    state.delivery = keys;
    inherit_sizer(keys->children[0], state.node->find("sending_queue"));
    std::vector<Problem> problems;
    component.delivery = Settings::read_from<Delivery>(*keys, problems);
    for (const Problem& problem : problems) {
      Spot spot{state.node->key_mark, state.node->key_length, path};
      locate(*keys, state.node, problem.at, spot);
      state_.diagnostics.error("config.check", spot.mark, spot.length, spot.path, problem.text);
      component.valid = false;
    }
  }

  // `batch` counts as its queue does, if that was said and nothing else for the batch.
  static void inherit_sizer(const sluice_value& queue, const Node* node) {
    const Node* const batch = node ? node->find("batch") : nullptr;
    const Node* const sizer = node ? node->find("sizer") : nullptr;
    if (!batch || !sizer || batch->children.empty() || batch->find("sizer") || sizer->text == "requests") return;
    for (uint32_t i = 0; i < queue.child_count; ++i) {
      if (view(queue.children[i].key) != "batch") continue;
      const sluice_value& part = queue.children[i];
      for (uint32_t j = 0; j < part.child_count; ++j)
        if (view(part.children[j].key) == "sizer")
          const_cast<sluice_value&>(part.children[j]).string = to_str(sizer->text);
    }
  }

  // A connector stands among the receivers and exporters of pipelines: nobody else may have its id there.
  void same_ids() {
    for (size_t i = 0; i < state_.components.size(); ++i) {
      const Component& connector = *state_.components[i];
      if (connector.kind != Kind::connector || !connector.type) continue;
      for (Kind kind : {Kind::receiver, Kind::exporter}) {
        if (!state_.find(kind, connector.id)) continue;
        const Node& node = *state_.states[i].node;
        state_.diagnostics.error("config.id", node.key_mark, node.key_length, "connectors::" + connector.id,
                                 std::string("a ") + name_of(Kind::connector) + " and a" +
                                     (kind == Kind::exporter ? "n " : " ") + name_of(kind) + " have the same id",
                                 "rename one of them, such as \"" + connector.id + "/connector\"");
      }
    }
  }

  Loaded::State& state_;
  ComponentLookup& lookup_;
};

}  // namespace

std::optional<Setting> component_schema(std::string_view json, std::string& error) {
  std::optional<Setting> schema = parse_schema(json, error);
  if (!schema || !schema->delivery) return schema;
  std::optional<Setting> delivery = parse_schema(Settings::schema_of<Delivery>(), error);
  for (Property& property : delivery->properties) {
    if (property.key == "sending_queue" && schema->delivery_queue) property.setting.section = SectionKind::on;
    if (property.key == "retry_on_failure" && schema->delivery_retry) property.setting.section = SectionKind::on;
    if (property.key == "timeout") property.setting.default_value.string = format_duration(schema->delivery_timeout);
    schema->properties.push_back(std::move(property));
  }
  return schema;
}

void build(Loaded::State& state, ComponentLookup& lookup, Environment& environment) {
  Builder(state, lookup).run();
  connect(state, environment);
}

}  // namespace sluice::config
