// SPDX-License-Identifier: Apache-2.0
// Lints schemas.
#include "core/config/settings_check.h"

#include <algorithm>

#include "core/config/format.h"
#include "core/config/scalar.h"
#include "core/config/schema.h"

namespace sluice::config {
namespace {

std::string wrong_default(const Setting& s) {
  const Json& value = s.default_value;
  if (value.is(Json::Type::null)) return {};
  const bool outside = s.type == SettingType::number ? value.number < s.number_min || value.number > s.number_max
                                                     : value.integer < s.min || value.integer > s.max;
  switch (s.type) {
    case SettingType::integer:
    case SettingType::bytes:
    case SettingType::number:
      return outside ? "the default is out of range: " + range_text(s) : "";
    case SettingType::duration: {
      const auto parsed = parse_duration(value.string);
      return !parsed || *parsed < s.min || *parsed > s.max ? "the default is out of range: " + range_text(s) : "";
    }
    case SettingType::text: {
      if (!s.choices.empty() && std::find(s.choices.begin(), s.choices.end(), value.string) == s.choices.end())
        return "the default is none of the choices";
      const auto bad = check_format(s.format, value.string);
      if (bad) return "the default is refused: " + bad->message;
      const bool fits = s.pattern.empty() || value.string.empty() || matches(s.pattern, value.string);
      return fits ? "" : "the default does not match " + s.pattern;
    }
    case SettingType::list:
      return !value.items.empty() && value.items.size() < s.min_items ? "the default has too few items" : "";
    default:
      return {};
  }
}

void lint(const std::string& path, const Setting& s, std::vector<std::string>& said) {
  if (!s.is_value()) return;
  if (!path.empty() && !path.ends_with("]") && s.description.empty())
    said.push_back(path + ": there is no description");
  if (const std::string why = wrong_default(s); !why.empty()) said.push_back(path + ": " + why);
  if (s.items) lint(path + "[]", *s.items, said);
  for (const Property& property : s.properties)
    lint(path.empty() ? property.key : path + "::" + property.key, property.setting, said);
}

}  // namespace

std::vector<std::string> lint_schema(std::string_view json) {
  std::string error;
  const auto schema = parse_schema(json, error);
  if (!schema) return {"the schema is broken: " + error};
  std::vector<std::string> said;
  lint("", *schema, said);
  return said;
}

}  // namespace sluice::config
