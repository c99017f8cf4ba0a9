// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/status.h"

#include <catch2/catch.hpp>

namespace sluice {
namespace {

using namespace std::chrono_literals;

TEST_CASE("result: plain status needs no details", "[sdk]") {
  CHECK(Result::done().plain());
  CHECK_FALSE(Result::done().early().plain());
  CHECK_FALSE(Result::partial(1, "").plain());
  CHECK_FALSE(Result::retryable(Code::unavailable, "").plain());
}

TEST_CASE("result: fields reach the border", "[sdk]") {
  const Result result = Result::retryable(Code::resource_exhausted, "slow down", 1500ms).outcome_unknown();
  const sluice_result view = result.view();
  CHECK(view.struct_size == sizeof(sluice_result));
  CHECK(view.status == SLUICE_FAILED_RETRYABLE);
  CHECK(view.code == 8);
  CHECK(view.retry_after_ns == 1'500'000'000);
  CHECK(view.flags == SLUICE_RESULT_UNKNOWN);
  CHECK(sluice::view(view.text) == "slow down");
}

TEST_CASE("result: negative pause is no hint", "[sdk]") {
  CHECK(Result::retryable(Code::unavailable, "", -1s).view().retry_after_ns == 0);
}

TEST_CASE("result: permanent ranges add up to the rejected items", "[sdk]") {
  Result result = Result::done();
  result.range(0, 2, SLUICE_FAILED_PERMANENT, Code::invalid_argument).range(5, 1, SLUICE_FAILED_RETRYABLE);
  const sluice_result view = result.view();
  REQUIRE(view.range_count == 2);
  CHECK(view.rejected_items == 2);
  CHECK(view.ranges[1].first == 5);
}

TEST_CASE("result: copy owns what the border only lent", "[sdk]") {
  Result copy = Result::done();
  {
    std::string text = "a text that is too long for the small string buffer of the library";
    const sluice_range range{1, 2, SLUICE_FAILED_PERMANENT, 3};
    sluice_result lent{};
    lent.status = SLUICE_DONE;
    lent.text = str(text);
    lent.ranges = &range;
    lent.range_count = 1;
    copy = Result(lent);
    text.assign(text.size(), 'x');
  }
  CHECK(copy.text().starts_with("a text that"));
  REQUIRE(copy.ranges().size() == 1);
  CHECK(copy.ranges()[0].count == 2);
}

}  // namespace
}  // namespace sluice
