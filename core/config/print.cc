// SPDX-License-Identifier: Apache-2.0
// print-config: the configuration as it counts, after merging and expansion.
#include "core/config/print.h"

#include <algorithm>
#include <utility>

#include "core/config/scalar.h"
#include "core/config/state.h"

namespace sluice::config {
namespace {

constexpr std::string_view kRedacted = "[REDACTED]";

Json text_json(std::string_view text) {
  Json json;
  json.type = Json::Type::string;
  json.string = text;
  return json;
}
Json empty(Json::Type type) {
  Json json;
  json.type = type;
  return json;
}
void put(Json& object, std::string_view key, Json value) {
  object.keys.emplace_back(key);
  object.items.push_back(std::move(value));
}

class Printer {
 public:
  explicit Printer(const PrintOptions& options) : options_(options) {}

  // What is written. No schema: nothing is known of it, so nothing of it is shown.
  Json written(const Node& node, const Setting* s, bool in_list = false) const {
    if (node.is_map()) {
      Json map = empty(Json::Type::object);
      const bool headers = s && s->type == SettingType::headers;
      for (const Node& child : node.children) {
        const Property* const property = s && s->type == SettingType::object ? s->find(child.key) : nullptr;
        const Setting* below = property ? &property->setting : nullptr;
        if (s && (s->type == SettingType::any || headers))
          below = headers && in_list && child.key == "name" ? &any_ : s;
        if (s && s->type == SettingType::map) below = s->items.get();
        if (!below && s && s->section != SectionKind::none && child.key == "enabled") below = &any_;
        put(map, child.key, written(child, below));
      }
      return map;
    }
    if (node.is_list()) {
      Json list = empty(Json::Type::array);
      const Setting* const below = s && s->items ? s->items.get() : s;
      for (const Node& child : node.children) list.items.push_back(written(child, below, true));
      return list;
    }
    if (node.kind == NodeKind::null && !(s && is_text(*s) && node.expanded())) return {};
    const bool secret = !s || s->type == SettingType::secret || s->type == SettingType::headers;
    if (secret && options_.redacted) return text_json(kRedacted);
    if (node.kind == NodeKind::string || (s && is_text(*s))) return text_json(node.text);
    Json json = empty(node.kind == NodeKind::boolean   ? Json::Type::boolean
                      : node.kind == NodeKind::integer ? Json::Type::integer
                                                       : Json::Type::real);
    json.integer = node.integer, json.number = node.number;
    return json;
  }

  // Everything that counts, from the checked values.
  Json whole(const sluice_value& value, const Setting& s) const {
    switch (value.kind) {
      case SLUICE_NULL:
        return {};
      case SLUICE_LIST:
      case SLUICE_MAP:
        return children(value, s);
      case SLUICE_DURATION:
        return text_json(format_duration(value.integer));
      case SLUICE_STRING:
      case SLUICE_COMPONENT:
        return text_json(view(value.string));
      case SLUICE_SECRET:
        return text_json(options_.redacted && value.string.len ? kRedacted : view(value.string));
      default:
        break;
    }
    Json json = empty(value.kind == SLUICE_BOOL     ? Json::Type::boolean
                      : value.kind == SLUICE_DOUBLE ? Json::Type::real
                                                    : Json::Type::integer);
    json.integer = value.integer, json.number = value.number;
    return json;
  }

 private:
  static bool is_text(const Setting& s) {
    return s.type == SettingType::text || s.type == SettingType::secret || s.type == SettingType::component ||
           s.type == SettingType::headers;
  }

  Json children(const sluice_value& value, const Setting& s) const {
    Json json = empty(value.kind == SLUICE_LIST ? Json::Type::array : Json::Type::object);
    for (uint32_t i = 0; i < value.child_count; ++i) {
      const sluice_value& child = value.children[i];
      const Property* const property = s.type == SettingType::object ? s.find(view(child.key)) : nullptr;
      const Setting& below = property ? property->setting : s.items ? *s.items : s;
      if (value.kind == SLUICE_LIST) {
        json.items.push_back(whole(child, below));
      } else if (property && child.kind == SLUICE_NULL && below.section != SectionKind::none) {
        // Absent is off, but for a part that is on by itself.
        if (below.section != SectionKind::on) continue;
        Json off = empty(Json::Type::object);
        put(off, "enabled", empty(Json::Type::boolean));
        put(json, property->key, std::move(off));
      } else {
        put(json, view(child.key), whole(child, below));
      }
    }
    return json;
  }

