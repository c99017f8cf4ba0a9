// SPDX-License-Identifier: Apache-2.0
// When batches are sent, of what size, and what becomes of those that are refused. Senders are answered early here.
#include <catch2/catch.hpp>

#include "plugins/testing/conformance.h"
#include "processors/batch/testing.h"

namespace sluice::testing {
namespace {

using Sizes = std::vector<uint64_t>;

TEST_CASE_METHOD(BatchFixture, "batch processor: size limit reached before timeout sends at once",
                 "[processor][batch]") {
  start(Tree::map({{"send_batch_size", 10}}));
  CHECK(consume(4)->answer() == SLUICE_DONE);
  CHECK(consume(5)->answer() == SLUICE_DONE);
  CHECK(sizes().empty());
  CHECK(held() == 9);
  CHECK(consume(3)->answer() == SLUICE_DONE);
  CHECK(sizes() == Sizes{12});
  CHECK(held() == 0);
  CHECK(counter("otelcol_processor_batch_batch_size_trigger_send") == 1);
  CHECK(counter("otelcol_processor_batch_timeout_trigger_send") == 0);
  CHECK(host.metric("otelcol_processor_batch_batch_send_size")->records == std::vector<double>{12});
  CHECK(host.metric("otelcol_processor_batch_batch_send_size_bytes")->records.size() == 1);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: what is held goes after the timeout of its first item",
                 "[processor][batch]") {
  start(Tree::map({{"timeout", 1s}}));
  consume(1);
  host.advance(600ms);
  consume(1);
  host.advance(399ms);
  CHECK(sizes().empty());
  host.advance(1ms);
  CHECK(sizes() == Sizes{2});
  CHECK(counter("otelcol_processor_batch_timeout_trigger_send") == 1);
  consume(3);
  host.advance(999ms);
  CHECK(sizes() == Sizes{2});
  host.advance(1ms);
  CHECK(sizes() == Sizes{2, 3});
  host.advance(10s);
  CHECK(sizes() == Sizes{2, 3});
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: after a flush by size the timeout starts anew", "[processor][batch]") {
  start(Tree::map({{"timeout", 1s}, {"send_batch_size", 10}, {"send_batch_max_size", 10}}));
  consume(6);
  host.advance(900ms);
  consume(6);
  CHECK(sizes() == Sizes{10});
  host.advance(999ms);
  CHECK(sizes() == Sizes{10});
  host.advance(1ms);
  CHECK(sizes() == Sizes{10, 2});
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: larger batches are cut to the maximum", "[processor][batch]") {
  start(Tree::map({{"send_batch_size", 4}, {"send_batch_max_size", 5}}));
  consume(13);
  CHECK(sizes() == Sizes{5, 5});
  host.advance(200ms);
  CHECK(sizes() == Sizes{5, 5, 3});
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: no timeout or no size sends at once, still cut to the maximum",
                 "[processor][batch]") {
  const char* key = GENERATE("timeout", "send_batch_size");
  start(Tree::map({{key, std::string_view(key) == "timeout" ? Tree(0s) : Tree(0)}, {"send_batch_max_size", 8192}}));
  consume(3);
  CHECK(sizes() == Sizes{3});
  consume(10000);
  CHECK(sizes() == Sizes{3, 8192, 1808});
  CHECK_FALSE(host.timer_due(0));
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: single batch passes without a copy", "[processor][batch]") {
  start(Tree::map({{"timeout", 0s}}));
  const BatchRef in = host.batch(SLUICE_TRACES, message(SLUICE_TRACES, 3));
  batch->consume(in);
  CHECK(host.sends()[0].batch.get() == in.get());
}

TEST_CASE_METHOD(BatchFixture, "batch processor: empty batch is taken and not passed on", "[processor][batch]") {
  start(Tree::map({{"timeout", 0s}}));
  CHECK(consume(0)->answer() == SLUICE_DONE);
  CHECK(sizes().empty());
}

TEST_CASE_METHOD(BatchFixture, "batch processor: drain sends what is held and holds nothing back any more",
                 "[processor][batch]") {
  start(Tree::map({{"metadata_keys", Tree::list({"tenant"})}}));
  consume(2, host.context({{"tenant", "a"}}));
  consume(3, host.context({{"tenant", "b"}}));
  batch->drain();
  CHECK(held() == 0);
  consume(4, host.context({{"tenant", "a"}}));
  consume(5, host.context({{"tenant", "new"}}));
  CHECK(held() == 0);
  CHECK(host.sends().size() == 4);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: what is still held at stop is dropped as shutdown",
                 "[processor][batch]") {
  start(Tree::map({{"send_batch_size", 2}}));
  host.on_send([](const auto&) { return Reply::busy(); });
  consume(2);
  consume(1);
  batch->stop();
  batch->stop();
  CHECK(host.accounts(SLUICE_TRACES).dropped == std::map<std::string, uint64_t>{{"shutdown", 3}});
  CHECK(held() == 0);
  CHECK(finish() == "");
}

// ---- partitions

TEST_CASE_METHOD(BatchFixture, "batch processor: combinations of request headers are kept apart",
                 "[processor][batch]") {
  start(Tree::map({{"metadata_keys", Tree::list({"Tenant", "zone"})}}));
  consume(1, host.context({{"tenant", "a"}, {"zone", "x"}, {"other", "1"}}));
  consume(2, host.context({{"zone", "x"}, {"TENANT", "a"}, {"other", "2"}}));
  consume(4, host.context({{"tenant", "a"}}));
  consume(8, host.context({{"tenant", "a"}, {"zone", ""}}));
  consume(16, host.context({{"tenant", "a"}, {"tenant", "b"}}));
  consume(32, host.context({{"tenant", "b"}, {"tenant", "a"}}));
  CHECK(counter("otelcol_processor_batch_metadata_cardinality") == 5);
  host.advance(200ms);
  Sizes sorted = sizes();
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == Sizes{3, 4, 8, 16, 32});
  for (const SendRecord& send : host.sends()) {
    CHECK(values(metadata(*send.context), "other").empty());
    if (send.batch.item_count() == 3) {
      CHECK(values(metadata(*send.context), "tenant") == std::vector<std::string_view>{"a"});
      CHECK(values(metadata(*send.context), "zone") == std::vector<std::string_view>{"x"});
      CHECK(send.context->peer_address.len == 0);
    }
  }
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: too many combinations are refused for good", "[processor][batch]") {
  start(Tree::map({{"metadata_keys", Tree::list({"k"})}, {"metadata_cardinality_limit", 2}}));
  CHECK(consume(1, host.context({{"k", "1"}}))->answer() == SLUICE_DONE);
  CHECK(consume(1, host.context({{"k", "2"}}))->answer() == SLUICE_DONE);
  const auto third = consume(1, host.context({{"k", "3"}}));
  REQUIRE(third->completed);
  CHECK(third->completed->status() == SLUICE_FAILED_PERMANENT);
  CHECK(third->completed->text() == "too many batcher metadata-value combinations");
  CHECK(consume(1, host.context({{"k", "1"}}))->answer() == SLUICE_DONE);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: signals are kept apart", "[processor][batch]") {
  start();
  batch->consume(SLUICE_LOGS, message(SLUICE_LOGS, 2));
  consume(3);
  host.advance(200ms);
  REQUIRE(host.sends().size() == 2);
  for (const SendRecord& send : host.sends()) CHECK(send.output == host.output(send.batch.signal()));
  CHECK(host.accounts(SLUICE_LOGS).held == 0);
  CHECK(host.imbalance(SLUICE_LOGS) == "");
}

// ---- refusals

TEST_CASE_METHOD(BatchFixture, "batch processor: refused batch is kept and offered again on resume",
                 "[processor][batch]") {
  start(Tree::map({{"send_batch_size", 2}}));
  host.on_send([](const auto&) { return Reply::busy(); });
  CHECK(consume(2)->answer() == SLUICE_DONE);
  CHECK(held() == 2);
  const auto refused = host.sends()[0].batch.get();
  host.on_send(nullptr);
  host.resume(host.output(SLUICE_TRACES));
  REQUIRE(host.sends().size() == 2);
  CHECK(host.sends()[1].batch.get() == refused);
  CHECK(held() == 0);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: failed batch is offered again after 100 ms", "[processor][batch]") {
  start(Tree::map({{"send_batch_size", 2}}));
  const bool later = GENERATE(false, true);
  const Result failure = Result::retryable(Code::unavailable, "down");
  host.on_send([&](const auto&) { return later ? Reply::pending() : Reply::answer(failure); });
  consume(2);
  if (later) host.answer(0, failure);
  CHECK(held() == 2);
  host.on_send(nullptr);
  host.advance(99ms);
  CHECK(host.sends().size() == 1);
  host.advance(1ms);
  CHECK(host.sends().size() == 2);
  CHECK(held() == 0);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: two refused batches are kept, then it is busy until one is taken",
                 "[processor][batch]") {
  start(Tree::map({{"send_batch_size", 2}}));
  host.on_send([](const auto&) { return Reply::busy(); });
  CHECK(consume(2)->answer() == SLUICE_DONE);
  CHECK(consume(2)->answer() == SLUICE_DONE);
  CHECK(consume(2)->answer() == SLUICE_BUSY);
  CHECK(held() == 4);
  host.advance(100ms);
  CHECK(host.writable_calls() == 0);
  host.on_send(nullptr);
  host.advance(100ms);
  CHECK(held() == 0);
  CHECK(host.writable_calls() == 1);
  CHECK(consume(2)->answer() == SLUICE_DONE);
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: batch refused for good is lost, said and left to the core to account",
                 "[processor][batch]") {
  start(Tree::map({{"send_batch_size", 2}}));
  host.on_send([](const auto&) { return Reply::answer(Result::permanent(Code::invalid_argument, "bad data")); });
  CHECK(consume(3)->answer() == SLUICE_DONE);
  CHECK(held() == 0);
  CHECK(host.accounts(SLUICE_TRACES).dropped.empty());
  REQUIRE(host.logs().size() == 1);
  CHECK(host.logs()[0].level == SLUICE_WARN);
  CHECK(host.logs()[0].text == "Sender failed");
  CHECK(host.logs()[0].field("error") == "bad data");
  CHECK(host.logs()[0].field("items") == "3");
  CHECK(finish() == "");
}

TEST_CASE_METHOD(BatchFixture, "batch processor: batches under way stay held until they are answered",
                 "[processor][batch]") {
  start(Tree::map({{"send_batch_size", 2}}));
  host.on_send([](const auto&) { return Reply::pending(); });
  consume(2);
  consume(5);
  CHECK(held() == 7);
  host.answer(1, Result::partial(1, "one was bad"));
  CHECK(held() == 2);
  host.answer(0, Result::done());
  CHECK(held() == 0);
  CHECK(finish() == "");
}

TEST_CASE("batch processor: maximum below the size is refused", "[processor][batch]") {
  FakeHost host;
  const Subject batch(host, processor_batch_sluice_plugin_entry_v0, "batch",
                      Tree::map({{"send_batch_size", 100}, {"send_batch_max_size", 99}}));
  CHECK_FALSE(batch.created());
  CHECK(host.last_error() == "must be 0, or at least send_batch_size (100)");
}

TEST_CASE("batch processor: keeps the rules of the border", "[processor][batch]") {
  const char* acknowledge = GENERATE("accepted", "delivered");
  const int size = GENERATE(0, 10, 8192);
  CHECK(conformance_problems(processor_batch_sluice_plugin_entry_v0, "batch",
                             {.settings = Tree::map({{"acknowledge", acknowledge}, {"send_batch_size", size}})}) ==
        std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::testing
