// SPDX-License-Identifier: Apache-2.0
// What exporters over HTTP say of an exchange, where the destination's protocol does not matter.
#ifndef SLUICE_PLUGINS_NET_HTTP_OUTCOME_H
#define SLUICE_PLUGINS_NET_HTTP_OUTCOME_H

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/net/http_client.h"
#include "plugins/sdk/status.h"

namespace sluice::net {

// A server's own words for a log or a result: at most 512 bytes of them, in one line.
std::string in_one_line(std::string_view text);

// The address without a user's name and password.
std::string printable_url(std::string_view url);

// Of a request to which no answer came: retryable, and unknown if the server may have got it.
Result no_answer(const HttpAnswer& answer);

// Status 260, by which Loki says that its operator has blocked them: taken in the sense that sending the `items` again
// is of no use.
Result blocked(uint64_t items, std::string_view text);

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_HTTP_OUTCOME_H
