// SPDX-License-Identifier: Apache-2.0
// Settings of the resource processor.
#ifndef SLUICE_PROCESSORS_RESOURCE_CONFIG_H
#define SLUICE_PROCESSORS_RESOURCE_CONFIG_H

#include <string>
#include <vector>

#include "plugins/formats/attributes/action_config.h"
#include "plugins/formats/attributes/actions.h"
#include "plugins/sdk/settings.h"

namespace sluice::processors {

struct ResourceConfig {
  std::vector<formats::ActionConfig> attributes;

  void settings(Settings& s) {
    s("attributes", attributes, "What is done to the attributes of each resource, in this order.")
        .required()
        .min_items(1);
    const std::string problem = formats::actions_problem(attributes);
    s.check(problem.empty(), "attributes", problem);
  }
};

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_RESOURCE_CONFIG_H
