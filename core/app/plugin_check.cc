// SPDX-License-Identifier: Apache-2.0
#include "core/app/plugin_check.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <string_view>

#include "core/config/components.h"
#include "core/config/settings_check.h"
#include "core/loader/plugin.h"

namespace sluice::app {
namespace {

// How a process ended: its exit code, or the signal that ended it.
struct End {
  int code = 0;
  int signal = 0;
};

// Runs `work` in a process of its own; what it returns is that process' exit code.
template <class Work>
End apart(Work&& work) {
  std::cout << std::flush;
  const pid_t child = fork();
  if (child < 0) {
    std::cerr << "sluice: error: no process: " << std::strerror(errno) << "\n";
    return {1, 0};
  }
  if (child == 0) {
    const int code = work();
    std::cout << std::flush;
    _exit(code);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFSIGNALED(status) ? End{0, WTERMSIG(status)} : End{WEXITSTATUS(status), 0};
}

void say(const std::string& file, const Finding& finding) {
  std::cerr << file << ": ";
  if (!finding.component.empty()) std::cerr << finding.component << ": ";
  std::cerr << finding.rule << ": " << (finding.warning ? "warning: " : "") << finding.text << "\n";
}

constexpr int kNotLoaded = 2;

// 0: right, 1: wrong, kNotLoaded.
int report(const std::string& file) {
  const PluginFile plugin = look_at_plugin(file);
  for (const Finding& finding : plugin.findings) say(file, finding);
  if (plugin.about.empty()) return kNotLoaded;
  std::cout << file << ": " << plugin.about << "\n";
  return std::all_of(plugin.findings.begin(), plugin.findings.end(), [](const Finding& f) { return f.warning; }) ? 0
                                                                                                                 : 1;
}

int run_conformance(const PluginCheck& check) {
  std::vector<char*> arguments;
  for (const std::string* text : {&check.conformance, &check.file})
    arguments.push_back(const_cast<char*>(text->c_str()));
  for (const std::string& one : check.settings) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  execv(check.conformance.c_str(), arguments.data());
  std::cerr << "sluice: error: " << check.conformance << ": cannot be run: " << std::strerror(errno) << "\n";
  return 1;
}

}  // namespace

PluginFile look_at_plugin(const std::string& file) {
  PluginFile found;
  const auto add = [&found](std::string component, const char* rule, std::string text, bool warning = false) {
    found.findings.push_back({std::move(component), rule, std::move(text), warning});
  };
  const loader::Plugin plugin = loader::open_plugin(file);
  if (!plugin.entry) {
    const std::string prefix = file + ": ";
    add("", "load", plugin.error.starts_with(prefix) ? plugin.error.substr(prefix.size()) : plugin.error);
    return found;
  }
  found.about = std::string(plugin.entry->name) + " " + plugin.entry->version + ", plugin ABI " +
                std::to_string(plugin.entry->abi_major) + "." + std::to_string(plugin.entry->abi_minor);
  for (const std::string& name : loader::other_exports(file)) {
    add("", "exports",
        name +
            " besides the entry; link with -fvisibility=hidden and a version script that exports " SLUICE_ENTRY_SYMBOL
            " only",
        true);
  }
  for (const sluice_component* component : plugin.components) {
    const std::string name =
        std::string(config::name_of(static_cast<config::Kind>(component->kind))) + " " + component->type;
    const char* schema = component->schema();
    if (!schema) {
      add(name, "schema", "schema() gives none");
      continue;
    }
    for (std::string& problem : config::lint_schema(schema)) add(name, "schema", std::move(problem));
  }
  return found;
}

int check_plugin(const PluginCheck& check) {
  for (const std::string& settings : check.settings) {
    if (const size_t at = settings.find('='); at != std::string::npos && at > 0) continue;
    std::cerr << "sluice: error: --config \"" << settings
              << "\": expected TYPE={SETTINGS}, such as 'otlp={endpoint: x}'\n";
    return 1;
  }
  const End looked = apart([&check] { return report(check.file); });
  if (looked.signal) {
    say(check.file, {"", "load",
                     std::string("the process ends by SIG") + sigabbrev_np(looked.signal) +
                         " while it is loaded or says its settings; a plugin runs nothing before create()"});
  }
  if (looked.signal || looked.code == kNotLoaded) return 1;

  if (access(check.conformance.c_str(), X_OK) != 0) {
    std::cerr << "sluice: error: " << check.conformance
              << " is not there, so nobody knows how the components behave; it is part of the SDK: build the target "
                 "sluice_conformance, or install Sluice with its component sdk\n";
    return 1;
  }
  const End behaved = apart([&check] { return run_conformance(check); });
  if (behaved.signal) {
    say(check.file, {"", "load", std::string("sluice-conformance ends by SIG") + sigabbrev_np(behaved.signal)});
  }
  const bool right = looked.code == 0 && behaved.code == 0 && !behaved.signal;
  std::cout << check.file << (right ? ": right\n" : ": wrong\n");
  return right ? 0 : 1;
}

}  // namespace sluice::app
