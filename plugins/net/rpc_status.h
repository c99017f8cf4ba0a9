// SPDX-License-Identifier: Apache-2.0
// google.rpc.Status and the two details of it that OTLP uses, and OTLP's answer to an export request, in protobuf's
// encoding. gRPC carries the Status in the trailer grpc-status-details-bin, OTLP/HTTP as the body of an error. Reading
// is for bytes of a stranger: unknown fields and details are skipped, damage is reported, nothing is trusted.
#ifndef SLUICE_PLUGINS_NET_RPC_STATUS_H
#define SLUICE_PLUGINS_NET_RPC_STATUS_H

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::net {

struct RpcStatus {
  int32_t code = 0;  // a canonical code, as sluice::Code
  std::string message;
  std::optional<std::chrono::nanoseconds> retry_after;  // RetryInfo: never negative
  std::string bad_field, bad_value;                     // BadRequest's first violation: field, description
};

// Only what is set is written: no detail, no `details`.
std::string encode_rpc_status(const RpcStatus& status);

// Nothing where the bytes are no Status.
std::optional<RpcStatus> parse_rpc_status(std::string_view bytes);

// Export{Traces,Metrics,Logs}ServiceResponse, which are alike. rejected 0 with a text is a warning.
struct PartialSuccess {
  int64_t rejected = 0;
  std::string text;
};
std::string encode_partial_success(const PartialSuccess& partial);

// Nothing where the answer has no partial_success, or an empty one, or is no such answer.
std::optional<PartialSuccess> parse_partial_success(std::string_view bytes);

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_RPC_STATUS_H
