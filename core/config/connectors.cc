// SPDX-License-Identifier: Apache-2.0
#include "core/config/connectors.h"

#include <algorithm>

namespace sluice::config {
namespace {

void both_ends(Loaded::State& state, const std::vector<ConnectorEnd>& ends) {
  for (size_t i = 0; i < state.components.size(); ++i) {
    const Component* const connector = state.components[i].get();
    if (connector->kind != Kind::connector || !connector->used) continue;
    const auto stands_as = [&](Kind kind) {
      return std::any_of(ends.begin(), ends.end(),
                         [&](const ConnectorEnd& end) { return end.connector == connector && end.kind == kind; });
    };
    const bool as_receiver = stands_as(Kind::receiver), as_exporter = stands_as(Kind::exporter);
    if (as_receiver == as_exporter) continue;
    const Node& node = *state.states[i].node;
    state.diagnostics.error(
        "config.connector", node.key_mark, node.key_length, "connectors::" + connector->id,
        as_exporter ? "it is an exporter of a pipeline, but no pipeline has it as receiver"
                    : "it is a receiver of a pipeline, but no pipeline has it as exporter",
        as_exporter ? "name it in the receivers of a pipeline" : "name it in the exporters of a pipeline");
  }
}

// What goes in must come out: another signal at the other end does not help.
void same_signal(Loaded::State& state, const std::vector<ConnectorEnd>& ends, const ConnectorEnd& end) {
  const auto is_other = [&](const ConnectorEnd& e) { return e.connector == end.connector && e.kind != end.kind; };
  const auto fits = [&](const ConnectorEnd& e) { return is_other(e) && e.signal == end.signal; };
  if (std::none_of(ends.begin(), ends.end(), is_other) || std::any_of(ends.begin(), ends.end(), fits)) return;
  const Kind missing = end.kind == Kind::exporter ? Kind::receiver : Kind::exporter;
  const std::string signal = signal_name(end.signal);
  state.diagnostics.error("config.connector", end.item->mark, end.item->length,
                          "service::pipelines::" + end.pipeline + "::" + section_of(end.kind),
                          "connector \"" + end.connector->id + "\" keeps the signal, but no pipeline of " + signal +
                              " has it as " + name_of(missing),
                          "name it in the " + std::string(section_of(missing)) + " of a pipeline of " + signal);
}

}  // namespace

void check_connectors(Loaded::State& state, const std::vector<ConnectorEnd>& ends) {
  both_ends(state, ends);
  for (const ConnectorEnd& end : ends) {
    const auto schema = state.schemas.find(end.connector->type);
    if (schema != state.schemas.end() && schema->second->keeps_signal) same_signal(state, ends, end);
  }
}

}  // namespace sluice::config
