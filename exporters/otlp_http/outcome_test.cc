// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_http/outcome.h"

#include <catch2/catch.hpp>

#include "plugins/net/rpc_status.h"

namespace sluice::exporters {
namespace {

using Catch::Matchers::Contains;
using namespace std::chrono_literals;

constexpr const char* kUrl = "http://tempo:4318/v1/traces";

net::HttpAnswer answer(int status, std::string body = "", std::optional<std::chrono::nanoseconds> retry_after = {}) {
  net::HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.retry_after = retry_after;
  return answer;
}

Result outcome(const net::HttpAnswer& answer, uint64_t items = 10) {
  return outcome_of(answer, SLUICE_TRACES, items, kUrl);
}

}  // namespace

TEST_CASE("otlp_http outcome: each status means what OTLP and the known backends mean", "[otlp_http]") {
  struct Case {
    int status;
    const char* body;
    sluice_status outcome;
    Code code;
  };
  const Case cases[] = {
      {200, "", SLUICE_DONE, Code::ok},
      {202, "accepted", SLUICE_DONE, Code::ok},
      {204, "", SLUICE_DONE, Code::ok},
      {260, "ingestion blocked for user", SLUICE_DONE, Code::failed_precondition},
      {301, "", SLUICE_FAILED_PERMANENT, Code::unknown},
      {400, "bad span id", SLUICE_FAILED_PERMANENT, Code::invalid_argument},
      {400, "http: request body too large\n", SLUICE_TOO_LARGE, Code::resource_exhausted},
      {401, "no org id", SLUICE_FAILED_PERMANENT, Code::unauthenticated},
      {403, "", SLUICE_FAILED_PERMANENT, Code::permission_denied},
      {404, "404 page not found\n", SLUICE_FAILED_PERMANENT, Code::unimplemented},
      {405, "", SLUICE_FAILED_PERMANENT, Code::unknown},
      {408, "", SLUICE_FAILED_PERMANENT, Code::unknown},
      {413, "", SLUICE_TOO_LARGE, Code::resource_exhausted},
      {422, "", SLUICE_FAILED_PERMANENT, Code::unknown},
      {429, "RATE_LIMITED: ingestion rate limit", SLUICE_FAILED_RETRYABLE, Code::resource_exhausted},
      {429, "batch size (9 bytes) exceeds ingestion limit", SLUICE_TOO_LARGE, Code::resource_exhausted},
      {500, "", SLUICE_FAILED_PERMANENT, Code::unknown},
      {502, "", SLUICE_FAILED_RETRYABLE, Code::unavailable},
      {503, "", SLUICE_FAILED_RETRYABLE, Code::unavailable},
      {503, "no org id", SLUICE_FAILED_RETRYABLE, Code::unauthenticated},
      {504, "", SLUICE_FAILED_RETRYABLE, Code::unavailable},
      {507, "", SLUICE_FAILED_PERMANENT, Code::unknown},
  };
  for (const Case& c : cases) {
    CAPTURE(c.status, c.body);
    const Result result = outcome(answer(c.status, c.body));
    CHECK(result.status() == c.outcome);
    CHECK(result.code() == c.code);
    CHECK((result.flags() & SLUICE_RESULT_UNKNOWN) == 0);
  }
  CHECK(outcome(answer(260, "blocked"), 7).rejected_items() == 7);
}

TEST_CASE("otlp_http outcome: Retry-After counts on 429 and 503", "[otlp_http]") {
  CHECK(outcome(answer(429, "", 7s)).retry_after() == 7s);
  CHECK(outcome(answer(503, "", 9s)).retry_after() == 9s);
  CHECK(outcome(answer(502, "", 9s)).retry_after() == 0s);
  CHECK(outcome(answer(503)).retry_after() == 0s);
}

TEST_CASE("otlp_http outcome: no answer", "[otlp_http]") {
  net::HttpAnswer none;
  none.error = "Connection refused";
  Result result = outcome(none);
  CHECK(result.status() == SLUICE_FAILED_RETRYABLE);
  CHECK(result.code() == Code::unavailable);
  CHECK(result.flags() == 0);
  CHECK(result.text() == "failed to make an HTTP request: Connection refused");
  none.maybe_sent = true;
  CHECK(outcome(none).flags() == SLUICE_RESULT_UNKNOWN);
  none.timed_out = true;
  result = outcome(none);
  CHECK(result.code() == Code::deadline_exceeded);
  CHECK(result.flags() == SLUICE_RESULT_UNKNOWN);
}

TEST_CASE("otlp_http outcome: partial success in either encoding, and lies about it", "[otlp_http]") {
  Result result = outcome(answer(200, net::encode_partial_success({3, "too old"})));
  CHECK(result.ok());
  CHECK(result.rejected_items() == 3);
  CHECK(result.text() == "too old");
  result = outcome(answer(200, R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}})"));
  CHECK(result.rejected_items() == 2);
  CHECK(outcome(answer(200, R"({"partialSuccess":{}})")).plain());
  CHECK(outcome(answer(200, net::encode_partial_success({0, "only a warning"}))).text() == "only a warning");
  CHECK(outcome(answer(200, net::encode_partial_success({99, "lies"}))).rejected_items() == 10);
  CHECK(outcome(answer(200, net::encode_partial_success({-5, "lies"}))).rejected_items() == 0);
  CHECK(outcome(answer(200, "<html>rubbish")).plain());
  CHECK(outcome(answer(200, "{rubbish")).plain());
}

TEST_CASE("otlp_http outcome: the text has the server's words and no secrets", "[otlp_http]") {
  net::RpcStatus status;
  status.code = 3;
  status.message = "span ids must be 8 bytes";
  const char* expected =
      "error exporting items, request to http://tempo:4318/v1/traces responded with HTTP Status Code 400, "
      "Message=span ids must be 8 bytes";
  CHECK(outcome(answer(400, net::encode_rpc_status(status))).text() == expected);
  CHECK(outcome(answer(400, R"({"code":3,"message":"span ids must be 8 bytes"})")).text() == expected);
  CHECK(outcome(answer(400, "span ids must be 8 bytes\r\n")).text() == expected);
  CHECK(outcome(answer(500, std::string(10'000, 'x'))).text().size() < 700);
  const Result secret = outcome_of(answer(500), SLUICE_LOGS, 1, "https://user:hunter2@loki/otlp/v1/logs?a=b@c");
  CHECK_THAT(secret.text(), Contains("https://loki/otlp/v1/logs?a=b@c") && !Contains("hunter2"));
}

}  // namespace sluice::exporters
