// SPDX-License-Identifier: Apache-2.0
// The schema of a component's settings, as its JSON text says it. Unknown keywords are ignored, so that this core takes
// the schemas of newer plugins.
#ifndef SLUICE_CORE_CONFIG_SCHEMA_H
#define SLUICE_CORE_CONFIG_SCHEMA_H

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/json.h"

namespace sluice::config {

enum class SettingType : uint8_t {
  any,
  boolean,
  integer,
  number,
  text,
  duration,
  bytes,
  secret,
  component,
  headers,
  list,
  map,     // free keys, all values alike
  object,  // known keys
};

// What a part does that may be on or off (x-section).
enum class SectionKind : uint8_t { none, on, off, optional };

struct Rule {
  enum class Demand : uint8_t { need, forbid, exactly_one, at_least_one, at_most_one, together };
  std::string when_key;  // empty: always
  std::vector<std::string> when_values;
  Demand demand = Demand::need;
  std::vector<std::string> keys;
  std::string text;  // replaces the wording
};

struct Property;

struct Setting {
  SettingType type = SettingType::any;
  SectionKind section = SectionKind::none;
  bool required = false, listens = false, unique = false, any_case = false;
  bool bounded = false;  // any of minimum, maximum was said
  bool above = false;    // of numbers: the minimum itself is refused
  int64_t min = std::numeric_limits<int64_t>::min(), max = std::numeric_limits<int64_t>::max();
  double number_min = -std::numeric_limits<double>::infinity(), number_max = std::numeric_limits<double>::infinity();
  uint64_t min_items = 0;
  Json default_value;  // null: none
  std::vector<std::string> choices;
  std::string description, pattern, format, unit, example, default_text;
  std::string was, deprecated, removed, unsupported;
  std::string refers, interface;     // kind of the component, and what it must offer
  std::vector<Property> properties;  // of an object, in the order of the docs
  std::unique_ptr<Setting> items;    // of a list or map
  std::vector<Rule> rules;
  std::string first;          // why this processor belongs before all others of a pipeline; empty: anywhere
  bool keeps_signal = false;  // this connector sends on only what it got: traces to traces
  // The core adds its delivery keys to this object, with these defaults.
  bool delivery = false, delivery_queue = false, delivery_retry = false;
  int64_t delivery_timeout = 0;

  bool is_value() const { return removed.empty() && unsupported.empty(); }  // else only a key to say something about
  const Property* find(std::string_view key) const;
};

struct Property {
  std::string key;
  Setting setting;
};

// Nothing if the text is broken: an error of the plugin, which `error` describes.
std::optional<Setting> parse_schema(std::string_view json, std::string& error);

std::string type_name(const Setting& setting);     // "duration", "list of text"
std::string range_text(const Setting& setting);    // "0 to 4294967295 items", "at least 1"; empty: no limit
std::string default_text(const Setting& setting);  // "200ms", "off"; empty: none

// "a", "b" and "c"
std::string quoted_list(const std::vector<std::string>& names, const char* last = "and");

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_SCHEMA_H
