// SPDX-License-Identifier: Apache-2.0
// What a reply to an Export call means for the batch: OTLP's table of codes, and what servers say in their own words.
#ifndef SLUICE_EXPORTERS_OTLP_GRPC_OUTCOME_H
#define SLUICE_EXPORTERS_OTLP_GRPC_OUTCOME_H

#include <cstdint>

#include "plugins/net/grpc_client.h"
#include "plugins/sdk/status.h"

namespace sluice::exporters {

// `items`: of the batch that was sent.
Result outcome_of(const net::GrpcReply& reply, uint64_t items);

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_OTLP_GRPC_OUTCOME_H
