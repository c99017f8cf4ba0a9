// SPDX-License-Identifier: Apache-2.0
// The half of the `otlp` receiver that its protocols share: a batch goes in, and the answer of the pipelines comes out
// as what OTLP says to a client, to be put into gRPC's or HTTP's words. It holds a request open until it is answered.
//
//   if (!intake.takes(signal)) ...;                                  // 404, UNIMPLEMENTED
//   NewBatch batch = host.adopt(signal, body, std::move(memory));    // the core checks it and counts its items
//   intake.submit(signal, std::move(batch), context, deadline, std::make_unique<MyRequest>(...));
#ifndef SLUICE_RECEIVERS_OTLP_PIPELINE_H
#define SLUICE_RECEIVERS_OTLP_PIPELINE_H

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "plugins/net/rpc_status.h"
#include "plugins/sdk/batch.h"
#include "plugins/sdk/context.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/status.h"

namespace sluice::otlp {

// What to answer a client.
struct Outcome {
  net::RpcStatus status;        // code 0: taken
  net::PartialSuccess partial;  // with code 0: what was not; all zero: nothing to say
  bool ok() const { return status.code == 0; }
  bool has_partial() const { return partial.rejected != 0 || !partial.text.empty(); }
};

// A request that waits for its answer.
class Request {
 public:
  virtual ~Request() = default;
  // Once, on any thread; the request is deleted afterwards.
  virtual void answer(const Outcome& outcome) = 0;
};

class Intake {
 public:
  explicit Intake(Host host) : host_(host) {}
  // In the component's init(): which signals have pipelines.
  void init();
  bool takes(sluice_signal signal) const { return outputs_[static_cast<size_t>(signal)].has_value(); }

  // Answers at once or later. `batch` is what the core made of the body, or why it made none, which is answered then;
  // {SLUICE_DONE, {}} for an empty body. [any thread]
  void submit(sluice_signal signal, NewBatch batch, const ContextRef& context, uint64_t deadline_mono_ns,
              std::unique_ptr<Request> request) const;
  // The component's sent().
  static void sent(void* user, const sluice_result& result);

  Host host() const { return host_; }

 private:
  const Host host_;
  std::array<std::optional<uint32_t>, 3> outputs_;
};

// Refused for now, with a hint when to come back: over the budget, queue full, stopping. 0: no better hint than ours.
Outcome refuse_busy(std::string text, std::chrono::nanoseconds retry_after = {});
// Not a message of the signal; `why` says what is wrong and where.
Outcome refuse_malformed(const std::string& why);
// What the pipelines said.
Outcome outcome_of(const sluice_result& result);

}  // namespace sluice::otlp
#endif  // SLUICE_RECEIVERS_OTLP_PIPELINE_H
