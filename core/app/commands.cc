// SPDX-License-Identifier: Apache-2.0
#include "core/app/commands.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "core/app/collector.h"
#include "core/app/places.h"
#include "core/app/signals.h"
#include "core/base/heap.h"
#include "core/base/memory_limit.h"
#include "core/base/threads.h"
#include "core/config/print.h"
#include "core/loader/catalog.h"

namespace sluice::app {
namespace {

void add_folders(loader::Plugins& plugins, const CommonOptions& common) {
  plugins.add_folder(own_plugins());
  for (const std::string& folder : common.plugin_folders) plugins.add_user_folder(folder);
}

bool report(const config::Loaded& loaded, const ConfigOptions& options) {
  config::RenderOptions render;
  render.format = options.format;
  render.show_values = options.show_values;
  render.colour = isatty(STDERR_FILENO) && !std::getenv("NO_COLOR");
  std::cerr << loaded.render(render) << std::flush;
  return loaded.ok() && !(options.strict && loaded.diagnostics().warnings() > 0);
}

bool has_configuration(const ConfigOptions& options) {
  if (!options.configs.empty()) return true;
  std::cerr << "sluice: error: no configuration; name at least one: --config FILE\n";
  return false;
}

uint64_t memory_budget() {
  const base::MemoryLimit limit = base::memory_limit(std::getenv("GOMEMLIMIT"));
  return limit.bytes - limit.bytes / 5;  // the rest is for libraries, stacks and the allocator
}

}  // namespace

int run(const CommonOptions& common, const ConfigOptions& options, const RunOptions& run) {
  if (!has_configuration(options)) return 1;
  base::keep_freed_memory();
  base::block_signals();
  Signals signals;
  loader::Plugins plugins;
  add_folders(plugins, common);
  Collector collector(plugins, memory_budget());
  if (!collector.load(options) | !report(collector.loaded(), options)) return 1;

  const telemetry::Logger log(collector.log());
  collector.health().on_change([&signals](const telemetry::HealthEntry& entry) {
    if (entry.state == telemetry::HealthState::fatal) signals.wake();
  });
  bool failed = false;
  if (const std::string error = collector.start(); !error.empty()) {
    log.error(error);
    failed = true;
  }
  while (!failed) {
    const std::optional<int> signal = signals.wait();
    if (!signal) {
      log.error("Asynchronous error received, terminating process");
      failed = true;
      break;
    }
    log.info("Received signal from OS", {{"signal", signal_name(*signal)}});
    if (*signal != SIGHUP) break;
    log.warn("reloading is not supported yet; restart the process to use a new configuration");
  }
  // A second signal cuts the drain short.
  std::thread watch = base::start_thread("sluice-signals", [&] {
    while (auto signal = signals.wait()) {
      if (*signal != SIGHUP) collector.hurry();
    }
  });
  const bool clean = collector.stop(run.grace_ns);
  signals.wake();
  watch.join();
  if (!clean) std::_Exit(1);  // code of a plugin still runs: nothing it may use is taken away
  return failed ? 1 : 0;
}

int validate(const CommonOptions& common, const ConfigOptions& options) {
  if (!has_configuration(options)) return 1;
  loader::Plugins plugins;
  add_folders(plugins, common);
  Collector collector(plugins, 0);
  const bool good = collector.load(options);
  if (!report(collector.loaded(), options) || !good) return 1;
  if (options.format == config::Format::text) {
    for (const auto& level : collector.delivery_levels()) {
      std::cout << level.pipeline << ": OK is answered at level L" << level.level << ": " << level.why << "\n";
    }
  }
  return 0;
}

int print_config(const CommonOptions& common, const ConfigOptions& options, bool json, bool unredacted, bool defaults) {
  if (!has_configuration(options)) return 1;
  loader::Plugins plugins;
  add_folders(plugins, common);
  config::Loaded loaded = config::load(options, plugins, config::process_environment());
  const bool good = report(loaded, options);
  config::PrintOptions print;
  print.json = json;
  print.redacted = !unredacted;
  print.defaults = defaults;
  if (good) std::cout << config::print_config(loaded, print);
  return good ? 0 : 1;
}

int components(const CommonOptions& common, const std::string& type, bool json, bool markdown) {
  loader::Plugins plugins;
  add_folders(plugins, common);
  if (type.empty()) {
    std::cout << config::print_components(plugins, json);
  } else if (markdown) {
    bool any = false;
    for (config::Kind kind : config::kKinds) {
      std::string problem;
      if (const config::ComponentType* found = plugins.find(kind, type, problem)) {
        std::cout << (any ? "\n" : "") << "## " << config::name_of(kind) << " " << found->type << "\n\n"
                  << config::settings_table(*found);
        any = true;
      }
    }
    if (any) return 0;
  } else if (const std::string text = config::print_component(plugins, type); !text.empty()) {
    std::cout << text;
    return 0;
  }
  for (const std::string& error : plugins.errors()) std::cerr << "sluice: warning: " << error << "\n";
  if (type.empty()) return 0;
  std::cerr << "sluice: error: there is no component \"" << type << "\"; `sluice components` lists what there is\n";
  return 1;
}

int schema(const CommonOptions& common) {
  loader::Plugins plugins;
  add_folders(plugins, common);
  std::cout << config::editor_schema(plugins);
  return 0;
}

int write_catalog(const std::string& folder) {
  std::vector<std::string> errors;
  const auto entries = loader::scan(folder, errors);
  for (const std::string& error : errors) std::cerr << "sluice: error: " << error << "\n";
  if (!errors.empty()) return 1;
  std::ofstream out(folder + "/" + loader::kCatalogFile);
  out << loader::catalog_text(entries);
  if (out.flush()) return 0;
  std::cerr << "sluice: error: " << folder << "/" << loader::kCatalogFile << " cannot be written\n";
  return 1;
}

}  // namespace sluice::app
