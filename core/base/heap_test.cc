// SPDX-License-Identifier: Apache-2.0
#include "core/base/heap.h"

#include <catch2/catch.hpp>

namespace sluice::base {
namespace {

TEST_CASE("heap: a peak that is over is given back, once", "[base]") {
  constexpr uint64_t kMb = 1 << 20;
  HeapWatch watch;
  uint64_t now = HeapWatch::kInterval;
  CHECK_FALSE(watch.due(0, now));
  CHECK_FALSE(watch.due(500 * kMb, ++now));
  CHECK_FALSE(watch.due(490 * kMb, ++now));
  CHECK(watch.due(100 * kMb, ++now));
  CHECK_FALSE(watch.due(100 * kMb, ++now));
  CHECK_FALSE(watch.due(0, now + HeapWatch::kInterval - 2));
  CHECK(watch.due(0, now + HeapWatch::kInterval));
  CHECK_FALSE(watch.due(0, now + 3 * HeapWatch::kInterval));
}

}  // namespace
}  // namespace sluice::base
