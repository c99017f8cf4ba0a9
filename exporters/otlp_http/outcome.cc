// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_http/outcome.h"

#include <algorithm>
#include <string>
#include <utility>

#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/net/http_outcome.h"
#include "plugins/net/rpc_status.h"
#include "plugins/wire/schema.h"

namespace sluice::exporters {
namespace {

bool contains(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

// Servers do not always say what they send, or lie: what it looks like decides.
bool looks_like_json(std::string_view body) {
  const size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '{';
}

// The body as protobuf, whatever its encoding; empty if it is neither.
std::string as_protobuf(wire::Message type, std::string_view body) {
  if (!looks_like_json(body)) return std::string(body);
  std::string message, error;
  formats::json_to_message(type, body, message, error);
  return message;
}

// What the server says: the message of a Status, or its text in one line.
std::string words_of(std::string_view body) {
  const auto status = net::parse_rpc_status(as_protobuf(wire::Message::rpc_status, body));
  return net::in_one_line(status && !status->message.empty() ? std::string_view(status->message) : body);
}

Result success(const net::HttpAnswer& answer, sluice_signal signal, uint64_t items) {
  const auto partial =
      net::parse_partial_success(as_protobuf(wire::export_response(static_cast<wire::Signal>(signal)), answer.body));
  if (!partial) return Result::done();
  // A server that rejects more than it was sent, or less than nothing, is not believed.
  const uint64_t rejected = partial->rejected > 0 ? std::min(static_cast<uint64_t>(partial->rejected), items) : 0;
  return Result::partial(rejected, partial->text);
}

Code code_of(int status) {
  switch (status) {
    case 400:
      return Code::invalid_argument;
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::permission_denied;
    case 404:
      return Code::unimplemented;
    case 429:
      return Code::resource_exhausted;
    case 502:
    case 503:
    case 504:
      return Code::unavailable;
    default:
      return Code::unknown;
  }
}

}  // namespace

Result outcome_of(const net::HttpAnswer& answer, sluice_signal signal, uint64_t items, std::string_view url) {
  if (answer.status == 0) return net::no_answer(answer);
  if (answer.status >= 200 && answer.status < 300 && answer.status != 260) return success(answer, signal, items);

  const std::string words = words_of(answer.body);
  std::string text = "error exporting items, request to " + net::printable_url(url) +
                     " responded with HTTP Status Code " + std::to_string(answer.status);
  if (!words.empty()) text += ", Message=" + words;
  const Code code = code_of(answer.status);
  switch (answer.status) {
    case 260:
      return net::blocked(items, text);
    case 400:
      // So says the OpenTelemetry Collector's own receiver, and Tempo, which has it inside.
      if (contains(words, "request body too large")) return Result::too_large(std::move(text));
      break;
    case 413:
      return Result::too_large(std::move(text));
    case 429:
      // Tempo: the same batch can never pass.
      if (contains(words, "exceeds ingestion limit")) return Result::too_large(std::move(text));
      return Result::retryable(code, std::move(text), answer.retry_after.value_or(std::chrono::nanoseconds(0)));
    case 503:
      // Tempo's word for a missing tenant. Sending it again and again would not help; the core holds and alarms.
      if (contains(words, "no org id")) return Result::retryable(Code::unauthenticated, std::move(text));
      return Result::retryable(code, std::move(text), answer.retry_after.value_or(std::chrono::nanoseconds(0)));
    case 502:
    case 504:
      return Result::retryable(code, std::move(text));
    default:
      break;
  }
  return Result::permanent(code, std::move(text));
}

}  // namespace sluice::exporters