  const PrintOptions& options_;
  Setting any_;
};

Json* find(Json& object, std::string_view key) {
  return const_cast<Json*>(std::as_const(object).find(key));
}

Json defaults_of(const Setting& s) {
  if (s.type != SettingType::object) return s.default_value;
  Json object = empty(Json::Type::object);
  for (const Property& property : s.properties)
    if (property.setting.is_value()) put(object, property.key, defaults_of(property.setting));
  return object;
}

// The reader that is there without being written.
Json with_reader(Json telemetry, const Telemetry& read, const Setting& schema) {
  Json* const metrics = find(telemetry, "metrics");
  Json* const readers = metrics ? find(*metrics, "readers") : nullptr;
  if (!readers || !readers->items.empty() || read.metrics.readers.empty()) return telemetry;
  readers->items.push_back(defaults_of(*schema.find("metrics")->setting.find("readers")->setting.items));
  return telemetry;
}

bool is_plain(std::string_view text) {
  if (resolve_scalar(text).kind != NodeKind::string) return false;
  const auto safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '-' || c == ':' || c == '+' || c == '=' || c == ' ';
  };
  if (!std::all_of(text.begin(), text.end(), safe)) return false;
  return text.find(": ") == std::string_view::npos && text.front() != '-' && text.front() != ' ' &&
         text.front() != ':' && text.front() != '=' && text.back() != ' ' && text.back() != ':';
}

void yaml_text(std::string& out, std::string_view text) {
  std::string escaped(text);
  // It is not to be expanded when it is read again.
  if (text.find("${") != std::string_view::npos || text.find("$$") != std::string_view::npos) {
    escaped.clear();
    for (char c : text) escaped.append(c == '$' ? 2 : 1, c);
  }
  is_plain(escaped) ? void(out += escaped) : append_json(out, escaped);
}

void yaml(std::string& out, const Json& json, size_t indent, bool in_list) {
  const auto nested = [](const Json& j) {
    return (j.is(Json::Type::object) || j.is(Json::Type::array)) && !j.items.empty();
  };
  if (!nested(json)) {
    if (json.is(Json::Type::string)) {
      yaml_text(out, json.string);
    } else if (json.is(Json::Type::real)) {
      out += format_number(json.number);
    } else {
      append_json(out, json);
    }
    out += '\n';
    return;
  }
  bool first = in_list;  // the first line stands behind "- "
  for (size_t i = 0; i < json.items.size(); ++i) {
    if (!first) out.append(indent, ' ');
    first = false;
    if (json.is(Json::Type::array)) {
      out += "- ";
      yaml(out, json.items[i], indent + 2, true);
      continue;
    }
    is_plain(json.keys[i]) ? void(out += json.keys[i]) : append_json(out, json.keys[i]);
    out += ':';
    out += nested(json.items[i]) ? '\n' : ' ';
    yaml(out, json.items[i], indent + 2, false);
  }
}

}  // namespace

std::string print_config(const Loaded& loaded, const PrintOptions& options) {
  const Loaded::State& state = loaded.state();
  const Printer printer(options);
  Setting any;
  Json root = empty(Json::Type::object);
  for (const Node& section : state.root.children) {
    Json printed = empty(Json::Type::object);
    bool known = false;
    for (size_t i = 0; i < state.components.size(); ++i) {
      const Component& component = *state.components[i];
      const ComponentState& about = state.states[i];
      if (section.key != section_of(component.kind)) continue;
      known = true;
      const bool whole = options.defaults && about.whole;
      put(printed, component.id,
          whole ? printer.whole(*about.whole, *about.schema) : printer.written(*about.node, about.schema));
    }
    if (section.key == "service") {
      known = true;
      for (const Node& child : section.children)
        if (child.key != "telemetry") put(printed, child.key, printer.written(child, &any));
      if (options.defaults && state.telemetry_tree)
        put(printed, "telemetry",
            with_reader(printer.whole(*state.telemetry_tree, *state.telemetry_schema), state.telemetry,
                        *state.telemetry_schema));
      else if (const Node* const telemetry = section.find("telemetry"))
        put(printed, "telemetry", printer.written(*telemetry, state.telemetry_schema.get()));
    }
    put(root, section.key, known ? std::move(printed) : printer.written(section, nullptr));
  }
  std::string out;
  if (options.json) {
    append_json(out, root);
    return out += '\n';
  }
  yaml(out, root, 0, false);
  return out;
}

}  // namespace sluice::config
