// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/pipeline.h"

#include <catch2/catch.hpp>

#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"

namespace sluice::otlp {
namespace {

using namespace std::chrono_literals;

Outcome of(const Result& result) {
  return outcome_of(result.view());
}
Code code(const Outcome& outcome) {
  return static_cast<Code>(outcome.status.code);
}

TEST_CASE("otlp receiver: what can be sent again is said with a time", "[receiver][otlp]") {
  const Outcome full = of(Result::retryable(Code::ok, "sending queue is full"));
  CHECK(code(full) == Code::unavailable);
  CHECK(full.status.message == "sending queue is full");
  REQUIRE(full.status.retry_after);
  CHECK(*full.status.retry_after >= 1s);
  CHECK(*full.status.retry_after <= 2s);
  CHECK(of(Result::retryable(Code::unavailable, "", 7s)).status.retry_after == 7s);
  CHECK(code(of(Result::retryable(Code::data_loss, ""))) == Code::data_loss);
  const Outcome tenant = of(Result::retryable(Code::resource_exhausted, "rate", 3s));
  CHECK(code(tenant) == Code::resource_exhausted);
  CHECK(tenant.status.retry_after == 3s);
  CHECK(code(of(Result::cancelled("stopping"))) == Code::unavailable);
  CHECK(of(Result::cancelled("stopping")).status.retry_after);
  CHECK(code(of(Result(SLUICE_BUSY))) == Code::unavailable);
}

TEST_CASE("otlp receiver: a retryable failure is never told by a code on which clients give up", "[receiver][otlp]") {
  for (Code not_retried : {Code::unknown, Code::invalid_argument, Code::not_found, Code::permission_denied,
                           Code::unauthenticated, Code::unimplemented, Code::internal}) {
    CHECK(code(of(Result::retryable(not_retried, "x"))) == Code::unavailable);
  }
}

TEST_CASE("otlp receiver: a permanent failure is never told by a code on which clients try again", "[receiver][otlp]") {
  CHECK(code(of(Result::permanent(Code::ok, "x"))) == Code::internal);
  CHECK(code(of(Result::permanent(Code::unavailable, "x"))) == Code::internal);
  CHECK(code(of(Result::permanent(Code::invalid_argument, "x"))) == Code::invalid_argument);
  CHECK(code(of(Result::permanent(Code::permission_denied, "x"))) == Code::permission_denied);
  CHECK_FALSE(of(Result::permanent(Code::resource_exhausted, "x")).status.retry_after);
  CHECK(code(of(Result::too_large("x"))) == Code::resource_exhausted);
  CHECK_FALSE(of(Result::too_large("x")).status.retry_after);
  CHECK(code(of(Result::unimplemented("x"))) == Code::unimplemented);
  CHECK(code(of(Result(SLUICE_INVALID))) == Code::internal);
}

TEST_CASE("otlp receiver: rejected items are told, unless nobody knows whose they are", "[receiver][otlp]") {
  CHECK(of(Result::done()).ok());
  CHECK_FALSE(of(Result::done()).has_partial());
  const Outcome partial = of(Result::partial(3, "too old"));
  CHECK(partial.ok());
  CHECK(partial.partial.rejected == 3);
  CHECK(partial.partial.text == "too old");
  CHECK_FALSE(of(Result::partial(3, "too old").unattributed()).has_partial());
}

TEST_CASE("otlp receiver: what is no message is told with its place", "[receiver][otlp]") {
  std::string damaged = testing::message(SLUICE_TRACES, 2);
  damaged[damaged.find("item-1")] = '\xff';
  testing::FakeHost host;
  const NewBatch batch =
      Host(host).copy(SLUICE_TRACES, {reinterpret_cast<const uint8_t*>(damaged.data()), damaged.size()});
  REQUIRE(batch.status == SLUICE_FAILED_PERMANENT);
  const Outcome outcome = refuse_malformed(batch.error);
  CHECK(code(outcome) == Code::invalid_argument);
  CHECK(outcome.status.message ==
        "malformed request: not a valid OTLP TracesData message: invalid UTF-8 in Span.name at byte 105");
  CHECK(outcome.status.bad_value == batch.error);
}

TEST_CASE("otlp receiver: batch that a stopping core refuses may come again", "[receiver][otlp]") {
  struct Waiting final : Request {
    explicit Waiting(Outcome& to) : told(to) {}
    void answer(const Outcome& outcome) override { told = outcome; }
    Outcome& told;
  };
  testing::FakeHost host;
  Intake intake{host};
  intake.init();
  Outcome told;
  NewBatch refused{SLUICE_CANCELLED, {}, "the component is stopped"};
  intake.submit(SLUICE_TRACES, std::move(refused), host.context(), 0, std::make_unique<Waiting>(told));
  CHECK(code(told) == Code::unavailable);
  CHECK(told.status.message == "the component is stopped");
  CHECK(told.status.retry_after);
}

}  // namespace
}  // namespace sluice::otlp
