// SPDX-License-Identifier: Apache-2.0
// One action on attributes, as processors that edit attributes take them in a list.
#ifndef SLUICE_PLUGINS_FORMATS_ATTRIBUTES_ACTION_CONFIG_H
#define SLUICE_PLUGINS_FORMATS_ATTRIBUTES_ACTION_CONFIG_H

#include <string>
#include <vector>

#include "plugins/formats/attributes/pattern.h"
#include "plugins/formats/attributes/values.h"
#include "plugins/sdk/settings.h"

namespace sluice::formats {

enum class ActionType { insert, update, upsert, erase, hash, extract, convert };
enum class ConvertedType { none, integer, float64, string };

struct ActionConfig {
  std::string key;
  ActionType action = ActionType::insert;
  Value value;
  std::string from_attribute;
  std::string from_context;
  Value default_value;
  std::string pattern;
  ConvertedType converted_type = ConvertedType::none;

  void settings(Settings& s) {
    s("key", key, "The attribute to act on.");
    s("action", action,
      "insert sets it where it is missing, update where it is there, upsert always; delete removes it; hash puts the "
      "SHA-256 of its value in place of it; extract makes attributes of the named groups of a pattern; convert changes "
      "its type.",
      {{"insert", ActionType::insert},
       {"update", ActionType::update},
       {"upsert", ActionType::upsert},
       {"delete", ActionType::erase},
       {"hash", ActionType::hash},
       {"extract", ActionType::extract},
       {"convert", ActionType::convert}})
        .required()
        .any_case();
    s("value", value, "What insert, update and upsert set: text, number, bool, list or map, of the type written here.");
    s("from_attribute", from_attribute, "Set the value that this attribute of the same item has.");
    s("from_context", from_context,
      "Set what is known of the sender: metadata.NAME (a header), auth.NAME or client.address. Several values of a "
      "header are joined by a semicolon.")
        .example("metadata.x-tenant");
    s("default_value", default_value, "What is set where from_attribute or from_context find nothing.");
    s("pattern", pattern,
      "Regular expression (RE2): for delete and hash, all keys that it matches; for extract, what it finds in the "
      "value, each group with the name of an attribute.");
    s("converted_type", converted_type, "The type to convert to.",
      {{"int", ConvertedType::integer}, {"double", ConvertedType::float64}, {"string", ConvertedType::string}});

    s.when("action", {"insert", "update", "upsert"})
        .need({"key"})
        .at_least_one({"value", "from_attribute", "from_context", "default_value"})
        .at_most_one({"value", "from_attribute", "from_context"})
        .forbid({"pattern", "converted_type"});
    s.when("action", {"delete", "hash"})
        .at_least_one({"key", "pattern"})
        .forbid({"value", "from_attribute", "from_context", "default_value", "converted_type"});
    s.when("action", {"extract"})
        .need({"key", "pattern"})
        .forbid({"value", "from_attribute", "from_context", "default_value", "converted_type"});
    s.when("action", {"convert"})
        .need({"key", "converted_type"})
        .forbid({"value", "from_attribute", "from_context", "default_value", "pattern"});

    const std::string bad_value = value_problem(value), bad_default = value_problem(default_value);
    s.check(bad_value.empty(), "value", bad_value);
    s.check(bad_default.empty(), "default_value", bad_default);
    const std::string bad_pattern =
        action == ActionType::extract && !pattern.empty() ? extraction_problem(pattern) : Pattern::problem(pattern);
    s.check(bad_pattern.empty(), "pattern", bad_pattern);
  }
};

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_ATTRIBUTES_ACTION_CONFIG_H
