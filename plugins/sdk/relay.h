// SPDX-License-Identifier: Apache-2.0
// For components that pass each call on as one send and its answer back: a stateless processor, a connector. The token
// of the call travels as the `user` of the send, so nothing is allocated and nothing is kept.
//
//   sluice_status consume(const Call& call) override { return relay(host(), call, output_, call.batch()); }
//   void sent(void* user, const sluice_result& result) override { relay_answer(host(), user, result); }
//
// An answer with ranges speaks of the items that were sent; who adds, removes or reorders items maps them first (R23e).
#ifndef SLUICE_PLUGINS_SDK_RELAY_H
#define SLUICE_PLUGINS_SDK_RELAY_H

#include <bit>
#include <cstdint>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/host.h"

namespace sluice {

inline sluice_status relay(Host host, const Call& call, uint32_t output, const sluice_batch& batch) {
  static_assert(sizeof(void*) == sizeof(sluice_token));
  Sent sent = host.send(output, &batch, &call.context(), std::bit_cast<void*>(call.token()), call.deadline_mono_ns());
  // BUSY keeps its hint: the core has it. Any other answer is passed on with its details, if it has any.
  if (sent.pending() || sent.busy() || !sent.result) return sent.status;
  host.complete(call.token(), *sent.result);
  return SLUICE_PENDING;
}

inline void relay_answer(Host host, void* user, const sluice_result& result) {
  host.complete(std::bit_cast<sluice_token>(user), result);
}

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_RELAY_H
