// SPDX-License-Identifier: Apache-2.0
// Where things are that belong to this binary: all are found from its own folder, so an installed tree can be moved.
#ifndef SLUICE_CORE_APP_PLACES_H
#define SLUICE_CORE_APP_PLACES_H

#include <string>

namespace sluice::app {

// The collector's own plugins: ../lib/sluice/plugins.
std::string own_plugins();

// A program that stands beside this one.
std::string program_beside(const std::string& name);

}  // namespace sluice::app
#endif  // SLUICE_CORE_APP_PLACES_H
