// SPDX-License-Identifier: Apache-2.0
#include "processors/resource/component.h"

#include "plugins/sdk/relay.h"

namespace sluice::processors {

Resource::Resource(Host host, const Config& config)
    : Processor(host), rewriter_(host, wire::Level::resource, config.attributes) {}

sluice_status Resource::init() {
  for (const sluice_signal signal : kSignals) outputs_[static_cast<size_t>(signal)] = host().output(signal);
  return SLUICE_DONE;
}

sluice_status Resource::consume(const Call& call) {
  const auto rewritten = rewriter_.rewrite(call);
  if (!rewritten.batch) return rewritten.status;
  return relay(host(), call, *outputs_.at(static_cast<size_t>(call.signal())), *rewritten.batch);
}

void Resource::sent(void* user, const sluice_result& result) {
  relay_answer(host(), user, result);
}

}  // namespace sluice::processors
