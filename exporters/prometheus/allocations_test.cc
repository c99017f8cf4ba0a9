// SPDX-License-Identifier: Apache-2.0
// Points of series that are known cost no memory, however many there are. The whole test program counts its calls of
// operator new for that.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "exporters/prometheus/testing.h"

namespace {
std::atomic<uint64_t> allocations{0};
}  // namespace

// Not inlined: GCC would warn of free() for what it knows to be from operator new.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size ? size : 1);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace sluice::exporters::testing {
namespace {

TEST_CASE("ingest: known series cost no allocations", "[exporter][prometheus]") {
  const auto batch = [](uint64_t time) {
    Points numbers, histograms, natives, summaries;
    for (int64_t i = 0; i < 500; ++i) {
      Point point{
          .attributes = {{"http.route", "/api/v1/products/reviews/" + std::to_string(i)}, {"code", int64_t{200}}},
          .integer = 1,
          .time = time,
          .start = time - 100,
          .count = 3};
      point.exemplars = {{.value = 0.5, .time = time, .trace_id = "0123456789abcdef", .span_id = "01234567"}};
      numbers.push_back(point);
      point.bounds = {0.5, 0.9, 0.99, 7};
      summaries.push_back(point);
      point.buckets = {1, 1, 1, 0, 0};
      histograms.push_back(point);
      point.scale = 3;
      natives.push_back(point);
    }
    return metrics(
        {{"service.name", "demo"}, {"service.instance.id", "1"}, {"host.name", "h"}},
        {gauge("g", numbers), sum("s", numbers), sum("d", numbers, {.temporality = 1}), histogram("h", histograms),
         histogram("hd", histograms, {.temporality = 1}), exponential("e", natives), summary("u", summaries)},
        {.name = "lib", .attributes = {{"a", "b"}}});
  };
  Shown shown;
  REQUIRE(shown.take(batch(1000)).plain());
  const std::string next = batch(1100);
  const uint64_t before = allocations;
  const Result result = shown.take(next);
  const uint64_t made = allocations - before;
  REQUIRE(result.plain());
  CHECK(shown.table().size() == 7 * 500 + 1);
  CHECK(made < 20);  // once for the batch, not for its 3,500 points
}

}  // namespace
}  // namespace sluice::exporters::testing
