// SPDX-License-Identifier: Apache-2.0
// What an answer of an OTLP/HTTP server means for the batch: OTLP's table of statuses, and what servers say in their
// own words.
#ifndef SLUICE_EXPORTERS_OTLP_HTTP_OUTCOME_H
#define SLUICE_EXPORTERS_OTLP_HTTP_OUTCOME_H

#include <cstdint>
#include <string_view>

#include "plugins/net/http_client.h"
#include "plugins/sdk/status.h"

namespace sluice::exporters {

// `items`: of the batch that was sent to `url`.
Result outcome_of(const net::HttpAnswer& answer, sluice_signal signal, uint64_t items, std::string_view url);

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_OTLP_HTTP_OUTCOME_H
