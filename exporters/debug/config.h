// SPDX-License-Identifier: Apache-2.0
// Settings of the debug exporter.
#ifndef SLUICE_EXPORTERS_DEBUG_CONFIG_H
#define SLUICE_EXPORTERS_DEBUG_CONFIG_H

#include <cstdint>
#include <string>
#include <vector>

#include "plugins/sdk/settings.h"

namespace sluice::exporters {

enum class Verbosity { basic, normal, detailed };

struct DebugConfig {
  Verbosity verbosity = Verbosity::basic;
  uint32_t sampling_initial = 2;
  uint32_t sampling_thereafter = 1;
  bool use_internal_logger = true;
  std::vector<std::string> output_paths;  // empty: standard output

  void settings(Settings& s) {
    using namespace literals;
    s("verbosity", verbosity, "How much is printed of each batch: counts, one line an item, or every field.",
      {{"basic", Verbosity::basic}, {"normal", Verbosity::normal}, {"detailed", Verbosity::detailed}})
        .any_case();
    s("sampling_initial", sampling_initial, "So many equal messages a second are printed before sampling begins.")
        .unit("messages");
    s("sampling_thereafter", sampling_thereafter,
      "After those, every n-th equal message of the second is printed; 1: all, 0: none.")
        .unit("messages");
    s("use_internal_logger", use_internal_logger,
      "Print through the collector's own log; otherwise to output_paths, without time and level.");
    s("output_paths", output_paths, "Where to print: stdout, stderr, or files, which are appended to.")
        .default_text("[stdout]")
        .unique();
    s.check(!use_internal_logger || output_paths.empty(), "output_paths", "needs use_internal_logger: false");
    for (const std::string& path : output_paths) {
      const bool url = path.find("://") != std::string::npos;
      s.check(!path.empty() && (!url || path.starts_with("file:///")), "output_paths",
              "\"" + path + "\" is neither stdout, stderr, a path nor a URL as file:///path");
    }
    s.removed("loglevel", "write verbosity: detailed instead of loglevel: debug, and verbosity: basic instead of info");
    s.delivery(/*queue=*/false, /*retry=*/false, /*timeout=*/0s);
  }
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_DEBUG_CONFIG_H
