// SPDX-License-Identifier: Apache-2.0
// `sluice components`: the catalog, and all there is to say of a component's settings.
#include <algorithm>

#include "core/config/print.h"
#include "core/config/state.h"

namespace sluice::config {
namespace {

const char* stability_name(int32_t stability) {
  switch (stability) {
    case SLUICE_DEVELOPMENT:
      return "development";
    case SLUICE_ALPHA:
      return "alpha";
    case SLUICE_BETA:
      return "beta";
    case SLUICE_STABLE:
      return "stable";
    default:
      return "deprecated";
  }
}

std::string signals_of(const ComponentType& type) {
  if (type.kind == Kind::extension) return "-";
  if (type.kind == Kind::connector)
    return signal_names(type.input_signals) + " to " + signal_names(type.output_signals);
  return signal_names(type.kind == Kind::receiver ? type.output_signals : type.input_signals);
}

std::string joined(const std::vector<std::string>& names, const char* if_none) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? if_none : text;
}

struct Row {
  std::vector<std::string> cells;
};

std::string table(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.cells.size()));
    for (size_t i = 0; i < row.cells.size(); ++i) widths[i] = std::max(widths[i], row.cells[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.cells.size(); ++i) {
      out += row.cells[i];
      if (i + 1 < row.cells.size()) out.append(widths[i] + 2 - row.cells[i].size(), ' ');
    }
    out += '\n';
  }
  return out;
}

std::vector<Row> catalog(ComponentLookup& lookup) {
  std::vector<Row> rows;
  std::vector<ComponentName> names = lookup.names();
  std::stable_sort(names.begin(), names.end(), [](const ComponentName& a, const ComponentName& b) {
    return a.kind != b.kind ? a.kind < b.kind : a.type < b.type;
  });
  for (const ComponentName& name : names) {
    std::string problem;
    const ComponentType* const type = lookup.find(name.kind, name.type, problem);
    if (type)
      rows.push_back({{name_of(name.kind), name.type, joined(name.aliases, "-"), signals_of(*type),
                       stability_name(type->stability), type->version, type->file}});
    else
      rows.push_back({{name_of(name.kind), name.type, joined(name.aliases, "-"), "-", "-", "-", problem}});
  }
  return rows;
}

constexpr size_t kDocColumn = 44;

// Settings as the YAML in which they stand, with what they are behind a `#`.
void describe(std::string& out, const std::string& key, const Setting& s, size_t indent) {
  if (!s.removed.empty()) return;
  std::string line(indent, ' ');
  line += key + ":";
  if (!s.unsupported.empty()) {
    out +=
        line + std::string(line.size() < kDocColumn ? kDocColumn - line.size() : 1, ' ') + "# " + s.unsupported + '\n';
    return;
  }
  const Setting& inner = (s.type == SettingType::list || s.type == SettingType::map) && s.items ? *s.items : s;
  const bool nested = inner.type == SettingType::object;
  const std::string usual = default_text(s), range = range_text(s);
  if (!nested && usual != "required" && !usual.empty()) line += " " + usual;
  std::string about = type_name(s);
  if (s.section != SectionKind::none) about = usual + " by default";
  if (s.required) about += ", required";
  if (!range.empty() && !nested) about += s.choices.empty() ? ", " + range : ": " + range;
  if (!s.format.empty()) about += ", " + s.format;
  if (!s.pattern.empty()) about += ", as " + s.pattern;
  if (!s.example.empty()) about += ", such as " + s.example;
  line.append(line.size() < kDocColumn ? kDocColumn - line.size() : 1, ' ');
  out += line + "# " + about + (s.description.empty() ? "" : ". " + s.description);
  if (!s.deprecated.empty()) out += " Deprecated: " + s.deprecated;
  out += '\n';
  if (!nested) return;
  if (s.type == SettingType::list) out += std::string(indent + 2, ' ') + "- # each item:\n";
  if (s.type == SettingType::map) out += std::string(indent + 2, ' ') + "<name>:\n";
  const size_t below = indent + (s.type == SettingType::object ? 2 : 4);
  for (const Property& property : inner.properties) describe(out, property.key, property.setting, below);
}

// `|` would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

void rows(std::string& out, const std::string& path, const Setting& s) {
  for (const Property& property : s.properties) {
    const Setting& setting = property.setting;
    const std::string here = path + property.key;
    if (!setting.removed.empty()) continue;
    if (!setting.unsupported.empty()) {
      out += "| " + here + " | | | " + cell(setting.unsupported) + " |\n";
      continue;
    }
    const bool many = setting.type == SettingType::list || setting.type == SettingType::map;
    const Setting& inner = many && setting.items ? *setting.items : setting;
    const std::string range = range_text(setting);
    const std::string accepted = range.empty() || !setting.choices.empty() || setting.type != SettingType::integer
                                     ? type_name(setting) + (range.empty() ? "" : ": " + range)
                                     : range;
    out += "| " + here + " | " + cell(default_text(setting)) + " | " + cell(accepted) + " | " +
           cell(setting.description) + " |\n";
    if (inner.type == SettingType::object)
      rows(out,
           here + (setting.type == SettingType::list  ? "[]::"
                   : setting.type == SettingType::map ? "::*::"
                                                      : "::"),
           inner);
  }
}

}  // namespace

std::string print_components(ComponentLookup& lookup, bool json) {
  const std::vector<Row> all = catalog(lookup);
  const std::vector<std::string> head = {"kind", "type", "aliases", "signals", "stability", "version", "file"};
  if (!json) {
    std::vector<Row> shown = {{{"KIND", "TYPE", "ALIASES", "SIGNALS", "STABILITY", "VERSION", "FILE"}}};
    shown.insert(shown.end(), all.begin(), all.end());
    return table(shown);
  }
  std::string out = "[";
  for (const Row& row : all) {
    out += out.size() > 1 ? ",\n{" : "\n{";
    for (size_t i = 0; i < head.size(); ++i) {
      if (i) out += ',';
      append_json(out, head[i]);
      out += ':';
      append_json(out, row.cells[i]);
    }
    out += '}';
  }
  return out += "]\n";
}

std::string print_component(ComponentLookup& lookup, std::string_view wanted) {
  std::string out;
  for (Kind kind : kKinds) {
    std::string problem;
    const ComponentType* const type = lookup.find(kind, wanted, problem);
    if (!type) continue;
    const std::optional<Setting> schema = component_schema(type->schema, problem);
    if (!out.empty()) out += '\n';
    out += std::string(name_of(kind)) + " " + type->type + "\n";
    out += table({{{"  aliases", joined(type->aliases, "-")}},
                  {{"  signals", signals_of(*type)}},
                  {{"  stability", stability_name(type->stability)}},
                  {{"  version", type->version}},
                  {{"  file", type->file}}});
    out += std::string("\n") + section_of(kind) + ":\n  " + type->type + ":\n";
    if (!schema) {
      out += "    # the schema is broken: " + problem + '\n';
      continue;
    }
    for (const Property& property : schema->properties) describe(out, property.key, property.setting, 4);
  }
  return out;
}

std::string settings_table(const ComponentType& type) {
  std::string problem, out = "| Setting | Default | Accepted | Meaning |\n|---|---|---|---|\n";
  if (const std::optional<Setting> schema = component_schema(type.schema, problem)) rows(out, "", *schema);
  return out;
}

}  // namespace sluice::config
