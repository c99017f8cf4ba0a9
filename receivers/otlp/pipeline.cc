// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/pipeline.h"

#include <random>
#include <utility>

namespace sluice::otlp {
namespace {

// Clients that were refused together must not come back together.
std::chrono::nanoseconds some_time() {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::chrono::milliseconds(std::uniform_int_distribution<int>(1000, 2000)(random));
}

// OTLP's table: the codes on which a client sends again. RESOURCE_EXHAUSTED is one with a RetryInfo only.
bool is_retryable(Code code) {
  switch (code) {
    case Code::cancelled:
    case Code::deadline_exceeded:
    case Code::aborted:
    case Code::out_of_range:
    case Code::unavailable:
    case Code::data_loss:
      return true;
    default:
      return false;
  }
}

Outcome failure(Code code, std::string_view text) {
  Outcome outcome;
  outcome.status.code = static_cast<int32_t>(code);
  outcome.status.message = text;
  return outcome;
}

}  // namespace

Outcome refuse_busy(std::string text, std::chrono::nanoseconds retry_after) {
  Outcome outcome = failure(Code::unavailable, text);
  outcome.status.retry_after = retry_after.count() > 0 ? retry_after : some_time();
  return outcome;
}

Outcome refuse_malformed(const std::string& why) {
  Outcome outcome = failure(Code::invalid_argument, "malformed request: " + why);
  outcome.status.bad_field = "request";
  outcome.status.bad_value = why;
  return outcome;
}

// A status that the pipelines gave wins, as long as the client draws from it what they mean: to send again, or not.
Outcome outcome_of(const sluice_result& result) {
  const Code code = static_cast<Code>(result.code);
  const std::string_view text = view(result.text);
  const std::chrono::nanoseconds retry_after(static_cast<int64_t>(result.retry_after_ns));
  switch (result.status) {
    case SLUICE_DONE: {
      Outcome outcome;
      // Of a merged request nobody knows whose items were rejected: the count is none of this client's.
      if (!(result.flags & SLUICE_RESULT_UNATTRIBUTED)) {
        outcome.partial = {static_cast<int64_t>(result.rejected_items), std::string(text)};
      }
      return outcome;
    }
    case SLUICE_FAILED_RETRYABLE: {
      Outcome outcome = refuse_busy(std::string(text), retry_after);
      if (is_retryable(code) || code == Code::resource_exhausted) outcome.status.code = result.code;
      return outcome;
    }
    case SLUICE_FAILED_PERMANENT:
      return failure(code == Code::ok || is_retryable(code) ? Code::internal : code, text);
    case SLUICE_TOO_LARGE:
      return failure(Code::resource_exhausted, text.empty() ? "the request is too large" : text);
    case SLUICE_BUSY:
      return refuse_busy(text.empty() ? "the pipeline is full" : std::string(text), retry_after);
    case SLUICE_CANCELLED:
      return refuse_busy(text.empty() ? "the collector is stopping" : std::string(text), retry_after);
    case SLUICE_UNIMPLEMENTED:
      return failure(Code::unimplemented, text);
    default:
      return failure(Code::internal, text);
  }
}

void Intake::init() {
  for (sluice_signal signal : kSignals) outputs_[static_cast<size_t>(signal)] = host_.output(signal);
}

void Intake::submit(sluice_signal signal, NewBatch batch, const ContextRef& context, uint64_t deadline_mono_ns,
                    std::unique_ptr<Request> request) const {
  if (batch.status == SLUICE_DONE && batch.batch.item_count() == 0) {  // nothing to pass on
    request->answer({});
    return;
  }
  if (!batch) {
    // Over the budget or stopping: the client must not think that its data is at fault.
    request->answer(batch.status == SLUICE_FAILED_PERMANENT ? refuse_malformed(batch.error) : refuse_busy(batch.error));
    return;
  }
  // The answer may come on another thread before send() returns: from here on the request is in the core's hands.
  Request* const waiting = request.release();
  const Sent sent =
      host_.send(*outputs_[static_cast<size_t>(signal)], batch.batch.get(), context.get(), waiting, deadline_mono_ns);
  if (sent.pending()) return;
  request.reset(waiting);
  request->answer(outcome_of(sent.copy().view()));
}

void Intake::sent(void* user, const sluice_result& result) {
  const std::unique_ptr<Request> request(static_cast<Request*>(user));
  request->answer(outcome_of(result));
}

}  // namespace sluice::otlp
