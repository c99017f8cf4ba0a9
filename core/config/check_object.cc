// SPDX-License-Identifier: Apache-2.0
// Checking maps with known keys: which keys there are, what each is, and the rules between them.
#include <algorithm>
#include <utility>

#include "core/config/check.h"
#include "core/config/format.h"
#include "core/config/suggest.h"

namespace sluice::config {

size_t Checker::Object::index_of(std::string_view key) const {
  for (size_t i = 0; i < schema->properties.size(); ++i)
    if (schema->properties[i].key == key) return i;
  return schema->properties.size();
}

// Whether a rule counts it as written: the empty text and zero say nothing, as upstream sees it.
bool Checker::Object::is_set(size_t index) const {
  if (index >= given.size() || !given[index]) return false;
  const Node& node = *given[index];
  if (node.broken) return true;  // somebody meant it
  if (schema->properties[index].setting.section != SectionKind::none)
    return values[index] && values[index]->kind != SLUICE_NULL;
  const bool any = schema->properties[index].setting.type == SettingType::any;
  switch (node.kind) {
    case NodeKind::null:
      return false;
    case NodeKind::string:
      return any || !node.text.empty();
    case NodeKind::list:
      return any || !node.children.empty();
    case NodeKind::map:
      return true;
    default:
      return any || node.number != 0 || node.integer != 0;
  }
}

void Checker::object(const Setting& s, Node* node, sluice_value& out, const Frame& frame) {
  if (node && !node->is_map() && node->kind != NodeKind::null) return type_error(s, *node, frame);
  Frame here{&frame, {}, -1, frame.near, frame.near_length};
  if (node) here.near = node->mark, here.near_length = node->length;
  Object object{&s, std::vector<Node*>(s.properties.size()), std::vector<const sluice_value*>(s.properties.size())};
  if (node) sort_keys(s, *node, object, here);

  const auto is_value = [](const Property& p) { return p.setting.is_value(); };
  const auto count = std::count_if(s.properties.begin(), s.properties.end(), is_value);
  sluice_value* next = arena_.values(static_cast<size_t>(count));
  out.children = next, out.child_count = static_cast<uint32_t>(count);
  for (size_t i = 0; i < s.properties.size(); ++i) {
    const Property& property = s.properties[i];
    if (!property.setting.is_value()) continue;
    here.key = property.key;
    value(property.setting, object.given[i], *next, here);
    next->key = to_str(property.key);
    object.values[i] = next++;
  }
  here.key = {};
  if (off_ > 0) return;
  need_keys(object, here);
  note_listeners(object, here);
  for (const Rule& one : s.rules) rule(one, object, here);
}

// `enabled: false` in a part that may be on or off, unless the part has such a key of its own.
bool Checker::switched_off(const Setting& s, Node* node, const Frame& frame) {
  Node* const enabled = node->find("enabled");
  if (!enabled || s.find("enabled")) return false;
  const Frame here{&frame, "enabled", -1, node->mark, node->length};
  Setting flag;
  flag.type = SettingType::boolean;
  sluice_value on{};
  on.integer = 1;
  if (enabled->broken) {
    valid_ = false;
  } else {
    enabled->kind == NodeKind::null ? no_value(flag, *enabled, on, here) : fill(flag, enabled, on, here);
  }
  return on.integer == 0;
}

void Checker::sort_keys(const Setting& s, Node& node, Object& object, const Frame& frame) {
  size_t hint = 0;
  const size_t count = s.properties.size();
  for (Node& child : node.children) {
    size_t at = count;
    for (size_t tries = 0; tries < count && at == count; ++tries, ++hint)
      if (s.properties[hint % count].key == child.key) at = hint % count;
    if (at == count && s.section != SectionKind::none && child.key == "enabled") continue;
    if (at == count) {
      for (size_t i = 0; i < count; ++i)
        if (!s.properties[i].setting.was.empty() && s.properties[i].setting.was == child.key) at = i;
      if (at == count) {
        unknown_key(s, child, frame);
        continue;
      }
      diagnostics_.warning("config.renamed", child.key_mark, child.key_length, path_of(frame),
                           "\"" + child.key + "\" has a new name", "write \"" + s.properties[at].key + "\"");
      child.key = s.properties[at].key;
    }
    if (object.given[at]) {
      valid_ = false;
      diagnostics_.error("yaml.duplicate-key", child.key_mark, child.key_length, path_of(frame),
                         "\"" + child.key + "\" is given by its old and its new name", "remove one of the two");
      continue;
    }
    object.given[at] = &child;
    key_notes(s.properties[at], child, frame);
  }
}

// What is said about a key because it is there.
void Checker::key_notes(const Property& property, const Node& child, const Frame& frame) {
  const Setting& s = property.setting;
  Frame here = frame;
  here.key = property.key;
  if (!s.removed.empty()) {
    valid_ = false;
    diagnostics_.error("config.removed", child.key_mark, child.key_length, path_of(here), "this key is gone",
                       s.removed);
  } else if (!s.unsupported.empty()) {
    // Printed configurations are full of keys without a value: they ask for nothing.
    if (child.kind == NodeKind::null || (child.is_list() && child.children.empty())) return;
    valid_ = false;
    diagnostics_.error("config.unsupported", child.key_mark, child.key_length, path_of(here), s.unsupported);
  } else if (!s.deprecated.empty()) {
    diagnostics_.warning("config.deprecated", child.key_mark, child.key_length, path_of(here), s.deprecated);
  }
}

void Checker::unknown_key(const Setting& s, const Node& child, const Frame& frame) {
  valid_ = false;
  std::vector<std::string> accepted;
  std::string deeper;
  for (const Property& property : s.properties) {
    if (!property.setting.is_value()) continue;
    accepted.push_back(property.key);
    const Property* const inside = property.setting.find(child.key);
    if (deeper.empty() && inside && inside->setting.is_value()) deeper = property.key;
  }
  std::string help = "it belongs into \"" + deeper + "\"";
  if (deeper.empty()) help = accepted.empty() ? "no keys are accepted here" : suggestion(child.key, accepted);
  if (const std::string meant = nearest(child.key, accepted); deeper.empty() && !meant.empty()) {
    const SettingType type = s.find(meant)->setting.type;
    if (type != SettingType::any && type != SettingType::secret) mark_shown(s.find(meant)->setting, child);
  }
  diagnostics_.error("config.unknown-key", child.key_mark, child.key_length, path_of(frame),
                     "unknown key \"" + child.key + "\"", help);
}

void Checker::need_keys(const Object& object, const Frame& frame) {
  for (size_t i = 0; i < object.given.size(); ++i) {
    const Property& property = object.schema->properties[i];
    if (!property.setting.required || object.given[i]) continue;
    valid_ = false;
    diagnostics_.error(
        "config.missing", frame.near, frame.near_length, path_of(frame), "the key \"" + property.key + "\" is missing",
        property.setting.example.empty() ? "" : "such as " + property.key + ": " + property.setting.example);
  }
}

void Checker::note_listeners(const Object& object, const Frame& frame) {
  for (size_t i = 0; i < object.given.size(); ++i) {
    const Property& property = object.schema->properties[i];
    if (!property.setting.listens || !object.values[i] || object.values[i]->string.len == 0) continue;
    Listener listener;
    Frame here = frame;
    here.key = property.key;
    listener.path = path_of(here);
    listener.address = view(object.values[i]->string);
    if (const size_t transport = object.index_of("transport"); transport < object.given.size())
      if (const sluice_value* const value = object.values[transport]) listener.transport = view(value->string);
    const Node* const node = object.given[i];
    listener.written = node != nullptr;
    listener.shown = !node || !is_hidden(*node);
    listener.mark = node ? node->mark : frame.near;
    listener.length = node ? node->length : frame.near_length;
    found_->listeners.push_back(std::move(listener));
  }
}

void Checker::rule(const Rule& rule, const Object& object, const Frame& frame) {
  std::string condition;
  if (!rule.when_key.empty()) {
    const size_t index = object.index_of(rule.when_key);
    const sluice_value* const decides = object.values[index];
    // Without the key that decides there is one mistake, not several.
    if (!decides || (!object.given[index] && object.schema->properties[index].setting.required)) return;
    std::string_view is = view(decides->string);
    if (decides->kind == SLUICE_BOOL) is = decides->integer ? "true" : "false";
    if (std::find(rule.when_values.begin(), rule.when_values.end(), is) == rule.when_values.end()) return;
    condition = rule.when_key + " \"" + std::string(is) + "\"";
  }
  std::vector<std::string> set, unset;
  int last = -1;
  for (const std::string& key : rule.keys) {
    const size_t index = object.index_of(key);
    const bool is_set = object.is_set(index);
    (is_set ? set : unset).push_back(key);
    if (is_set && (last < 0 || object.given[last]->key_mark < object.given[index]->key_mark))
      last = static_cast<int>(index);
  }
  const std::string with = condition.empty() ? "" : "with " + condition + ", ";
  const std::string all = quoted_list(rule.keys), any = quoted_list(rule.keys, "or");
  switch (rule.demand) {
    case Rule::Demand::need:
      if (!unset.empty())
        rule_error(rule, object, -1, with + quoted_list(unset) + (unset.size() == 1 ? " is" : " are") + " missing", "",
                   frame);
      break;
    case Rule::Demand::forbid:
      for (const std::string& key : set)
        rule_error(rule, object, static_cast<int>(object.index_of(key)), with + "\"" + key + "\" is not accepted",
                   "remove it", frame);
      break;
    case Rule::Demand::exactly_one:
      if (set.empty())
        rule_error(rule, object, -1, with + "one of " + any + " is missing", "", frame);
      else if (set.size() > 1)
        rule_error(rule, object, last, with + "only one of " + all + " is accepted", "remove the others", frame);
      break;
    case Rule::Demand::at_least_one:
      if (set.empty()) rule_error(rule, object, -1, with + "at least one of " + all + " is needed", "", frame);
      break;
    case Rule::Demand::at_most_one:
      if (set.size() > 1)
        rule_error(rule, object, last, with + "only one of " + all + " is accepted", "remove the others", frame);
      break;
    case Rule::Demand::together:
      if (!set.empty() && !unset.empty())
        rule_error(rule, object, last, with + all + " belong together, " + quoted_list(unset) + " is missing", "",
                   frame);
      break;
  }
}

// At a key of the map, or with -1 at the map as a whole.
void Checker::rule_error(const Rule& rule, const Object& object, int at, std::string message, std::string help,
                         const Frame& frame) {
  valid_ = false;
  if (!rule.text.empty()) message = rule.text, help.clear();
  const Node* const node = at >= 0 ? object.given[static_cast<size_t>(at)] : nullptr;
  Frame here = frame;
  if (node) here.key = object.schema->properties[static_cast<size_t>(at)].key;
  diagnostics_.error("config.rule", node ? node->key_mark : frame.near, node ? node->key_length : frame.near_length,
                     path_of(here), std::move(message), std::move(help));
}

}  // namespace sluice::config
