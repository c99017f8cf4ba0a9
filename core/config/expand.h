// SPDX-License-Identifier: Apache-2.0
// ${env:X}, ${file:x}, ${yaml:x} in values, after merging, as upstream expands them.
#ifndef SLUICE_CORE_CONFIG_EXPAND_H
#define SLUICE_CORE_CONFIG_EXPAND_H

#include "core/config/diagnostics.h"
#include "core/config/environment.h"
#include "core/config/value.h"

namespace sluice::config {

inline constexpr int kMaxRounds = 1000;                // expansions in one value
inline constexpr size_t kMaxExpandedBytes = 1 << 20;   // of one value
inline constexpr size_t kMaxIncludedBytes = 64 << 20;  // of all ${..} together

// Replaces every ${..} in the values below `root`, and at last $$ by $. A value that is one whole ${..} becomes what
// its text is as YAML, and keeps the text for settings that are texts. What cannot be expanded is marked as broken.
void expand(Node& root, Environment& environment, Sources& sources, Diagnostics& diagnostics);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_EXPAND_H
