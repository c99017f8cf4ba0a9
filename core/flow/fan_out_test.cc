// SPDX-License-Identifier: Apache-2.0
#include "core/flow/fan_out.h"

#include <catch2/catch.hpp>

namespace sluice::flow {
namespace {

constexpr uint64_t kItems = 10;
enum Kind { done, partial, permanent, retryable, busy };

Outcome outcome(Kind kind) {
  switch (kind) {
    case done:
      return {};
    case partial:
      return {.status = SLUICE_DONE, .code = 3, .rejected_items = 4, .text = "4 bad"};
    case permanent:
      return {.status = SLUICE_FAILED_PERMANENT, .code = 3, .text = "never"};
    case retryable:
      return {.status = SLUICE_FAILED_RETRYABLE, .code = 14, .retry_after_ns = 7, .text = "later"};
    default:
      return {.status = SLUICE_BUSY, .code = 14, .retry_after_ns = 9, .text = "full"};
  }
}

struct Want {
  sluice_status status;
  uint64_t rejected;
};
constexpr Want kDone{SLUICE_DONE, 0}, kSome{SLUICE_DONE, 4}, kAll{SLUICE_DONE, kItems},
    kPermanent{SLUICE_FAILED_PERMANENT, 0}, kRetry{SLUICE_FAILED_RETRYABLE, 0}, kBusy{SLUICE_BUSY, 0};
// Row: first branch; column: second; in the order of Kind.
constexpr Want kTable[5][5] = {{kDone, kSome, kAll, kRetry, kRetry},
                               {kSome, kSome, kAll, kRetry, kRetry},
                               {kAll, kAll, kPermanent, kRetry, kRetry},
                               {kRetry, kRetry, kRetry, kRetry, kRetry},
                               {kRetry, kRetry, kRetry, kRetry, kBusy}};

}  // namespace

TEST_CASE("fan-out: two branches, all 25 pairs of outcomes", "[flow][fan_out]") {
  for (int a = 0; a < 5; ++a) {
    for (int b = 0; b < 5; ++b) {
      INFO("branches " << a << " and " << b);
      const Outcome outcomes[] = {outcome(static_cast<Kind>(a)), outcome(static_cast<Kind>(b))};
      Joined joined = join(outcomes, kItems);
      CHECK(joined.status == kTable[a][b].status);
      CHECK(joined.rejected_items == kTable[a][b].rejected);
      uint64_t hint = std::max(outcomes[0].retry_after_ns, outcomes[1].retry_after_ns);
      bool told_later = joined.status == SLUICE_FAILED_RETRYABLE || joined.status == SLUICE_BUSY;
      CHECK(joined.retry_after_ns == (told_later ? hint : 0));
    }
  }
}

TEST_CASE("fan-out: one branch is answered as it answers, except BUSY beside nothing", "[flow][fan_out]") {
  for (Kind kind : {done, partial, permanent, retryable, busy}) {
    const Outcome one[] = {outcome(kind)};
    Joined joined = join(one, kItems);
    CHECK(joined.status == one[0].status);
    CHECK(joined.rejected_items == one[0].rejected_items);
    CHECK(joined.text == one[0].text);
    CHECK(joined.code == one[0].code);
  }
  CHECK(join({}, kItems).status == SLUICE_DONE);
}

TEST_CASE("fan-out: flags add up, so one early branch makes the answer early", "[flow][fan_out]") {
  const Outcome outcomes[] = {{.flags = SLUICE_RESULT_EARLY}, {.flags = SLUICE_RESULT_UNATTRIBUTED}};
  CHECK(join(outcomes, kItems).flags == (SLUICE_RESULT_EARLY | SLUICE_RESULT_UNATTRIBUTED));
}

TEST_CASE("fan-out: rejected items are the union of known ranges, else the largest count", "[flow][fan_out]") {
  const sluice_range a[] = {{0, 2, SLUICE_FAILED_PERMANENT, 3}, {6, 1, SLUICE_FAILED_PERMANENT, 3}};
  const sluice_range b[] = {{1, 3, SLUICE_FAILED_PERMANENT, 3}};
  const Outcome known[] = {{.rejected_items = 3, .ranges = a}, {.rejected_items = 3, .ranges = b}, {}};
  Joined joined = join(known, kItems);
  REQUIRE(joined.ranges.size() == 2);
  CHECK(joined.ranges[0].first == 0);
  CHECK(joined.ranges[0].count == 4);
  CHECK(joined.ranges[1].first == 6);
  CHECK(joined.rejected_items == 5);

  const Outcome unknown[] = {{.rejected_items = 3, .ranges = a}, {.rejected_items = 4}};
  joined = join(unknown, kItems);
  CHECK(joined.ranges.empty());
  CHECK(joined.rejected_items == 4);
}

TEST_CASE("fan-out: more rejected than there are is clamped", "[flow][fan_out]") {
  const Outcome outcomes[] = {{.rejected_items = 99}};
  CHECK(join(outcomes, kItems).rejected_items == kItems);
}

TEST_CASE("fan-out: a full queue that progresses refuses for all, a stuck one is passed over", "[flow][fan_out]") {
  auto refused = [](std::vector<Room> rooms) { return plan(rooms).refuse; };
  CHECK_FALSE(refused({Room::reserved, Room::always, Room::waits}));
  CHECK(refused({Room::reserved, Room::full}));
  CHECK(refused({Room::full, Room::stuck}));
  CHECK(refused({Room::reserved, Room::stopping}));
  CHECK(refused({Room::stuck}));
  CHECK(refused({Room::stuck, Room::stuck}));
  Plan p = plan(std::vector<Room>{Room::reserved, Room::stuck, Room::waits});
  CHECK_FALSE(p.refuse);
  CHECK(p.hands == std::vector<Hand>{Hand::out, Hand::pass_over, Hand::out});
}

}  // namespace sluice::flow
