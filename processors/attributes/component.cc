// SPDX-License-Identifier: Apache-2.0
#include "processors/attributes/component.h"

#include <string>
#include <utility>

#include "plugins/sdk/relay.h"

namespace sluice::processors {

Attributes::Attributes(Host host, Config config)
    : Processor(host),
      config_(std::move(config)),
      rewriter_(host, wire::Level::item, config_.actions, {config_.include, config_.exclude}) {}

sluice_status Attributes::init() {
  for (const sluice_signal signal : kSignals) outputs_[static_cast<size_t>(signal)] = host().output(signal);
  for (const sluice_port& input : host().inputs()) {
    for (const auto& [name, match] : {std::pair{"include", &config_.include}, {"exclude", &config_.exclude}}) {
      const char* key = *match ? formats::key_for_other_signals(**match, input.signal) : nullptr;
      if (!key) continue;
      const std::string signal(signal_name(input.signal));
      return host().fail(std::string(name) + "::" + key + " says nothing about " + signal + ", but pipeline \"" +
                             std::string(view(input.pipeline)) + "\" brings " + signal +
                             ": use a processor of its own for it",
                         Code::invalid_argument);
    }
  }
  return SLUICE_DONE;
}

sluice_status Attributes::consume(const Call& call) {
  const auto rewritten = rewriter_.rewrite(call);
  if (!rewritten.batch) return rewritten.status;
  return relay(host(), call, *outputs_.at(static_cast<size_t>(call.signal())), *rewritten.batch);
}

void Attributes::sent(void* user, const sluice_result& result) {
  relay_answer(host(), user, result);
}

}  // namespace sluice::processors
