// SPDX-License-Identifier: Apache-2.0
// The seam between a configuration and the world: variables and files. Tests give a table instead.
#ifndef SLUICE_CORE_CONFIG_ENVIRONMENT_H
#define SLUICE_CORE_CONFIG_ENVIRONMENT_H

#include <optional>
#include <string>
#include <vector>

namespace sluice::config {

class Environment {
 public:
  enum class Access { missing, unreadable, readable };

  virtual ~Environment() = default;
  virtual std::optional<std::string> variable(const std::string& name) = 0;
  // Reads a whole file into `text`. Empty if it went well, else why not ("No such file or directory").
  virtual std::string read(const std::string& path, std::string& text) = 0;
  // The names in a directory; nothing if it is none.
  virtual std::optional<std::vector<std::string>> list(const std::string& path) = 0;
  virtual Access access(const std::string& path) = 0;
};

Environment& process_environment();

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_ENVIRONMENT_H
