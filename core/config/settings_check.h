// SPDX-License-Identifier: Apache-2.0
// The check of one component's settings alone: for tests of components, and for `sluice plugin check`.
#ifndef SLUICE_CORE_CONFIG_SETTINGS_CHECK_H
#define SLUICE_CORE_CONFIG_SETTINGS_CHECK_H

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

// What is wrong with a schema: it cannot be read, a setting has no description, a default is outside of its own limits.
std::vector<std::string> lint_schema(std::string_view json);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_SETTINGS_CHECK_H
