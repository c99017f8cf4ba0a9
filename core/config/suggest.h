// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the nearest of the accepted names.
#ifndef SLUICE_CORE_CONFIG_SUGGEST_H
#define SLUICE_CORE_CONFIG_SUGGEST_H

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

// Letter case, `_` and `-` aside. Empty if none is near: at most one change in three letters, swapped neighbours as
// one.
std::string nearest(std::string_view name, const std::vector<std::string>& accepted);

// `did you mean "x"?`, or the accepted names, up to 12 of them; empty if there are none.
std::string suggestion(std::string_view name, const std::vector<std::string>& accepted);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_SUGGEST_H
