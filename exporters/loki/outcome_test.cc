// SPDX-License-Identifier: Apache-2.0
#include "exporters/loki/outcome.h"

#include <catch2/catch.hpp>

namespace sluice::exporters {
namespace {

using Catch::Matchers::Contains;
using formats::loki::Push;
using formats::loki::Refusal;
using formats::loki::Refused;
using namespace std::chrono_literals;

constexpr const char* kUrl = "http://user:secret@loki:3100/loki/api/v1/push";
constexpr const char* kA = R"({job="a"})";
constexpr const char* kB = R"({job="b; 9 errors like: '{x", z="}'"})";

net::HttpAnswer answer(int status, std::string body = "", std::optional<std::chrono::nanoseconds> retry_after = {}) {
  net::HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.retry_after = retry_after;
  return answer;
}

// Two streams, of 7 and 5 entries.
Push two_streams() {
  Push push;
  push.streams.push_back({kA, 7, {}});
  push.streams.push_back({kB, 5, {}});
  push.items = {{0, 12}};
  push.entries = 12;
  return push;
}

Result outcome(const net::HttpAnswer& answer) {
  return outcome_of(answer, two_streams(), kUrl);
}

Refused refused(std::vector<formats::loki::Run> items, Refusal why) {
  Refused out;
  for (const auto& run : items) out.counts[static_cast<size_t>(why)] += run.count;
  out.items = std::move(items);
  return out;
}

}  // namespace

TEST_CASE("loki outcome: each status means what Loki means", "[loki]") {
  constexpr uint32_t kUnknown = SLUICE_RESULT_UNKNOWN;
  struct Case {
    int status;
    const char* body;
    sluice_status outcome;
    Code code;
    uint32_t flags = 0;
  };
  const Case cases[] = {
      {204, "", SLUICE_DONE, Code::ok},
      {200, "", SLUICE_DONE, Code::ok},
      {260, "ingestion blocked for user 'fake' until '2030'", SLUICE_DONE, Code::failed_precondition},
      {301, "", SLUICE_FAILED_PERMANENT, Code::unknown},
      {400, "couldn't parse labels: 1:2: parse error", SLUICE_FAILED_PERMANENT, Code::invalid_argument},
      {400, "request body too large: 5 bytes, limit: 4 bytes", SLUICE_TOO_LARGE, Code::resource_exhausted},
      {401, "no org id", SLUICE_FAILED_PERMANENT, Code::unauthenticated},
      {403, "", SLUICE_FAILED_PERMANENT, Code::permission_denied},
      {404, "404 page not found", SLUICE_FAILED_PERMANENT, Code::unimplemented},
      {405, "", SLUICE_FAILED_PERMANENT, Code::unknown},
      {413, "request body too large", SLUICE_TOO_LARGE, Code::resource_exhausted},
      {422, "error at least one valid stream is required for ingestion", SLUICE_FAILED_PERMANENT, Code::unknown},
      {429, "ingestion rate limit exceeded for user fake (limit: 4 bytes/sec)", SLUICE_FAILED_RETRYABLE,
       Code::resource_exhausted},
      {429, "entry with timestamp 1 ignored, reason: 'Per stream rate limit exceeded'", SLUICE_FAILED_RETRYABLE,
       Code::resource_exhausted, kUnknown},
      {429, "maximum active stream limit exceeded", SLUICE_FAILED_RETRYABLE, Code::resource_exhausted, kUnknown},
      {500, "context deadline exceeded", SLUICE_FAILED_RETRYABLE, Code::unavailable, kUnknown},
      {500, "grpc: received message larger than max (5 vs. 4)", SLUICE_TOO_LARGE, Code::resource_exhausted},
      {502, "", SLUICE_FAILED_RETRYABLE, Code::unavailable, kUnknown},
      {503, "circuit breaker open, request denied", SLUICE_FAILED_RETRYABLE, Code::unavailable},
      {504, "", SLUICE_FAILED_RETRYABLE, Code::unavailable, kUnknown},
  };
  for (const Case& c : cases) {
    CAPTURE(c.status, c.body);
    const Result result = outcome(answer(c.status, c.body));
    CHECK(result.status() == c.outcome);
    CHECK(result.code() == c.code);
    CHECK(result.flags() == c.flags);
  }
  CHECK(outcome(answer(260, "blocked")).rejected_items() == 12);
  CHECK(outcome(answer(429, "", 7s)).retry_after() == 7s);
  CHECK(outcome(answer(503, "", 9s)).retry_after() == 9s);
}

TEST_CASE("loki outcome: no answer", "[loki]") {
  net::HttpAnswer none;
  none.error = "Connection refused";
  CHECK(outcome(none).status() == SLUICE_FAILED_RETRYABLE);
  CHECK(outcome(none).code() == Code::unavailable);
  CHECK(outcome(none).flags() == 0);
  none.maybe_sent = true;
  CHECK(outcome(none).flags() == SLUICE_RESULT_UNKNOWN);
  none.timed_out = true;
  CHECK(outcome(none).code() == Code::deadline_exceeded);
}

TEST_CASE("loki outcome: the text has Loki's words in one line, and no secrets", "[loki]") {
  CHECK(outcome(answer(404, "404 page\nnot found\n")).text() ==
        "request to http://loki:3100/loki/api/v1/push responded with HTTP Status Code 404, Message=404 page not found");
  CHECK(outcome(answer(500, std::string(10'000, 'x'))).text().size() < 700);
}

TEST_CASE("loki outcome: a 400 is a delivery without what its text counts", "[loki]") {
  const std::string too_old =
      " has timestamp too old: 2020-01-01T00:00:00Z, oldest acceptable timestamp is: 2026-01-01T00:00:00Z";
  const std::string of_a = R"(entry for stream '{job="a", service_name="a"}')";
  const std::string of_b = R"(entry for stream '{job="b; 9 errors like: '{x", service_name="b", z="}'"}')";
  struct Case {
    std::string body;
    uint64_t rejected;
  };
  const Case cases[] = {
      {of_a + too_old, 1},
      {"3 errors like: " + of_a + too_old, 3},
      {"2 errors like: " + of_a + too_old + "; 1 errors like: " + of_b + " has timestamp too new: 2036", 3},
      {"max entry size '10' bytes exceeded for stream '{job=\"a\"}' while adding an entry with length '20' bytes", 1},
      {"stream '{job=\"a\"}' has structured metadata too large: '9' bytes, limit: '8' bytes. Please see ...", 1},
      // A stream's own fault costs all of its entries.
      {of_a + " has 16 label names; limit 15", 7},
      {of_b + " has 16 label names; limit 15\n", 5},
      {"stream '{service_name=\"a\", job=\"a\"}' has label value too long: 'x'", 7},
      {"1 errors like: " + of_b + " has 16 label names; limit 15; 1 errors like: " + of_a +
           " has 16 label names; limit 15",
       12},
      {"4 errors like: " + of_a + too_old + "; 1 errors like: " + of_b + " has 16 label names; limit 15", 9},
      // The ingester's words.
      {"entry with timestamp 2026-01-01 00:00:00 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: "
       "...',\nuser 'fake', total ignored: 4 out of 7 for stream: {job=\"a\", service_name=\"a\"}",
       4},
      {"900 errors like: " + of_a + too_old, 12},  // more than were sent
  };
  for (const Case& c : cases) {
    CAPTURE(c.body);
    const Result result = outcome(answer(400, c.body));
    CHECK(result.ok());
    CHECK(result.rejected_items() == c.rejected);
    CHECK(result.flags() == 0);
    CHECK_THAT(result.text(), Contains("Status Code 400, Message="));
  }
}

TEST_CASE("loki outcome: a 400 that counts nothing rejects all, nobody knows whose", "[loki]") {
  for (const char* body : {"", "tenant ID 'a b' contains unsupported character", "snappy: corrupt input",
                           "total ignored: x", R"(entry for stream '{job="c"}' has 16 label names; limit 15)",
                           "1 errors like: something about stream, has label name too long"}) {
    CAPTURE(body);
    const Result result = outcome(answer(400, body));
    CHECK(result.ok());
    CHECK(result.rejected_items() == 12);
    CHECK(result.flags() == SLUICE_RESULT_UNATTRIBUTED);
  }
}

TEST_CASE("loki outcome: records that cannot be sent end beside those that were", "[loki]") {
  const Push push = two_streams();
  const Refused two = refused({{3, 1}, {8, 1}}, Refusal::no_labels);
  const Result done = combine({&push, 1}, std::vector{Result::done()}, two);
  CHECK(done.ok());
  CHECK(done.rejected_items() == 2);
  REQUIRE(done.ranges().size() == 2);
  CHECK(done.ranges()[1].first == 8);
  CHECK(done.ranges()[1].status == SLUICE_FAILED_PERMANENT);
  CHECK(done.text() == "2 log records without labels");

  const Result both = combine({&push, 1}, std::vector{Result::partial(4, "too old")}, two);
  CHECK(both.rejected_items() == 6);
  CHECK(both.ranges().empty());
  CHECK(both.text() == "too old; 2 log records without labels");

  const Result again = combine({&push, 1}, std::vector{Result::retryable(Code::unavailable, "busy")}, two);
  CHECK(again.status() == SLUICE_FAILED_RETRYABLE);
  CHECK(again.ranges().empty());

  CHECK(combine({}, {}, two).rejected_items() == 2);
  CHECK(combine({&push, 1}, std::vector{Result::done()}, {}).plain());
}

TEST_CASE("loki outcome: a blocked tenant stays blocked in the answer", "[loki]") {
  const Push push = two_streams();
  const Result result = combine({&push, 1}, std::vector{outcome(answer(260, "blocked"))}, {});
  CHECK(result.code() == Code::failed_precondition);
  CHECK(result.rejected_items() == 12);
}

TEST_CASE("loki outcome: where one tenant's logs were taken, the others' come back alone", "[loki]") {
  std::vector<Push> pushes(3);
  Push &red = pushes[0], &blue = pushes[1], &green = pushes[2];
  red.items = {{0, 2}, {6, 2}}, red.entries = 4;
  blue.items = {{2, 1}, {5, 1}}, blue.entries = 2;
  green.items = {{3, 2}}, green.entries = 2;
  const Refused one = refused({{8, 1}}, Refusal::unknown_format);

  const std::vector<Result> results{Result::partial(3, "too old"),
                                    Result::retryable(Code::resource_exhausted, "slow down", 5s).outcome_unknown(),
                                    Result::permanent(Code::unauthenticated, "no org id")};
  const Result mixed = combine(pushes, results, one);
  CHECK(mixed.ok());
  CHECK(mixed.retry_after() == 5s);
  CHECK(mixed.flags() == SLUICE_RESULT_UNKNOWN);
  CHECK(mixed.rejected_items() == 4);
  struct Expected {
    uint64_t first, count;
    sluice_status status;
    Code code;
  };
  const Expected expected[] = {{0, 2, SLUICE_FAILED_PERMANENT, Code::invalid_argument},
                               {2, 1, SLUICE_FAILED_RETRYABLE, Code::resource_exhausted},
                               {3, 2, SLUICE_FAILED_RETRYABLE, Code::aborted},
                               {5, 1, SLUICE_FAILED_RETRYABLE, Code::resource_exhausted},
                               {6, 1, SLUICE_FAILED_PERMANENT, Code::invalid_argument},
                               {8, 1, SLUICE_FAILED_PERMANENT, Code::invalid_argument}};
  REQUIRE(mixed.ranges().size() == std::size(expected));
  for (size_t i = 0; i < std::size(expected); ++i) {
    CAPTURE(i);
    CHECK(mixed.ranges()[i].first == expected[i].first);
    CHECK(mixed.ranges()[i].count == expected[i].count);
    CHECK(mixed.ranges()[i].status == expected[i].status);
    CHECK(mixed.ranges()[i].code == static_cast<int32_t>(expected[i].code));
  }

  const Result none = combine(
      pushes, std::vector{Result::too_large("big"), results[1], Result::permanent(Code::unauthenticated, "no org id")},
      {});
  CHECK(none.status() == SLUICE_FAILED_RETRYABLE);
  CHECK(none.retry_after() == 5s);
  CHECK(combine(pushes, std::vector{Result::too_large("big"), results[2], results[2]}, {}).status() ==
        SLUICE_TOO_LARGE);
  CHECK(combine(pushes, std::vector(3, results[2]), {}).code() == Code::unauthenticated);
  const Result all =
      combine(pushes, std::vector{Result::partial(3, "a"), Result::done(), Result::partial(2, "b").unattributed()}, {});
  CHECK(all.rejected_items() == 5);
  CHECK(all.flags() == SLUICE_RESULT_UNATTRIBUTED);
}

}  // namespace sluice::exporters
