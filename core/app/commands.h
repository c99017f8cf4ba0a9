// SPDX-License-Identifier: Apache-2.0
// The commands of `sluice`, each from its options to its exit code: 0, or 1 for any error.
#ifndef SLUICE_CORE_APP_COMMANDS_H
#define SLUICE_CORE_APP_COMMANDS_H

#include <cstdint>
#include <string>
#include <vector>

#include "core/config/configuration.h"

namespace sluice::app {

struct CommonOptions {
  std::vector<std::string> plugin_folders;  // the user's, in front of the collector's own
};

struct ConfigOptions : config::LoadOptions {
  bool strict = false;  // warnings count as errors
  config::Format format = config::Format::text;
  bool show_values = false;
};

struct RunOptions {
  uint64_t grace_ns = 10'000'000'000;
};

int run(const CommonOptions& common, const ConfigOptions& options, const RunOptions& run);
int validate(const CommonOptions& common, const ConfigOptions& options);
int print_config(const CommonOptions& common, const ConfigOptions& options, bool json, bool unredacted, bool defaults);
int components(const CommonOptions& common, const std::string& type, bool json, bool markdown);
int schema(const CommonOptions& common);
int write_catalog(const std::string& folder);

}  // namespace sluice::app
#endif  // SLUICE_CORE_APP_COMMANDS_H
