// SPDX-License-Identifier: Apache-2.0
// Log records and their attributes for tests of this folder, in short texts: "key=Str(text)", "n=Int(5)".
#ifndef SLUICE_PLUGINS_FORMATS_ATTRIBUTES_FOR_TESTS_H
#define SLUICE_PLUGINS_FORMATS_ATTRIBUTES_FOR_TESTS_H

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/formats/attributes/action_config.h"
#include "plugins/formats/value_text/value_text.h"
#include "plugins/wire/rewrite.h"

namespace sluice::formats {

// A list of actions as a processor has it.
struct ActionList {
  std::vector<ActionConfig> actions;

  void settings(Settings& s) { s("actions", actions, "Actions."); }
};

// Keys and encoded values.
using Pairs = std::vector<std::pair<std::string, std::string>>;

inline void write_attributes(wire::Writer<std::string>& out, uint32_t number, const Pairs& pairs) {
  for (const auto& pair : pairs) {
    out.message(number, [&](auto& attribute) {
      attribute.text(1, pair.first);
      attribute.text(2, pair.second);
    });
  }
}

// One resource and scope with a record for each list of attributes.
inline std::string logs_with(const std::vector<Pairs>& records, std::string_view service = "demo") {
  std::string out;
  wire::Writer(out).message(1, [&](auto& resource_logs) {
    resource_logs.message(1, [&](auto& resource) {
      write_attributes(resource, 1, {{"service.name", wire::string_value(service)}});
    });
    resource_logs.message(2, [&](auto& scope_logs) {
      for (const Pairs& pairs : records) {
        scope_logs.message(2, [&](auto& record) {
          record.text(3, "INFO");
          write_attributes(record, 6, pairs);
          record.text(12, "event");
        });
      }
    });
  });
  return out;
}

inline std::vector<std::string> to_texts(const wire::Attributes& attributes) {
  constexpr const char* kTypes[] = {"Empty", "Str", "Bool", "Int", "Double", "Slice", "Map", "Bytes"};
  std::vector<std::string> texts;
  for (const wire::KeyValue& attribute : attributes) {
    std::string text = std::string(attribute.key) + "=" + kTypes[static_cast<size_t>(attribute.value.type)] + "(";
    append_value(text, attribute.value);
    texts.push_back(text + ")");
  }
  return texts;
}

// Of the records of a LogsData, one list each.
inline std::vector<std::vector<std::string>> attributes_of_logs(wire::Bytes message) {
  std::vector<std::vector<std::string>> all;
  for (const wire::ResourceLogs& resource : wire::logs(message)) {
    for (const wire::ScopeLogs& scope : resource.scopes) {
      for (const wire::LogRecord& record : scope.items) all.push_back(to_texts(record.attributes));
    }
  }
  return all;
}

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_ATTRIBUTES_FOR_TESTS_H
