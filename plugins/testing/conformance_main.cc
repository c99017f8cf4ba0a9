// SPDX-License-Identifier: Apache-2.0
// sluice-conformance PLUGIN.so [TYPE=YAML]...: runs the conformance suite on each component of a plugin, with the
// settings that are given for its type, or for KIND_TYPE where two components share a type. `sluice plugin check` calls
// it. Each case runs in a process of its own, so that a crash is a finding like any other.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/testing/config.h"
#include "plugins/testing/conformance.h"

namespace sluice::testing {
namespace {

constexpr std::string_view kKinds[] = {"", "receiver", "processor", "connector", "exporter", "extension"};

// A plugin may say something there; what this program says stands alone.
void silence_stdout() {
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  dup2(nowhere, STDOUT_FILENO);
  close(nowhere);
}

// What the case found, one problem a line; a signal is a problem too.
std::string run_apart(std::string_view name, const sluice_component& component, const ConformanceOptions& options) {
  constexpr unsigned kSeconds = 60;
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return std::string(name) + ": no pipe: " + std::strerror(errno) + "\n";
  const pid_t child = fork();
  if (child == 0) {
    close(pipe_ends[0]);
    silence_stdout();
    alarm(kSeconds);
    for (const std::string& problem : run_conformance_case(name, component, options)) {
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
                                          : std::string("ended by SIG") + sigabbrev_np(WTERMSIG(status))) +
             "\n";
  } else if (WEXITSTATUS(status) != 0) {
    found += std::string(name) + ": the process ended with status " + std::to_string(WEXITSTATUS(status)) + "\n";
  }
  return found;
}

// Each line of `text` behind the place that it speaks of.
void say(const std::string& place, std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::cerr << place << ": " << text.substr(0, end) << "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

int check(const std::string& file, const sluice_component& component, std::string_view yaml) {
  const std::string type = component.type;
  const std::string name = std::string(kKinds[static_cast<size_t>(component.kind)]) + " " + type;
  const std::string place = file + ": " + name;
  const auto ask_for_settings = [&] {
    say(place, "settings: give some with which it starts on this machine: " + type + "='{key: value}'");
    return 1;
  };
  const CheckedTree tree = check_settings(component.schema(), yaml);
  for (const std::string& said : tree.said) say(place, "settings: " + said);
  if (!tree.value) return ask_for_settings();
  const ConformanceOptions options{.settings = Tree::copy(*tree.value)};
  const size_t all = conformance_cases().size();
  size_t passed = 0;
  for (const std::string_view case_name : conformance_cases()) {
    const std::string found = run_apart(case_name, component, options);
    say(place, found);
    // All that follow would say the same.
    if (found.find("fails with the given settings") != std::string::npos) return ask_for_settings();
    if (found.empty()) ++passed;
  }
  std::cout << name << ": " << passed << " of " << all << " conformance cases passed" << std::endl;
  return passed == all ? 0 : 1;
}

bool usable(const sluice_entry& entry) {
  if (entry.magic != SLUICE_ABI_MAGIC || entry.abi_major != SLUICE_ABI_MAJOR || entry.abi_minor != SLUICE_ABI_MINOR)
    return false;
  for (auto* at = entry.components; *at; ++at)
    if ((*at)->kind < SLUICE_RECEIVER || (*at)->kind > SLUICE_EXTENSION || !(*at)->type || !(*at)->schema) return false;
  return true;
}

int check_all(const std::string& file, const std::map<std::string, std::string>& settings) {
  void* library = dlopen(file.find('/') == std::string::npos ? ("./" + file).c_str() : file.c_str(),
                         RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  const auto* entry = library ? static_cast<const sluice_entry*>(dlsym(library, SLUICE_ENTRY_SYMBOL)) : nullptr;
  if (!entry || !usable(*entry)) {
    std::cerr << file << ": not a plugin of this version; `sluice plugin check` says why\n";
    return 1;
  }
  int result = 0;
  std::set<std::string> known;
  for (auto* at = entry->components; *at; ++at) {
    const sluice_component& component = **at;
    const std::string type = component.type;
    std::string yaml;
    for (const std::string& key : {type, std::string(kKinds[static_cast<size_t>(component.kind)]) + "_" + type}) {
      if (const auto given = settings.find(key); given != settings.end()) yaml = given->second;
      known.insert(key);
    }
    result |= check(file, component, yaml);
  }
  for (const auto& [type, yaml] : settings) {
    if (known.contains(type)) continue;
    std::cerr << file << ": settings: it has no component " << type << ", so nothing is checked with them\n";
    result = 1;
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
