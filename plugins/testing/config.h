// SPDX-License-Identifier: Apache-2.0
// A component's settings from YAML, as the core would hand them to create(), or what the user would be told instead.
//
//   const auto batch = sluice::testing::config<BatchConfig>("timeout: 5s");
//   CHECK(batch.settings.timeout == 5s);
//   CHECK(config<BatchConfig>("timeout: 5").said == std::vector<std::string>{"timeout: expected a duration ..."});
//
// Link sluice::config_check: the host's own checker.
#ifndef SLUICE_PLUGINS_TESTING_CONFIG_H
#define SLUICE_PLUGINS_TESTING_CONFIG_H

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdk/settings.h"

namespace sluice::testing {

struct CheckedTree {
  std::shared_ptr<void> owner;          // of the values
  const sluice_value* value = nullptr;  // null if there is an error
  std::vector<std::string> said;        // "path: message; help [id]", errors and warnings
};
// Provided by the host's library.
CheckedTree check_settings(std::string_view schema, std::string_view yaml);
std::vector<std::string> lint_schema(std::string_view schema);

template <class T>
struct Config {
  T settings{};
  std::vector<std::string> said;
  CheckedTree tree;  // for create() of a component
};

template <Part T>
Config<T> config(std::string_view yaml) {
  Config<T> out;
  out.tree = check_settings(Settings::schema_of<T>(), yaml);
  out.said = out.tree.said;
  if (!out.tree.value) return out;
  std::vector<Problem> problems;
  out.settings = Settings::read_from<T>(*out.tree.value, problems);
  for (const Problem& problem : problems) {
    const std::string key = problem.at && problem.at->key.len
                                ? std::string(problem.at->key.ptr, problem.at->key.len) + ": "
                                : std::string();
    out.said.push_back(key + problem.text + " [config.check]");
  }
  return out;
}

// What is wrong with the declaration itself: a setting without a doc text or with a default that it would refuse, or
// a settings() that says something else of another instance. Empty if it is right.
template <Part T>
std::vector<std::string> declaration_mistakes() {
  std::vector<std::string> all = lint_schema(Settings::schema_of<T>());
  if (!Settings::is_straight_line<T>()) all.push_back("settings() depends on the values of members");
  return all;
}

}  // namespace sluice::testing
#endif  // SLUICE_PLUGINS_TESTING_CONFIG_H
