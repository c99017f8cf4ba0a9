// SPDX-License-Identifier: Apache-2.0
// Which items a processor acts on: the settings under `include` and `exclude` of several processors.
#ifndef SLUICE_PLUGINS_FORMATS_ATTRIBUTES_MATCH_CONFIG_H
#define SLUICE_PLUGINS_FORMATS_ATTRIBUTES_MATCH_CONFIG_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/sdk/settings.h"

namespace sluice::formats {

enum class MatchType { strict, regexp };

struct AttributeMatchConfig {
  std::string key;
  Value value;

  void settings(Settings& s) {
    s("key", key, "The attribute's key.").required();
    s("value", value, "Its value, of the same type; with match_type regexp a pattern. Absent: any value.");
  }
};

struct LibraryMatchConfig {
  std::string name;
  Value version;

  void settings(Settings& s) {
    s("name", name, "Name of the instrumentation scope.");
    s("version", version, "Its version, \"\" for none. Absent: any version.");
    s.check(version.kind == SLUICE_NULL || version.kind == SLUICE_STRING, "version",
            "a version is a text: put it in quotes");
  }
};

struct LogSeverityMatchConfig {
  int32_t min = 0;
  bool match_undefined = false;

  void settings(Settings& s) {
    s("min", min, "Severity numbers from this on match, such as 9 for INFO, 13 for WARN.").min(0).max(24);
    s("match_undefined", match_undefined, "Whether records without a severity number match.");
  }
};

struct MatchRegexpConfig {
  bool cacheenabled = false;
  uint64_t cachemaxnumentries = 0;

  void settings(Settings& s) {
    s("cacheenabled", cacheenabled, "Without effect: matching takes linear time and needs no cache.");
    s("cachemaxnumentries", cachemaxnumentries, "Without effect, as cacheenabled.");
  }
};

struct MatchConfig {
  MatchType match_type = MatchType::strict;
  MatchRegexpConfig regexp;
  std::vector<std::string> services;
  std::vector<std::string> span_names;
  std::vector<std::string> span_kinds;
  std::vector<std::string> log_bodies;
  std::vector<std::string> log_severity_texts;
  std::optional<LogSeverityMatchConfig> log_severity_number;
  std::vector<std::string> metric_names;
  std::vector<AttributeMatchConfig> attributes;
  std::vector<AttributeMatchConfig> resources;
  std::vector<LibraryMatchConfig> libraries;

  void settings(Settings& s) {
    s("match_type", match_type, "Whether texts are compared as they are, or are patterns (RE2) to be found in them.",
      {{"strict", MatchType::strict}, {"regexp", MatchType::regexp}})
        .required();
    s("regexp", regexp, "Accepted for upstream's sake.");
    s("services", services, "The resource's service.name is one of these.");
    s("span_names", span_names, "The span's name is one of these.");
    s("span_kinds", span_kinds, "The span's kind is one of these: SPAN_KIND_SERVER and so on.");
    s("log_bodies", log_bodies, "The record's body, as text, is one of these.");
    s("log_severity_texts", log_severity_texts, "The record's severity text is one of these.");
    s("log_severity_number", log_severity_number, "The record's severity number is at least this.");
    s("metric_names", metric_names, "The metric's name is one of these.");
    s("attributes", attributes, "The item has all of these attributes.");
    s("resources", resources, "The resource has all of these attributes.");
    s("libraries", libraries, "The instrumentation scope is one of these.");
    s.rules().at_least_one({"services", "span_names", "span_kinds", "log_bodies", "log_severity_texts",
                            "log_severity_number", "metric_names", "attributes", "resources", "libraries"});
    check_texts(s, "services", services);
    check_texts(s, "span_names", span_names);
    check_texts(s, "span_kinds", span_kinds);
    check_texts(s, "log_bodies", log_bodies);
    check_texts(s, "log_severity_texts", log_severity_texts);
    check_texts(s, "metric_names", metric_names);
    check_values(s, "attributes", attributes);
    check_values(s, "resources", resources);
    check_libraries(s);
    check_kinds(s);
  }

 private:
  void check_texts(Settings& s, const char* key, const std::vector<std::string>& texts) const;
  void check_values(Settings& s, const char* key, const std::vector<AttributeMatchConfig>& conditions) const;
  void check_libraries(Settings& s) const;
  void check_kinds(Settings& s) const;
};

// The first key of it that says nothing about items of this signal, such as span_names about logs; null if there is
// none. Which signals a processor gets is known in init().
const char* key_for_other_signals(const MatchConfig& config, sluice_signal signal);

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_ATTRIBUTES_MATCH_CONFIG_H
