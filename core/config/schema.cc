// SPDX-License-Identifier: Apache-2.0
// JSON text to settings.
#include "core/config/schema.h"

#include <utility>

#include "core/config/scalar.h"

namespace sluice::config {
namespace {

struct Broken {
  std::string why;
};

struct IntegerKind {
  std::string_view name;
  int64_t min, max;
};
constexpr IntegerKind kIntegers[] = {
    {"u8", 0, UINT8_MAX},          {"u16", 0, UINT16_MAX},
    {"u32", 0, UINT32_MAX},        {"u64", 0, INT64_MAX},  // the border carries 63 bits
    {"i8", INT8_MIN, INT8_MAX},    {"i16", INT16_MIN, INT16_MAX},
    {"i32", INT32_MIN, INT32_MAX}, {"i64", INT64_MIN, INT64_MAX}};

class Reader {
 public:
  Setting setting(const Json& json, const std::string& path) {
    if (!json.is(Json::Type::object)) throw Broken{path + ": a setting is no object"};
    path_ = path;
    Setting s;
    s.type = type(json);
    read_texts(json, s);
    if (const std::string section = text(json, "x-section"); section == "on") {
      s.section = SectionKind::on;
    } else if (section == "off") {
      s.section = SectionKind::off;
    } else if (section == "optional") {
      s.section = SectionKind::optional;
    }
    read_limits(json, s);
    if (const Json* value = json.find("default")) s.default_value = *value;
    s.choices = texts(json, "enum");
    if (const Json* items = json.find(s.type == SettingType::list ? "items" : "additionalProperties");
        items && items->is(Json::Type::object))
      s.items = std::make_unique<Setting>(setting(*items, path + "[]"));
    if ((s.type == SettingType::list || s.type == SettingType::map) && !s.items) throw Broken{path + ": no items"};
    if (s.type == SettingType::object) read_object(json, s, path);
    return s;
  }

 private:
  SettingType type(const Json& json) {
    const std::string kind = text(json, "x-kind"), name = text(json, "type");
    constexpr std::pair<std::string_view, SettingType> kKinds[] = {
        {"duration", SettingType::duration},   {"bytes", SettingType::bytes},     {"secret", SettingType::secret},
        {"component", SettingType::component}, {"headers", SettingType::headers}, {"any", SettingType::any}};
    for (const auto& [known, type] : kKinds)
      if (kind == known) return type;
    if (name == "object") return json.find("additionalProperties") ? SettingType::map : SettingType::object;
    constexpr std::pair<std::string_view, SettingType> kTypes[] = {{"boolean", SettingType::boolean},
                                                                   {"integer", SettingType::integer},
                                                                   {"number", SettingType::number},
                                                                   {"string", SettingType::text},
                                                                   {"array", SettingType::list}};
    for (const auto& [known, type] : kTypes)
      if (name == known) return type;
    if (!name.empty()) throw Broken{path_ + ": unknown type \"" + name + "\""};
    return SettingType::any;
  }

  void read_texts(const Json& json, Setting& s) {
    s.description = text(json, "description"), s.pattern = text(json, "pattern"), s.format = text(json, "format");
    s.unit = text(json, "x-unit"), s.example = text(json, "x-example"), s.default_text = text(json, "x-default-text");
    s.was = text(json, "x-was"), s.deprecated = text(json, "x-deprecated"), s.removed = text(json, "x-removed");
    s.unsupported = text(json, "x-unsupported");
    s.refers = text(json, "x-refers"), s.interface = text(json, "x-interface");
    s.required = flag(json, "x-required"), s.listens = flag(json, "x-listens");
    s.unique = flag(json, "uniqueItems"), s.any_case = flag(json, "x-any-case");
  }

