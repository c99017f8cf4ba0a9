// SPDX-License-Identifier: Apache-2.0
// The command line of `sluice`. Without a command it runs, so that it takes the place of the OpenTelemetry Collector's
// binary in existing units, images and charts.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <string>

#include "core/app/commands.h"
#include "core/app/places.h"
#include "core/app/plugin_check.h"
#include "core/app/version.h"

namespace {

using namespace sluice::app;

void add_config_options(CLI::App& app, ConfigOptions& options) {
  app.add_option("--config", options.configs, "File, directory, file:, env: or yaml: to read; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--set", options.sets, "One value, as path.to.key=value; may be repeated, wins over files")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--strict", options.strict, "Warnings count as errors");
  app.add_flag("--show-values", options.show_values, "Quote lines of the configuration with their values");
  app.add_flag_callback(
      "--json-diagnostics", [&options] { options.format = sluice::config::Format::json; },
      "Mistakes as JSON, for programs");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Sluice, a telemetry collector: OpenTelemetry Collector configuration, plugins, every item accounted for");
  app.name("sluice");
  app.set_version_flag("-v,--version", std::string("sluice version ") + kVersion);
  app.fallthrough();

  CommonOptions common;
  ConfigOptions options;
  RunOptions run_options;
  std::string gates, format = "text", type, folder, mode = "redacted", print_format = "yaml";
  bool defaults = false;
  app.add_option("--plugin-dir", common.plugin_folders, "Folder with plugins of your own; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--feature-gates", gates, "Accepted for compatibility; Sluice has no feature gates yet");
  add_config_options(app, options);
  const auto seconds = CLI::AsNumberWithUnit(
      std::map<std::string, uint64_t>{{"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}});
  app.add_option("--shutdown-timeout", run_options.grace_ns, "Longest time of a stop, such as 10s")
      ->transform(seconds)
      ->default_str("10s");

  app.add_subcommand("run", "Run the collector (what happens without a command, too)");
  auto* validate_command = app.add_subcommand("validate", "Tell every mistake of a configuration, start nothing");
  validate_command->add_option("--format", format, "text or json")->check(CLI::IsMember({"text", "json"}));
  auto* print_command = app.add_subcommand("print-config", "Print the merged, expanded configuration");
  print_command->alias("print-initial-config");
  print_command->add_option("--mode", mode, "redacted or unredacted")->check(CLI::IsMember({"redacted", "unredacted"}));
  print_command->add_option("--format", print_format, "yaml or json")->check(CLI::IsMember({"yaml", "json"}));
  print_command->add_flag("--defaults", defaults, "With every default");
  auto* components_command = app.add_subcommand("components", "List the components, or explain one");
  components_command->add_option("type", type, "A component's type: print its whole configuration");
  components_command->add_option("--format", format, "text, json or markdown")
      ->check(CLI::IsMember({"text", "json", "markdown"}));
  auto* schema_command = app.add_subcommand("schema", "Print one JSON Schema for whole files, for editors");
  auto* plugin_command = app.add_subcommand("plugin", "Work with plugins");
  plugin_command->require_subcommand(1);
  auto* check_command =
      plugin_command->add_subcommand("check", "Tell what is wrong with a plugin, or that it is right");
  PluginCheck check;
  check_command->add_option("file", check.file, "The plugin's .so")->required();
  check_command
      ->add_option("--config", check.settings, "TYPE={SETTINGS} with which a component starts here; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  auto* catalog_command = plugin_command->add_subcommand("catalog", "Write the catalog of a folder of plugins");
  catalog_command->add_option("folder", folder)->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  try {
    if (format == "json") options.format = sluice::config::Format::json;
    if (*validate_command) return validate(common, options);
    if (*print_command) return print_config(common, options, print_format == "json", mode == "unredacted", defaults);
    if (*components_command) return components(common, type, format == "json", format == "markdown");
    if (*schema_command) return schema(common);
    if (*check_command) {
      check.conformance = program_beside("sluice-conformance");
      return check_plugin(check);
    }
    if (*catalog_command) return write_catalog(folder);
    return run(common, options, run_options);
  } catch (const std::exception& error) {
    std::cerr << "sluice: error: " << error.what() << "\n";
    return 1;
  }
}
