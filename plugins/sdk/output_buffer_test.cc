// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/output_buffer.h"

#include <catch2/catch.hpp>
#include <new>
#include <string>
#include <string_view>

#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/wire/writer.h"

namespace sluice::testing {
namespace {

void append(OutputBuffer& out, std::string_view text) {
  wire::append_bytes(out, wire::to_bytes(text));
}

TEST_CASE("output buffer: what was written becomes a batch, whatever size was expected", "[sdk]") {
  const std::string logs = message(SLUICE_LOGS, 500);
  for (const size_t expected : {size_t{0}, size_t{100}, logs.size(), 10 * logs.size()}) {
    INFO("expected " << expected);
    FakeHost host;
    OutputBuffer out(host, expected);
    CHECK(host.used_bytes() == 0);
    for (size_t at = 0; at < logs.size(); at += 777) append(out, std::string_view(logs).substr(at, 777));
    CHECK(out.size() == logs.size());
    const NewBatch made = out.seal(SLUICE_LOGS);
    REQUIRE(made);
    CHECK(made.batch.item_count() == 500);
    CHECK(std::string_view(reinterpret_cast<const char*>(made.batch->segments[0].data), logs.size()) == logs);
    // Of a guess that was too high, a quarter at most stays.
    CHECK(host.used_bytes() <= logs.size() * 5 / 4 + 4096);
    CHECK(out.empty());
  }
}

TEST_CASE("output buffer: it can be used again after sealing, and gives back what is not sealed", "[sdk]") {
  FakeHost host;
  {
    OutputBuffer out(host, 10);
    append(out, message(SLUICE_LOGS, 1));
    CHECK(out.seal(SLUICE_LOGS).batch.item_count() == 1);
    append(out, message(SLUICE_LOGS, 2));
    CHECK(out.seal(SLUICE_LOGS).batch.item_count() == 2);
    append(out, "damaged");
    CHECK(out.seal(SLUICE_LOGS).status == SLUICE_FAILED_PERMANENT);
    append(out, "not sealed");
    CHECK(host.used_bytes() > 0);
  }
  CHECK(host.used_bytes() == 0);
}

TEST_CASE("output buffer: without memory it throws, and keeps what it has", "[sdk]") {
  FakeHost host({.budget_bytes = 1000});
  OutputBuffer out(host, 600);
  append(out, std::string(500, 'x'));
  CHECK_THROWS_AS(append(out, std::string(600, 'x')), std::bad_alloc);
  CHECK(out.size() == 500);
}

}  // namespace
}  // namespace sluice::testing
