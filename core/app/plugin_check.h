// SPDX-License-Identifier: Apache-2.0
// `sluice plugin check`: everything that can be said about a plugin without a pipeline. What its file says is looked at
// here; how its components behave is the business of sluice-conformance, a program of its own, since the core does not
// know the test kit. All code of the plugin runs in other processes: a crash is a finding like any other.
#ifndef SLUICE_CORE_APP_PLUGIN_CHECK_H
#define SLUICE_CORE_APP_PLUGIN_CHECK_H

#include <string>
#include <vector>

namespace sluice::app {

struct PluginCheck {
  std::string file;
  std::vector<std::string> settings;  // of components: "type={key: value}"
  std::string conformance;            // the program
};

struct Finding {
  std::string component;  // "exporter tally"; empty: the file
  std::string rule;       // "load", "exports", "schema"
  std::string text;
  bool warning = false;  // allowed, if not wise

  bool operator==(const Finding&) const = default;
};

struct PluginFile {
  std::string about;  // "exporter_tally 0.1.0, plugin ABI 0.2"; empty: it does not load
  std::vector<Finding> findings;
};

// What its file says. Loads it and runs code of it, in this process.
PluginFile look_at_plugin(const std::string& file);

// One line for each finding on stderr: "FILE: exporter tally: RULE: text". 0: it is right; 1: it is not, or not known.
int check_plugin(const PluginCheck& check);

}  // namespace sluice::app
#endif  // SLUICE_CORE_APP_PLUGIN_CHECK_H
