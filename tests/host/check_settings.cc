// SPDX-License-Identifier: Apache-2.0
// The functions that plugins/testing/config.h declares: a component's tests check settings as the core does, without
// including anything of it. Stands here because the core does not know plugins/testing, nor the other way round.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/check.h"
#include "core/config/environment.h"
#include "core/config/expand.h"
#include "core/config/settings_check.h"
#include "core/config/state.h"
#include "core/config/yaml_reader.h"
#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

struct Tree {
  config::Sources sources;
  config::Diagnostics diagnostics;
  config::Node root;
  config::ValueArena arena;
  config::Found found;
};

}  // namespace

CheckedTree check_settings(std::string_view schema_text, std::string_view yaml) {
  CheckedTree out;
  std::string error;
  auto schema = std::make_unique<std::optional<config::Setting>>(config::component_schema(schema_text, error));
  if (!*schema) {
    out.said.push_back("the schema is broken: " + error);
    return out;
  }
  auto tree = std::make_shared<std::pair<Tree, std::unique_ptr<std::optional<config::Setting>>>>();
  tree->second = std::move(schema);
  Tree& t = tree->first;
  const uint32_t source = t.sources.add(config::Origin::inline_yaml, "settings", std::string(yaml));
  if (config::read_yaml(t.sources, source, t.diagnostics, t.root)) {
    config::expand(t.root, config::process_environment(), t.sources, t.diagnostics);
    const config::Setting& setting = **tree->second;
    config::Checker checker(t.sources, t.diagnostics, t.arena);
    out.value = checker.check(setting, &t.root, t.root.mark, t.root.length, "", t.found);
    if (out.value && setting.delivery) {
      constexpr uint32_t kKeys = 3;  // the core keeps them
      sluice_value* const own = t.arena.values(1);
      *own = *out.value;
      own->child_count -= kKeys;
      out.value = own;
    }
  }
  t.diagnostics.sort();
  for (const config::Diagnostic& d : t.diagnostics.all())
    out.said.push_back((d.path.empty() ? "" : d.path + ": ") + d.message + (d.help.empty() ? "" : "; " + d.help) +
                       " [" + d.id + "]");
  out.owner = tree;
  return out;
}

std::vector<std::string> lint_schema(std::string_view schema) {
  return config::lint_schema(schema);
}

}  // namespace sluice::testing
