// SPDX-License-Identifier: Apache-2.0
// The whole way of a configuration: sources are read, merged, expanded and checked against the schemas of the
// components that they name; what comes out is what the graph is built from, or every mistake at once.
//
//   Loaded loaded = load({{"gateway.yaml"}, {"processors.batch.timeout=5s"}}, lookup, process_environment());
//   for each component that is built: create(host, component.settings), and config_problem -> loaded.add_problem(...)
//   std::string text = loaded.render({});
//   if (!loaded.ok()) return 1;
#ifndef SLUICE_CORE_CONFIG_CONFIGURATION_H
#define SLUICE_CORE_CONFIG_CONFIGURATION_H

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/components.h"
#include "core/config/delivery.h"
#include "core/config/diagnostics.h"
#include "core/config/environment.h"
#include "core/config/telemetry.h"

namespace sluice::config {

struct Component;

// A setting of kind `component`: who uses whom. The target exists, is of the right kind and has the interface.
struct Reference {
  const Component* target = nullptr;
  std::string interface;  // "sluice.auth-server/0"
  std::string path;       // of the setting
};

struct Component {
  Kind kind = Kind::receiver;
  std::string id;                          // as written, without blanks: "otlp/second"
  const ComponentType* type = nullptr;     // null: there is no such component, an error stands in the diagnostics
  bool valid = false;                      // its settings passed; else `settings` is null
  bool used = false;                       // by a pipeline or by service::extensions: only such a one is built
  const sluice_value* settings = nullptr;  // checked, defaults filled in, core-owned keys taken out
  std::optional<Delivery> delivery;        // exporters whose schema asks for it
  std::vector<Reference> references;
};

struct Pipeline {
  std::string id;  // "traces/2"
  sluice_signal signal = SLUICE_TRACES;
  std::vector<const Component*> receivers, processors, exporters;  // as written; a connector stands in both ends
};

struct LoadOptions {
  std::vector<std::string> configs;  // --config, in order
  std::vector<std::string> sets;     // --set, in order
};

class Loaded {
 public:
  Loaded();
  Loaded(Loaded&&) noexcept;
  Loaded& operator=(Loaded&&) noexcept;
  ~Loaded();

  bool ok() const { return diagnostics().errors() == 0; }
  const std::vector<std::unique_ptr<Component>>& components() const;  // in the order in which they are written
  const std::vector<Pipeline>& pipelines() const;
  const std::vector<const Component*>& extensions() const;  // service::extensions, in order
  const Telemetry& telemetry() const;
  const Diagnostics& diagnostics() const;

  // What create() of a component says about its configuration. `at` is a value of its tree, found by its address; null
  // or foreign: the component as a whole. `id` empty: config.check.
  void add_problem(const Component& component, const sluice_value* at, int32_t severity, std::string_view id,
                   std::string_view text);
  // "gateway.yaml:5:9" of a component, for logs.
  std::string place(const Component& component) const;

  // All diagnostics so far, sorted. Empty if there is none.
  std::string render(const RenderOptions& options) const;
  // Every secret value of the components, so that they can be scrubbed from logs.
  std::vector<std::string_view> secrets() const;

  struct State;
  State& state() { return *state_; }
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

Loaded load(const LoadOptions& options, ComponentLookup& lookup, Environment& environment);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_CONFIGURATION_H
