// SPDX-License-Identifier: Apache-2.0
// Does a component keep the rules of the border? Cases that any component must pass, whatever it does: its entry, every
// order of its life, answers of every kind from what is behind it, threads, memory and the account of its items.
//
//   CHECK(conformance_problems(processor_batch_sluice_plugin_entry_v0, "batch") == std::vector<std::string>{});
//
// Each case can be run alone, so that a crash can be pinned on it: see run_conformance_case().
#ifndef SLUICE_PLUGINS_TESTING_CONFORMANCE_H
#define SLUICE_PLUGINS_TESTING_CONFORMANCE_H

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/testing/tree.h"

namespace sluice::testing {

struct ConformanceOptions {
  Tree settings = Tree::map({});  // with which start() works here: free ports, files in a temporary folder
  // How long an exporter may take for an answer that depends on a real destination, and drain() to return.
  std::chrono::milliseconds patience{5000};
};

std::span<const std::string_view> conformance_cases();

// "drained, consume after drain: ..." for each problem; empty if there is none. An unknown case is a problem.
std::vector<std::string> run_conformance_case(std::string_view name, const sluice_component& component,
                                              const ConformanceOptions& options = {});

// All cases on the component of that type.
std::vector<std::string> conformance_problems(const sluice_entry& entry, std::string_view type,
                                              const ConformanceOptions& options = {});

}  // namespace sluice::testing
#endif  // SLUICE_PLUGINS_TESTING_CONFORMANCE_H
