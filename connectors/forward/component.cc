// SPDX-License-Identifier: Apache-2.0
#include "connectors/forward/component.h"

#include <string>

#include "plugins/sdk/relay.h"

namespace sluice::connectors {

Forward::Forward(Host host, Config) : Connector(host) {}

sluice_status Forward::init() {
  for (const sluice_signal signal : kSignals) outputs_[static_cast<size_t>(signal)] = host().output(signal);
  for (const sluice_port& input : host().inputs()) {
    if (outputs_.at(static_cast<size_t>(input.signal))) continue;
    const std::string signal(signal_name(input.signal));
    return host().fail("pipeline \"" + std::string(view(input.pipeline)) + "\" sends " + signal +
                           " here, but no pipeline of " + signal + " receives from here; forward keeps the signal",
                       Code::invalid_argument);
  }
  return SLUICE_DONE;
}

sluice_status Forward::consume(const Call& call) {
  return relay(host(), call, *outputs_.at(static_cast<size_t>(call.signal())), call.batch());
}

void Forward::sent(void* user, const sluice_result& result) {
  relay_answer(host(), user, result);
}

}  // namespace sluice::connectors
