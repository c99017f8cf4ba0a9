// SPDX-License-Identifier: Apache-2.0
// Result: the answer to one batch, built by whoever ends it. It owns its text and ranges; view() lends them to the
// border for the length of one call.
//
//   return answer(Result::retryable(Code::unavailable, "connection refused").retry_after(2s));
//   answer(Result::partial(3, "3 spans are too old"));
#ifndef SLUICE_PLUGINS_SDK_STATUS_H
#define SLUICE_PLUGINS_SDK_STATUS_H

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/str.h"

namespace sluice {

// The canonical codes of gRPC: what sluice_result.code holds.
enum class Code : int32_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

class Result {
 public:
  static Result done() { return Result(SLUICE_DONE, Code::ok, {}); }
  // Accepted but for `rejected` items, which will never be taken.
  static Result partial(uint64_t rejected, std::string text) {
    Result result(SLUICE_DONE, Code::ok, std::move(text));
    result.fields_.rejected_items = rejected;
    return result;
  }
  // Nothing was stored, and the same bytes will never be taken.
  static Result permanent(Code code, std::string text) {
    return Result(SLUICE_FAILED_PERMANENT, code, std::move(text));
  }
  // Nothing was stored; the same bytes may be sent again. A `retry_after` of 0 is no hint.
  static Result retryable(Code code, std::string text, std::chrono::nanoseconds retry_after = {}) {
    return std::move(Result(SLUICE_FAILED_RETRYABLE, code, std::move(text)).retry_after(retry_after));
  }
  // Smaller parts may be taken; hints of 0 are unknown.
  static Result too_large(std::string text, uint64_t max_items = 0, uint64_t max_bytes = 0) {
    Result result(SLUICE_TOO_LARGE, Code::resource_exhausted, std::move(text));
    result.fields_.max_items = max_items;
    result.fields_.max_bytes = max_bytes;
    return result;
  }
  static Result cancelled(std::string text) { return Result(SLUICE_CANCELLED, Code::cancelled, std::move(text)); }
  static Result unimplemented(std::string text) {
    return Result(SLUICE_UNIMPLEMENTED, Code::unimplemented, std::move(text));
  }
  // A copy of what arrived in sent(), to keep it or to pass it on later.
  explicit Result(const sluice_result& from) : fields_(), text_(sluice::view(from.text)) {
    fields_ = from;
    if (from.range_count) ranges_.assign(from.ranges, from.ranges + from.range_count);
  }
  explicit Result(sluice_status status) : Result(status, Code::ok, {}) {}

  Result& retry_after(std::chrono::nanoseconds pause) & {
    fields_.retry_after_ns = pause.count() > 0 ? static_cast<uint64_t>(pause.count()) : 0;
    return *this;
  }
  Result&& retry_after(std::chrono::nanoseconds pause) && { return std::move(retry_after(pause)); }
  // A count over a merged request: nobody knows whose items were rejected.
  Result& unattributed() & { return flag(SLUICE_RESULT_UNATTRIBUTED); }
  Result&& unattributed() && { return std::move(unattributed()); }
  // The answer was lost: it may have been stored, a resend may duplicate.
  Result& outcome_unknown() & { return flag(SLUICE_RESULT_UNKNOWN); }
  Result&& outcome_unknown() && { return std::move(outcome_unknown()); }
  // Answered before delivery; only for components with SLUICE_ACKS_EARLY.
  Result& early() & { return flag(SLUICE_RESULT_EARLY); }
  Result&& early() && { return std::move(early()); }
  // Items [first, first + count) of the batch end with `status`; ascending and disjoint. Permanent ones are summed up
  // into rejected_items.
  Result& range(uint64_t first, uint64_t count, sluice_status status, Code code = Code::ok) & {
    ranges_.push_back({first, count, status, static_cast<int32_t>(code)});
    if (status == SLUICE_FAILED_PERMANENT) fields_.rejected_items += count;
    return *this;
  }

  sluice_status status() const { return fields_.status; }
  Code code() const { return static_cast<Code>(fields_.code); }
  bool ok() const { return fields_.status == SLUICE_DONE; }
  uint64_t rejected_items() const { return fields_.rejected_items; }
  std::chrono::nanoseconds retry_after() const {
    return std::chrono::nanoseconds(static_cast<int64_t>(fields_.retry_after_ns));
  }
  uint32_t flags() const { return fields_.flags; }
  const std::string& text() const { return text_; }
  const std::vector<sluice_range>& ranges() const { return ranges_; }
  // True if the status says it all, so that it can be the return value of consume().
  bool plain() const {
    return text_.empty() && ranges_.empty() && !fields_.code && !fields_.flags && !fields_.rejected_items &&
           !fields_.retry_after_ns && !fields_.max_items && !fields_.max_bytes;
  }

  // Valid while this object lives and is not changed.
  sluice_result view() const {
    sluice_result result = fields_;
    result.struct_size = sizeof(sluice_result);
    result.text = str(text_);
    result.ranges = ranges_.empty() ? nullptr : ranges_.data();
    result.range_count = static_cast<uint32_t>(ranges_.size());
    return result;
  }

 private:
  Result(sluice_status status, Code code, std::string text) : fields_(), text_(std::move(text)) {
    fields_.status = status;
    fields_.code = static_cast<int32_t>(code);
  }
  Result& flag(uint32_t bit) {
    fields_.flags |= bit;
    return *this;
  }

  sluice_result fields_;  // all but text and ranges
  std::string text_;
  std::vector<sluice_range> ranges_;
};

// "retryable", for logs.
inline std::string_view status_name(sluice_status status) {
  constexpr std::string_view kNames[] = {"done",      "pending",   "busy",          "retryable", "permanent",
                                         "too large", "cancelled", "unimplemented", "invalid"};
  return status >= 0 && status <= SLUICE_INVALID ? kNames[status] : "unknown status";
}

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_STATUS_H