  void read_limits(const Json& json, Setting& s) {
    if (const Json* n = json.find("minItems")) s.min_items = static_cast<uint64_t>(n->integer);
    if (s.type == SettingType::bytes) s.min = 0;
    const std::string kind = text(json, "x-int");
    for (const IntegerKind& known : kIntegers)
      if (kind == known.name) s.min = known.min, s.max = known.max;
    if (s.type == SettingType::integer && !kind.empty()) s.bounded = true;
    for (const char* keyword : {"minimum", "exclusiveMinimum", "maximum"}) {
      const Json* limit = json.find(keyword);
      if (!limit) continue;
      s.bounded = true;
      const bool upper = *keyword == 'm' && keyword[1] == 'a';
      s.above |= *keyword == 'e';
      if (s.type == SettingType::number) {
        (upper ? s.number_max : s.number_min) = limit->number;
        continue;
      }
      int64_t value = limit->integer;
      if (limit->is(Json::Type::string)) {
        const auto duration = parse_duration(limit->string);
        if (!duration) throw Broken{path_ + ": " + keyword + " is no duration"};
        value = *duration;
      } else if (!limit->is(Json::Type::integer)) {
        throw Broken{path_ + ": " + keyword + " is no whole number"};
      }
      if (upper) {
        s.max = std::min(s.max, value);
      } else {
        s.min = std::max(s.min, *keyword == 'e' && value < INT64_MAX ? value + 1 : value);
      }
    }
  }

  void read_object(const Json& json, Setting& s, const std::string& path) {
    if (const Json* properties = json.find("properties")) {
      for (size_t i = 0; i < properties->keys.size(); ++i) {
        const std::string& key = properties->keys[i];
        const Json& value = properties->items[i];
        if (flag(value, "x-delivery")) {
          s.delivery = true, s.delivery_queue = flag(value, "queue"), s.delivery_retry = flag(value, "retry");
          const auto timeout = parse_duration(text(value, "timeout"));
          if (!timeout) throw Broken{path + ": x-delivery without a timeout"};
          s.delivery_timeout = *timeout;
          continue;
        }
        if (value.find("x-first")) {
          s.first = text(value, "x-first");
          continue;
        }
        if (value.find("x-pairs")) {
          if (text(value, "x-pairs") != "same") throw Broken{path + ": x-pairs can only be \"same\""};
          s.keeps_signal = true;
          continue;
        }
        s.properties.push_back({key, setting(value, path.empty() ? key : path + "::" + key)});
      }
    }
    if (const Json* rules = json.find("x-rules"))
      for (const Json& one : rules->items) s.rules.push_back(rule(one, s, path));
  }

  static Rule rule(const Json& json, const Setting& s, const std::string& path) {
    constexpr std::pair<const char*, Rule::Demand> kDemands[] = {{"need", Rule::Demand::need},
                                                                 {"forbid", Rule::Demand::forbid},
                                                                 {"exactly_one", Rule::Demand::exactly_one},
                                                                 {"at_least_one", Rule::Demand::at_least_one},
                                                                 {"at_most_one", Rule::Demand::at_most_one},
                                                                 {"together", Rule::Demand::together}};
    Rule out;
    if (const Json* when = json.find("when"); when && when->keys.size() == 1) {
      out.when_key = when->keys[0];
      out.when_values = texts(*when, when->keys[0].c_str());
      if (!s.find(out.when_key)) throw Broken{path + ": a rule names the unknown key \"" + out.when_key + "\""};
    }
    for (const auto& [name, demand] : kDemands)
      if (json.find(name)) out.demand = demand, out.keys = texts(json, name);
    for (const std::string& key : out.keys)
      if (!s.find(key)) throw Broken{path + ": a rule names the unknown key \"" + key + "\""};
    out.text = text(json, "text");
    return out;
  }

