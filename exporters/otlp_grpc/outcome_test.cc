// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/outcome.h"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using sluice::exporters::outcome_of;
using sluice::net::GrpcReply;
using sluice::net::RpcStatus;

namespace {

GrpcReply reply(Code code, std::string_view text = {}, std::optional<std::chrono::nanoseconds> retry_after = {}) {
  GrpcReply reply;
  reply.code = static_cast<int32_t>(code);
  reply.text = text;
  if (retry_after) reply.details = RpcStatus{.code = reply.code, .retry_after = retry_after};
  return reply;
}

}  // namespace

TEST_CASE("otlp_grpc exporter: codes that OTLP retries are retryable, with the server's delay",
          "[exporter][otlp_grpc]") {
  for (Code code : {Code::cancelled, Code::deadline_exceeded, Code::aborted, Code::out_of_range, Code::unavailable,
                    Code::data_loss}) {
    CHECK(outcome_of(reply(code, "later"), 5).status() == SLUICE_FAILED_RETRYABLE);
    const Result hinted = outcome_of(reply(code, "later", 3s), 5);
    CHECK(hinted.status() == SLUICE_FAILED_RETRYABLE);
    CHECK(hinted.code() == code);
    CHECK(hinted.text() == "later");
    CHECK(hinted.retry_after() == 3s);
    CHECK(hinted.flags() == 0);
  }
  GrpcReply lost = reply(Code::unavailable, "Socket closed");
  lost.outcome_unknown = true;
  CHECK(outcome_of(lost, 5).flags() == SLUICE_RESULT_UNKNOWN);
}

TEST_CASE("otlp_grpc exporter: all other codes are permanent and keep their code", "[exporter][otlp_grpc]") {
  for (Code code : {Code::unknown, Code::invalid_argument, Code::not_found, Code::already_exists,
                    Code::permission_denied, Code::failed_precondition, Code::unimplemented, Code::internal,
                    Code::unauthenticated, Code::resource_exhausted}) {
    const Result result = outcome_of(reply(code, "never"), 5);
    CHECK(result.status() == SLUICE_FAILED_PERMANENT);
    CHECK(result.code() == code);
    CHECK(result.text() == "never");
  }
}

TEST_CASE("otlp_grpc exporter: RESOURCE_EXHAUSTED is a pause, a size or the end", "[exporter][otlp_grpc]") {
  const Result slower = outcome_of(reply(Code::resource_exhausted, "RATE_LIMITED: ingestion rate limit", 5s), 5);
  CHECK(slower.status() == SLUICE_FAILED_RETRYABLE);
  CHECK(slower.code() == Code::resource_exhausted);
  CHECK(slower.retry_after() == 5s);
  const Result large =
      outcome_of(reply(Code::resource_exhausted, "grpc: received message larger than max (5242880 vs. 4194304)"), 5);
  CHECK(large.status() == SLUICE_TOO_LARGE);
  CHECK(large.view().max_bytes == 4194304);
  CHECK(outcome_of(reply(Code::resource_exhausted, "message larger than max, sorry"), 5).view().max_bytes == 0);
  CHECK(outcome_of(reply(Code::resource_exhausted, "batch size (9 bytes) exceeds ingestion limit", 5s), 5).status() ==
        SLUICE_TOO_LARGE);
}

TEST_CASE("otlp_grpc exporter: a missing tenant is held, not hammered", "[exporter][otlp_grpc]") {
  const Result result = outcome_of(reply(Code::unavailable, "no org id"), 5);
  CHECK(result.status() == SLUICE_FAILED_RETRYABLE);
  CHECK(result.code() == Code::unauthenticated);
}

TEST_CASE("otlp_grpc exporter: what a server says it rejected is bounded by what was sent", "[exporter][otlp_grpc]") {
  auto rejected = [](int64_t count, std::string text) {
    const std::string bytes = net::encode_partial_success({count, std::move(text)});
    GrpcReply ok = reply(Code::ok);
    ok.message = bytes;
    return outcome_of(ok, 5);
  };
  CHECK(outcome_of(reply(Code::ok), 5).plain());
  CHECK(rejected(0, "").plain());
  CHECK(rejected(3, "too old").rejected_items() == 3);
  CHECK(rejected(3, "too old").text() == "too old");
  CHECK(rejected(3, "too old").status() == SLUICE_DONE);
  CHECK(rejected(99, "").rejected_items() == 5);
  CHECK(rejected(-1, "odd").rejected_items() == 0);
  CHECK(rejected(0, "deprecated").text() == "deprecated");
  GrpcReply nonsense = reply(Code::ok);
  nonsense.message = "\xff\xff";
  CHECK(outcome_of(nonsense, 5).plain());
}
