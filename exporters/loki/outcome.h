// SPDX-License-Identifier: Apache-2.0
// What Loki's answers mean for the batch. Loki checks each entry, stores those that pass, and then answers 400 for the
// others, so a 400 is a delivery with losses; how many it has lost only its text says.
#ifndef SLUICE_EXPORTERS_LOKI_OUTCOME_H
#define SLUICE_EXPORTERS_LOKI_OUTCOME_H

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "plugins/formats/loki/push.h"
#include "plugins/net/http_client.h"
#include "plugins/sdk/status.h"

namespace sluice::exporters {

// Of one request. `push` is what was sent to `url`; its labels and counts are enough.
Result outcome_of(const net::HttpAnswer& answer, const formats::loki::Push& push, std::string_view url);

// How many entries of `push` the text of a 400 says were not stored; nothing if it does not say.
std::optional<uint64_t> rejected_by(std::string_view text, const formats::loki::Push& push);

// Of a batch that became several requests, one a tenant, and of the records that became none. Where some were taken,
// the rest comes back alone. `results` has one for each of `pushes`, both at least one.
Result combine(std::span<const formats::loki::Push> pushes, std::span<const Result> results,
               const formats::loki::Refused& refused);

// Of the records that cannot be sent.
std::string describe(const formats::loki::Refused& refused);

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_LOKI_OUTCOME_H
