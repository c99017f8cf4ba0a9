// SPDX-License-Identifier: Apache-2.0
// What tests of the configuration share: an environment of tables, and components that are schemas only.
#ifndef SLUICE_CORE_CONFIG_TESTING_H
#define SLUICE_CORE_CONFIG_TESTING_H

#include <map>
#include <string>
#include <vector>

#include "core/config/configuration.h"

namespace sluice::config::testing {

struct FakeEnvironment : Environment {
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;  // a name that ends with / is a directory

  std::optional<std::string> variable(const std::string& name) override;
  std::string read(const std::string& path, std::string& text) override;
  std::optional<std::vector<std::string>> list(const std::string& path) override;
  Access access(const std::string& path) override;
};

// The otlp receiver, batch, attributes and memory_limiter, otlp_grpc (otlp), debug (logging), forward, and extensions.
class FakeLookup : public ComponentLookup {
 public:
  FakeLookup();
  std::vector<ComponentName> names() const override;
  const ComponentType* find(Kind kind, std::string_view type, std::string& problem) override;

  void add(Kind kind, std::string type, std::vector<std::string> aliases, std::string schema, uint32_t input,
           uint32_t output, std::vector<std::string> interfaces = {});
  std::map<std::string, std::string> broken;  // "receiver/kafka": what is wrong with its plugin

 private:
  std::vector<std::unique_ptr<ComponentType>> types_;
};

inline constexpr uint32_t kAllSignals =
    SLUICE_MASK(SLUICE_TRACES) | SLUICE_MASK(SLUICE_METRICS) | SLUICE_MASK(SLUICE_LOGS);

// A configuration without a mistake, to be changed by --set.
inline constexpr const char* kGood = R"(receivers:
  otlp: {protocols: {grpc: }}
processors:
  batch: {timeout: 1s}
exporters:
  debug: {}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [debug]}
)";

// Loads f.yaml with this text. What is said about it is `load_text(..).render({})`.
Loaded load_text(const std::string& yaml, FakeEnvironment environment = {}, std::vector<std::string> sets = {});
// The same, rendered, without the last line that counts.
std::string said(const std::string& yaml, FakeEnvironment environment = {}, std::vector<std::string> sets = {});

// What is said when this is --set over kGood: the lines that begin a diagnostic, from "error: " or "warning: " on.
std::string said_of(const std::string& set, FakeEnvironment environment = {});

// The value at a path of keys and indices in a checked tree; fails the test if there is none.
const sluice_value& at(const sluice_value* tree, std::initializer_list<std::string_view> path);

}  // namespace sluice::config::testing
#endif  // SLUICE_CORE_CONFIG_TESTING_H
