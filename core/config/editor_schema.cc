// SPDX-License-Identifier: Apache-2.0
// `sluice schema`: the schemas of all components as one JSON Schema for whole files. Ours (x-...) are translated into
// what editors know; a key that asks for something that is not supported is simply no key.
#include "core/config/print.h"
#include "core/config/scalar.h"
#include "core/config/state.h"

namespace sluice::config {
namespace {

constexpr const char* kExpansion = R"({"type":"string","pattern":"\\$\\{.*\\}"})";
constexpr const char* kDuration = R"({"type":"string","pattern":"^[-+]?([0-9]+(\\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$"})";
constexpr const char* kBytes = R"({"type":"string","pattern":"^[0-9]+ ?([KMGTkmgt]i?)?[Bb]$"})";

void append_list(std::string& out, const std::vector<std::string>& names) {
  out += '[';
  for (size_t i = 0; i < names.size(); ++i) {
    if (i) out += ',';
    append_json(out, names[i]);
  }
  out += ']';
}

class Writer {
 public:
  std::string out;

  void setting(const Setting& s) {
    out += '{';
    if (!s.description.empty()) text("description", s.description);
    if (!s.default_value.is(Json::Type::null)) {
      out += "\"default\":";
      append_json(out, s.default_value);
      out += ',';
    }
    if (!s.deprecated.empty()) out += "\"deprecated\":true,";
    if (!s.example.empty()) out += "\"examples\":[", append_json(out, s.example), out += "],";
    kind(s);
    out += '}';
  }

 private:
  void text(const char* key, std::string_view value) {
    out += std::string("\"") + key + "\":";
    append_json(out, value);
    out += ',';
  }

  void kind(const Setting& s) {
    switch (s.type) {
      case SettingType::any:
        if (!out.empty() && out.back() == ',') out.pop_back();
        break;
      case SettingType::object:
        object(s);
        break;
      case SettingType::map:
        out += R"("type":["object","null"],"additionalProperties":)";
        setting(*s.items);
        break;
      case SettingType::headers:
        out +=
            R"("anyOf":[{"type":"object","additionalProperties":{"type":["string","null"]}},{"type":"array","items":)"
            R"({"type":"object","required":["name"],"properties":{"name":{"type":"string"},"value":{"type":"string"}}}},)";
        out += std::string(kExpansion) + R"(,{"type":"null"}])";
        break;
      case SettingType::list:
        out += R"("anyOf":[{"type":"array",)";
        if (s.min_items) out += "\"minItems\":" + std::to_string(s.min_items) + ',';
        if (s.unique) out += "\"uniqueItems\":true,";
        out += "\"items\":";
        setting(*s.items);
        out += s.items->type == SettingType::text ? R"(},{"type":["string","null"]}])"
                                                  : std::string("},") + kExpansion + R"(,{"type":"null"}])";
        break;
      default:
        scalar(s);
    }
  }

  void scalar(const Setting& s) {
    out += "\"anyOf\":[";
    if (!s.choices.empty()) {
      out += s.any_case ? R"({"type":"string","examples":)" : "{\"enum\":";
      append_list(out, s.choices);
      out += '}';
    } else if (s.type == SettingType::boolean) {
      out += R"({"type":"boolean"})";
    } else if (s.type == SettingType::integer || s.type == SettingType::bytes) {
      out += R"({"type":"integer")";
      if (s.min > INT64_MIN) out += ",\"minimum\":" + std::to_string(s.min);
      if (s.max < INT64_MAX) out += ",\"maximum\":" + std::to_string(s.max);
      out += '}';
      if (s.type == SettingType::bytes) out += std::string(",") + kBytes;
    } else if (s.type == SettingType::number) {
      out += R"({"type":"number")";
      if (s.number_min > -std::numeric_limits<double>::infinity())
        out += (s.above ? ",\"exclusiveMinimum\":" : ",\"minimum\":") + format_number(s.number_min);
      if (s.number_max < std::numeric_limits<double>::infinity()) out += ",\"maximum\":" + format_number(s.number_max);
      out += '}';
    } else if (s.type == SettingType::duration) {
      out += std::string(R"({"const":0},)") + kDuration;
    } else {
      out += R"({"type":"string")";
      if (!s.pattern.empty()) {
        out += ",\"pattern\":";
        append_json(out, "^(?:" + s.pattern + ")$");
      }
      out += '}';
    }
    out += std::string(",") + kExpansion + R"(,{"type":"null"}])";
  }

  void object(const Setting& s) {
    out += R"("type":["object","null"],"additionalProperties":false,"properties":{)";
    bool any = false;
    std::vector<std::string> required;
    const auto add = [&](const std::string& key, const Setting& setting_of) {
      if (any) out += ',';
      any = true;
      append_json(out, key);
      out += ':';
      setting(setting_of);
    };
    for (const Property& property : s.properties) {
      if (!property.setting.is_value()) continue;
      add(property.key, property.setting);
      if (!property.setting.was.empty()) add(property.setting.was, property.setting);
      if (property.setting.required) required.push_back(property.key);
    }
    if (s.section != SectionKind::none && !s.find("enabled")) {
      Setting flag;
      flag.type = SettingType::boolean;
      flag.description = "false switches this part off.";
      add("enabled", flag);
    }
    out += '}';
    if (!required.empty() && s.section == SectionKind::none) {
      out += ",\"required\":";
      append_list(out, required);
    }
    if (s.rules.empty()) return;
    out += ",\"allOf\":[";
    for (const Rule& one : s.rules) {
      if (&one != s.rules.data()) out += ',';
      rule(one);
    }
    out += ']';
  }

  void rule(const Rule& rule) {
    if (rule.when_key.empty()) return demand(rule);
    out += R"({"if":{"properties":{)";
    append_json(out, rule.when_key);
    out += ":{\"enum\":";
    append_list(out, rule.when_values);
    out += "}},\"required\":";
    append_list(out, {rule.when_key});
    out += "},\"then\":";
    demand(rule);
    out += '}';
  }

  void demand(const Rule& rule) {
    switch (rule.demand) {
      case Rule::Demand::need:
        required("{", rule.keys);
        break;
      case Rule::Demand::forbid:
        out += "{\"not\":";
        each("anyOf", rule.keys);
        out += '}';
        break;
      case Rule::Demand::exactly_one:
        each("oneOf", rule.keys);
        break;
      case Rule::Demand::at_least_one:
        each("anyOf", rule.keys);
        break;
      case Rule::Demand::at_most_one:
        out += R"({"anyOf":[{"not":)";
        each("anyOf", rule.keys);
        out += "},";
        each("oneOf", rule.keys);
        out += "]}";
        break;
      case Rule::Demand::together:
        out += R"({"anyOf":[{"not":)";
        each("anyOf", rule.keys);
        out += "},";
        required("{", rule.keys);
        out += "]}";
        break;
    }
  }
  void required(const char* before, const std::vector<std::string>& keys) {
    out += std::string(before) + "\"required\":";
    append_list(out, keys);
    out += '}';
  }
  void each(const char* how, const std::vector<std::string>& keys) {
    out += std::string("{\"") + how + "\":[";
    for (const std::string& key : keys) {
      if (&key != keys.data()) out += ',';
      required("{", {key});
    }
    out += "]}";
  }
};

}  // namespace

std::string editor_schema(ComponentLookup& lookup) {
  Writer writer;
  std::string& out = writer.out;
  out = R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Sluice configuration","type":"object",)"
        R"("additionalProperties":false,"properties":{)";
  for (Kind kind : kKinds) {
    out += std::string("\n\"") + section_of(kind) +
           R"(":{"type":["object","null"],"additionalProperties":false,"patternProperties":{)";
    bool first = true;
    for (const ComponentName& name : lookup.names()) {
      std::string problem;
      const ComponentType* const type = name.kind == kind ? lookup.find(kind, name.type, problem) : nullptr;
      const std::optional<Setting> schema = type ? component_schema(type->schema, problem) : std::nullopt;
      if (!schema) continue;
      std::string types = name.type;
      for (const std::string& alias : name.aliases) types += "|" + alias;
      out += first ? "\n" : ",\n";
      first = false;
      append_json(out, "^(?:" + types + ")(/.+)?$");
      out += ':';
      writer.setting(*schema);
    }
    out += "}},";
  }
  out +=
      "\n"
      R"("service":{"type":"object","additionalProperties":false,"properties":{"extensions":)"
      R"({"type":["array","null"],"items":{"type":"string"}},"pipelines":{"type":"object","additionalProperties":false,)"
      R"("patternProperties":{"^(?:traces|metrics|logs)(/.+)?$":{"type":"object","additionalProperties":false,)"
      R"("required":["receivers","exporters"],"properties":{"receivers":{"type":"array","minItems":1,"items":)"
      R"({"type":"string"}},"processors":{"type":["array","null"],"items":{"type":"string"}},"exporters":)"
      R"({"type":"array","minItems":1,"items":{"type":"string"}}}}}},"telemetry":)";
  std::string problem;
  writer.setting(*parse_schema(Settings::schema_of<Telemetry>(), problem));
  return out += "}}}}\n";
}

}  // namespace sluice::config
