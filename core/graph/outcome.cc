// SPDX-License-Identifier: Apache-2.0
#include "core/graph/outcome.h"

#include <algorithm>

namespace sluice::graph {
namespace {

bool is_result(sluice_status status) {
  switch (status) {
    case SLUICE_DONE:
    case SLUICE_FAILED_RETRYABLE:
    case SLUICE_FAILED_PERMANENT:
    case SLUICE_TOO_LARGE:
    case SLUICE_CANCELLED:
      return true;
    default:
      return false;
  }
}

}  // namespace

Outcome Outcome::copy(const sluice_result& result) {
  Outcome outcome(SLUICE_HAS(&result, sluice_result, status) && is_result(result.status) ? result.status
                                                                                         : SLUICE_INVALID);
  auto details = std::make_unique<Details>();
  bool any = false;
  auto read = [&](bool there, auto& into, auto value) {
    if (there && value != decltype(value){}) into = value, any = true;
  };
  read(SLUICE_HAS(&result, sluice_result, code), details->code, result.code);
  read(SLUICE_HAS(&result, sluice_result, rejected_items), details->rejected_items, result.rejected_items);
  read(SLUICE_HAS(&result, sluice_result, retry_after_ns), details->retry_after_ns, result.retry_after_ns);
  read(SLUICE_HAS(&result, sluice_result, max_items), details->max_items, result.max_items);
  read(SLUICE_HAS(&result, sluice_result, max_bytes), details->max_bytes, result.max_bytes);
  if (SLUICE_HAS(&result, sluice_result, flags)) outcome.flags = result.flags;
  if (SLUICE_HAS(&result, sluice_result, text) && result.text.len) {
    details->text.assign(result.text.ptr, result.text.len);
    any = true;
  }
  if (SLUICE_HAS(&result, sluice_result, range_count) && result.range_count) {
    details->ranges.assign(result.ranges, result.ranges + result.range_count);
    any = true;
  }
  if (any) outcome.details = std::move(details);
  return outcome;
}

Outcome Outcome::failed(sluice_status status, int32_t code, flow::Reason reason, std::string text,
                        uint64_t retry_after_ns) {
  Outcome outcome(status, reason);
  outcome.details = std::make_unique<Details>();
  outcome.details->code = code;
  outcome.details->text = std::move(text);
  outcome.details->retry_after_ns = retry_after_ns;
  return outcome;
}

uint64_t Outcome::not_taken(uint64_t items) const {
  return status == SLUICE_DONE ? std::min(rejected(), items) : items;
}

bool Outcome::retryable() const {
  return status == SLUICE_BUSY || status == SLUICE_FAILED_RETRYABLE || status == SLUICE_CANCELLED;
}

flow::Reason Outcome::why() const {
  if (reason != flow::Reason::none) return reason;
  switch (status) {
    case SLUICE_BUSY:
      return flow::Reason::queue_full;
    case SLUICE_CANCELLED:
      return flow::Reason::stopping;
    case SLUICE_FAILED_PERMANENT:
      return flow::Reason::permanent;
    case SLUICE_TOO_LARGE:
      return flow::Reason::too_large;
    case SLUICE_INVALID:
    case SLUICE_UNIMPLEMENTED:
      return flow::Reason::invalid;
    default:
      return flow::Reason::rejected;
  }
}

sluice_result Outcome::view() const {
  sluice_result result{};
  result.struct_size = sizeof result;
  result.status = status;
  result.flags = flags;
  if (details) {
    result.code = details->code;
    result.rejected_items = details->rejected_items;
    result.retry_after_ns = details->retry_after_ns;
    result.max_items = details->max_items;
    result.max_bytes = details->max_bytes;
    result.text = {details->text.data(), details->text.size()};
    result.ranges = details->ranges.data();
    result.range_count = static_cast<uint32_t>(details->ranges.size());
  }
  return result;
}

flow::Outcome Outcome::branch() const {
  flow::Outcome outcome;
  outcome.status = status;
  outcome.flags = flags;
  if (details) {
    outcome.code = details->code;
    outcome.rejected_items = details->rejected_items;
    outcome.retry_after_ns = details->retry_after_ns;
    outcome.text = details->text;
    outcome.ranges = details->ranges;
  }
  return outcome;
}

}  // namespace sluice::graph
