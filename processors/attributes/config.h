// SPDX-License-Identifier: Apache-2.0
// Settings of the attributes processor.
#ifndef SLUICE_PROCESSORS_ATTRIBUTES_CONFIG_H
#define SLUICE_PROCESSORS_ATTRIBUTES_CONFIG_H

#include <optional>
#include <string>
#include <vector>

#include "plugins/formats/attributes/action_config.h"
#include "plugins/formats/attributes/actions.h"
#include "plugins/formats/attributes/match_config.h"
#include "plugins/sdk/settings.h"

namespace sluice::processors {

struct AttributesConfig {
  std::vector<formats::ActionConfig> actions;
  std::optional<formats::MatchConfig> include;
  std::optional<formats::MatchConfig> exclude;

  void settings(Settings& s) {
    s("actions", actions, "What is done to the attributes of each item, in this order.").required().min_items(1);
    s("include", include, "Only items that match this are changed.");
    s("exclude", exclude, "Items that match this are left as they are, also those that include matches.");
    const std::string problem = formats::actions_problem(actions);
    s.check(problem.empty(), "actions", problem);
  }
};

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_ATTRIBUTES_CONFIG_H
