// SPDX-License-Identifier: Apache-2.0
// Several sources become one tree: --config in order, then --set in order, maps merged deep, all else replaced.
#ifndef SLUICE_CORE_CONFIG_MERGE_H
#define SLUICE_CORE_CONFIG_MERGE_H

#include <string>
#include <vector>

#include "core/config/diagnostics.h"
#include "core/config/environment.h"
#include "core/config/value.h"

namespace sluice::config {

// `over` wins. An empty map changes nothing, null replaces.
void merge_into(Node& base, Node over);

// Outside of lists, a key `a::b` is the path to `b` in the map `a`.
void split_paths(Node& map, Diagnostics& diagnostics);

// Reads and merges everything. False if a source could not be read: what is left is not worth checking.
bool gather(const std::vector<std::string>& configs, const std::vector<std::string>& sets, Environment& environment,
            Sources& sources, Diagnostics& diagnostics, Node& root);

// The scheme of `scheme:rest` (at least two letters, so that it is no drive), else nothing.
std::string_view scheme_of(std::string_view uri);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_MERGE_H
