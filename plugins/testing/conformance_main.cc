// SPDX-License-Identifier: Apache-2.0
// sluice-conformance PLUGIN.so [TYPE=YAML]...: runs the conformance suite on each component of a plugin, with the
// settings that are given for its type. Each case runs in a process of its own, so that a crash is a finding like any
// other.
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/testing/config.h"
#include "plugins/testing/conformance.h"

namespace sluice::testing {
namespace {

// What the case found, one problem a line; a signal is a problem too.
std::string run_apart(std::string_view name, const sluice_entry& entry, std::string_view type,
                      const ConformanceOptions& options) {
  constexpr unsigned kSeconds = 60;
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return std::string(name) + ": no pipe: " + std::strerror(errno) + "\n";
  const pid_t child = fork();
  if (child == 0) {
    close(pipe_ends[0]);
    alarm(kSeconds);
    for (const std::string& problem : run_conformance_case(name, entry, type, options)) {
      const std::string line = problem + "\n";
      if (write(pipe_ends[1], line.data(), line.size()) < 0) _exit(2);
    }
    _exit(0);
  }
  close(pipe_ends[1]);
  std::string found;
  char part[4096];
  for (ssize_t n; (n = read(pipe_ends[0], part, sizeof part)) > 0;) found.append(part, static_cast<size_t>(n));
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    found += std::string(name) + ": " +
             (WTERMSIG(status) == SIGALRM ? "does not end within " + std::to_string(kSeconds) + " s"
                                          : std::string("ended by the signal ") + strsignal(WTERMSIG(status))) +
             "\n";
  } else if (WEXITSTATUS(status) != 0) {
    found += std::string(name) + ": the process ended with status " + std::to_string(WEXITSTATUS(status)) + "\n";
  }
  return found;
}

int check(const sluice_component& component, const sluice_entry& entry, std::string_view yaml) {
  const CheckedTree tree = check_settings(component.schema(), yaml);
  for (const std::string& said : tree.said) std::cerr << component.type << ": " << said << "\n";
  if (!tree.value) {
    std::cerr << component.type << ": not checked; give settings as " << component.type << "='key: value'\n";
    return 1;
  }
  const ConformanceOptions options{.settings = Tree::copy(*tree.value)};
  int problems = 0;
  for (const std::string_view name : conformance_cases()) {
    const std::string found = run_apart(name, entry, component.type, options);
    std::cerr << found;
    if (!found.empty()) ++problems;
  }
  std::cout << component.type << ": " << conformance_cases().size() - static_cast<size_t>(problems) << " of "
            << conformance_cases().size() << " cases passed\n";
  return problems ? 1 : 0;
}

int check_all(const std::string& file, const std::map<std::string, std::string>& settings) {
  void* library = dlopen(file.find('/') == std::string::npos ? ("./" + file).c_str() : file.c_str(),
                         RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  const auto* entry = library ? static_cast<const sluice_entry*>(dlsym(library, SLUICE_ENTRY_SYMBOL)) : nullptr;
  if (!entry || entry->magic != SLUICE_ABI_MAGIC || entry->abi_major != SLUICE_ABI_MAJOR ||
      entry->abi_minor != SLUICE_ABI_MINOR) {
    std::cerr << file << ": not a plugin of this version; `sluice plugin check` says why\n";
    return 1;
  }
  int result = 0;
  for (auto* at = entry->components; *at; ++at) {
    const auto given = settings.find((*at)->type);
    if (check(**at, *entry, given == settings.end() ? "" : given->second) != 0) result = 1;
  }
  return result;
}

}  // namespace
}  // namespace sluice::testing

int main(int count, char** arguments) {
  std::map<std::string, std::string> settings;
  for (int i = 2; i < count; ++i) {
    const std::string argument = arguments[i];
    const size_t equals = argument.find('=');
    if (equals != std::string::npos) settings[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  if (count < 2 || settings.size() + 2 != static_cast<size_t>(count)) {
    std::cerr << "usage: sluice-conformance PLUGIN.so [TYPE=YAML]...\n";
    return 2;
  }
  return sluice::testing::check_all(arguments[1], settings);
}