  static std::string text(const Json& json, const char* key) {
    const Json* value = json.find(key);
    return value && value->is(Json::Type::string) ? value->string : std::string();
  }
  static bool flag(const Json& json, const char* key) {
    const Json* value = json.find(key);
    return value && value->is(Json::Type::boolean) && value->integer;
  }
  static std::vector<std::string> texts(const Json& json, const char* key) {
    std::vector<std::string> all;
    if (const Json* list = json.find(key))
      for (const Json& item : list->items)
        if (item.is(Json::Type::string)) all.push_back(item.string);
    return all;
  }

  std::string path_;
};

std::string limit_text(const Setting& s, int64_t limit) {
  return s.type == SettingType::duration ? format_duration(limit) : std::to_string(limit);
}

}  // namespace

const Property* Setting::find(std::string_view key) const {
  for (const Property& property : properties)
    if (property.key == key) return &property;
  return nullptr;
}

std::optional<Setting> parse_schema(std::string_view text, std::string& error) {
  const std::optional<Json> json = parse_json(text, error);
  if (!json) return std::nullopt;
  try {
    Setting setting = Reader().setting(*json, "");
    if (setting.type == SettingType::object) return setting;
    error = "the schema is no object";
  } catch (const Broken& broken) {
    error = broken.why;
  }
  return std::nullopt;
}

std::string type_name(const Setting& s) {
  constexpr const char* kNames[] = {"any value", "true or false", "whole number", "number",    "text",
                                    "duration",  "size",          "secret text",  "component", "headers",
                                    "list",      "map",           "section"};
  if (!s.choices.empty()) return "choice";
  std::string name = kNames[static_cast<size_t>(s.type)];
  if (s.type == SettingType::component && !s.refers.empty()) return "id of the " + s.refers;
  if (s.items) name += " of " + type_name(*s.items);
  return name;
}

std::string range_text(const Setting& s) {
  if (!s.choices.empty()) {
    std::string all;
    for (const std::string& choice : s.choices) all += (all.empty() ? "" : ", ") + choice;
    return all;
  }
  const std::string unit = s.unit.empty() ? "" : " " + s.unit;
  std::string text;
  if (s.type == SettingType::number) {
    const bool low = s.number_min > -std::numeric_limits<double>::infinity();
    const bool high = s.number_max < std::numeric_limits<double>::infinity();
    if (low && high) return format_number(s.number_min) + " to " + format_number(s.number_max) + unit;
    if (low) text = (s.above ? "above " : "at least ") + format_number(s.number_min);
    if (high) text = "at most " + format_number(s.number_max);
  } else if (s.type == SettingType::integer || s.type == SettingType::duration || s.type == SettingType::bytes) {
    const bool low = s.min > INT64_MIN, high = s.max < INT64_MAX;
    const bool strict = s.above && s.type == SettingType::duration;
    if (low && high) return limit_text(s, s.min) + " to " + limit_text(s, s.max) + unit;
    if (low) text = strict ? "above " + limit_text(s, s.min - 1) : "at least " + limit_text(s, s.min);
    if (high) text = "at most " + limit_text(s, s.max);
  }
  if (text.empty() && s.min_items) return "at least " + std::to_string(s.min_items) + " items";
  return text + (text.empty() && !unit.empty() ? s.unit : unit);
}

std::string default_text(const Setting& s) {
  if (!s.default_text.empty()) return s.default_text;
  if (s.required) return "required";
  if (s.section == SectionKind::on) return "on";
  if (s.section != SectionKind::none) return "off";
  if (s.default_value.is(Json::Type::null)) return "";
  // As it would have to be written: "1.2" is a text only in quotes.
  const bool retyped = s.type == SettingType::text && resolve_scalar(s.default_value.string).kind != NodeKind::string;
  if (s.default_value.is(Json::Type::string) && !retyped) return s.default_value.string;
  std::string text;
  append_json(text, s.default_value);
  return text;
}

std::string quoted_list(const std::vector<std::string>& names, const char* last) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i) text += i + 1 == names.size() ? std::string(" ") + last + " " : ", ";
    text += '"' + names[i] + '"';
  }
  return text;
}

}  // namespace sluice::config
