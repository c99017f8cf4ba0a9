// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/outcome.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

namespace sluice::exporters {
namespace {

bool contains(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

// The limit in "received message larger than max (5242880 vs. 4194304)", as gRPC says it in C++, Go and Java; 0: none.
uint64_t limit_in(std::string_view text) {
  const size_t at = text.rfind("vs. ");
  uint64_t limit = 0;
  if (at != std::string_view::npos) std::from_chars(text.data() + at + 4, text.data() + text.size(), limit);
  return limit;
}

Result success(const net::GrpcReply& reply, uint64_t items) {
  const auto partial = net::parse_partial_success(reply.message);
  if (!partial) return Result::done();
  // A server that rejects more than it was sent, or less than nothing, is not believed.
  const uint64_t rejected = partial->rejected > 0 ? std::min(static_cast<uint64_t>(partial->rejected), items) : 0;
  return Result::partial(rejected, partial->text);
}

}  // namespace

Result outcome_of(const net::GrpcReply& reply, uint64_t items) {
  const Code code = static_cast<Code>(reply.code);
  std::string text(reply.text);
  const bool may_retry = reply.details && reply.details->retry_after;
  const auto retry_after = may_retry ? *reply.details->retry_after : std::chrono::nanoseconds(0);
  Result retryable = Result::retryable(code, text, retry_after);
  if (reply.outcome_unknown) retryable.outcome_unknown();

  switch (code) {
    case Code::ok:
      return success(reply, items);
    case Code::unavailable:
      // Tempo's word for a missing tenant. Sending it again and again would not help; the core holds and alarms.
      if (contains(text, "no org id")) return Result::retryable(Code::unauthenticated, std::move(text));
      return retryable;
    case Code::cancelled:
    case Code::deadline_exceeded:
    case Code::aborted:
    case Code::out_of_range:
    case Code::data_loss:
      return retryable;
    case Code::resource_exhausted:
      if (contains(text, "larger than max")) {
        const uint64_t limit = limit_in(text);
        return Result::too_large(std::move(text), 0, limit);
      }
      // Tempo sends a RetryInfo with this one too, though the same batch can never pass.
      if (contains(text, "exceeds ingestion limit")) return Result::too_large(std::move(text));
      if (may_retry) return retryable;
      return Result::permanent(code, std::move(text));
    default:
      return Result::permanent(code, std::move(text));
  }
}

}  // namespace sluice::exporters
