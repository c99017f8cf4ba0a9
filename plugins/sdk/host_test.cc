// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/host.h"

#include <catch2/catch.hpp>
#include <memory>

#include "plugins/sdk/answer.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"

namespace sluice {
namespace {

using testing::FakeHost;
using testing::message;

std::span<const uint8_t> as_bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Says through a counter when the memory that it stands for is freed.
struct Owner {
  explicit Owner(int& count) : freed(&count) {}
  Owner(Owner&& other) noexcept : freed(std::exchange(other.freed, nullptr)) {}
  ~Owner() {
    if (freed) ++*freed;
  }
  int* freed;
};

TEST_CASE("host: adopted memory is freed once, with the last reference", "[sdk]") {
  FakeHost fake;
  const Host host = fake;
  const std::string text = message(SLUICE_TRACES, 2);
  int freed = 0;
  {
    NewBatch made = host.adopt(SLUICE_TRACES, as_bytes(text), Owner(freed), 4096);
    REQUIRE(made);
    CHECK(made.batch.item_count() == 2);
    CHECK(fake.used_bytes() == 4096);
    BatchRef second = made.batch;
    made.batch.reset();
    CHECK(freed == 0);
  }
  CHECK(freed == 1);
  CHECK(fake.used_bytes() == 0);
}

TEST_CASE("host: memory that is not adopted is freed before the call returns", "[sdk]") {
  FakeHost fake;
  int freed = 0;
  const std::string damaged = message(SLUICE_TRACES, 2).substr(0, 20);
  const NewBatch made = Host(fake).adopt(SLUICE_TRACES, as_bytes(damaged), Owner(freed));
  CHECK(made.status == SLUICE_FAILED_PERMANENT);
  CHECK_FALSE(made);
  CHECK(freed == 1);
}

TEST_CASE("host: message in chunks becomes one segment", "[sdk]") {
  FakeHost fake;
  const std::string text = message(SLUICE_LOGS, 3);
  const auto all = as_bytes(text);
  const sluice_segment chunks[] = {
      {all.data(), 5, 0}, {all.data() + 5, all.size() - 5, 0}, {all.data(), all.size(), 0}};
  const uint32_t message_chunks[] = {2, 1};
  int freed = 0;
  {
    const NewBatch made = Host(fake).adopt_chunks(SLUICE_LOGS, chunks, message_chunks, Owner(freed));
    REQUIRE(made);
    CHECK(made.batch.segments().size() == 2);
    CHECK(made.batch.item_count() == 6);
  }
  CHECK(freed == 1);
}

TEST_CASE("host: sealed buffer is a batch, damaged one is not and is taken too", "[sdk]") {
  FakeHost fake;
  const Host host = fake;
  CHECK(host.copy(SLUICE_METRICS, as_bytes(message(SLUICE_METRICS, 4))).batch.item_count() == 4);
  const NewBatch damaged = host.copy(SLUICE_METRICS, as_bytes("\xff\xff"));
  CHECK(damaged.status == SLUICE_FAILED_PERMANENT);
  CHECK(damaged.error.starts_with("not a valid OTLP MetricsData message: "));
  CHECK(damaged.error.ends_with(" at byte 0"));
  CHECK(host.copy(SLUICE_METRICS, as_bytes(message(SLUICE_METRICS, 1))).error.empty());
  CHECK(fake.used_bytes() == 0);
  CHECK(fake.violations().empty());
}

TEST_CASE("host: gathered batch shares segments and outlives its pieces", "[sdk]") {
  FakeHost fake;
  BatchRef all;
  {
    const BatchRef first = fake.batch(SLUICE_LOGS, message(SLUICE_LOGS, 1));
    const BatchRef second = fake.batch(SLUICE_LOGS, message(SLUICE_LOGS, 2));
    const sluice_piece pieces[] = {{second.get(), 0, 1}, {first.get(), 0, 1}};
    all = Host(fake).gather(pieces);
    CHECK(all.segments()[0].data == second.segments()[0].data);
  }
  CHECK(all.item_count() == 3);
  uint64_t items = 0;
  for_each_message(*all, [&items](std::span<const uint8_t>, uint64_t count) { items += count; });
  CHECK(items == 3);
}

TEST_CASE("context: builder lowers keys and keeps repeated ones in order", "[sdk]") {
  FakeHost fake;
  const ContextRef context = ContextBuilder()
                                 .peer("10.0.0.1:4")
                                 .transport("grpc")
                                 .metadata("X-Tenant", "a")
                                 .metadata("other", "z")
                                 .metadata("x-tenant", "b")
                                 .auth("subject", "me")
                                 .build(fake.get());
  CHECK(values(metadata(*context), "x-tenant") == std::vector<std::string_view>{"a", "b"});
  CHECK(values(metadata(*context), "absent").empty());
  CHECK(values(auth(*context), "subject") == std::vector<std::string_view>{"me"});
  CHECK(view(context->peer_address) == "10.0.0.1:4");
  CHECK(view(context->transport) == "grpc");
}

TEST_CASE("log field: keeps the type of its value", "[sdk]") {
  CHECK(LogField("k", 3).value().kind == SLUICE_INT);
  CHECK(LogField("k", 3).value().integer == 3);
  CHECK(LogField("k", UINT64_MAX).value().integer == INT64_MAX);
  CHECK(LogField("k", 0.5).value().number == 0.5);
  CHECK(LogField("k", true).value().kind == SLUICE_BOOL);
  CHECK(view(LogField("k", "v").value().string) == "v");
  CHECK(view(LogField("k", "v").value().key) == "k");
}

TEST_CASE("host: log entry carries its place and its fields", "[sdk]") {
  FakeHost fake;
  const Host host = fake;
  host.warn("slow", {{"items", 3}, {"share", 0.5}, {"last", true}, {"name", std::string("x")}});
  fake.set_log_level(SLUICE_ERROR);
  host.info("not enabled");
  REQUIRE(fake.logs().size() == 1);
  CHECK(fake.logs()[0].level == SLUICE_WARN);
  CHECK(fake.logs()[0].field("items") == "3");
  CHECK(fake.logs()[0].field("share") == "0.5");
  CHECK(fake.logs()[0].field("last") == "true");
}

TEST_CASE("log limit: one entry per interval, with the number held back", "[sdk]") {
  LogLimit limit(std::chrono::seconds(1));
  CHECK(limit.pass(1'000'000'000));
  CHECK_FALSE(limit.pass(1'500'000'000));
  CHECK_FALSE(limit.pass(1'900'000'000));
  const auto passed = limit.pass(2'100'000'000);
  REQUIRE(passed);
  CHECK(*passed == 2);
}

TEST_CASE("host: metrics that are not there do nothing", "[sdk]") {
  FakeHost fake;
  fake.offer_interface(SLUICE_METRICS_ID, nullptr);
  const Metric metric = Host(fake).define({.name = "x"});
  metric.add(1);
  metric.record(1);
  CHECK(fake.metrics().empty());
}

TEST_CASE("host: output of a signal is the one to all of its pipelines", "[sdk]") {
  FakeHost fake({.outputs = {SLUICE_LOGS, SLUICE_TRACES}});
  CHECK(Host(fake).output(SLUICE_TRACES) == 3U);
  CHECK_FALSE(Host(fake).output(SLUICE_METRICS));
}

}  // namespace
}  // namespace sluice
