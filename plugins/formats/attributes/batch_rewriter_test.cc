// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/batch_rewriter.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "plugins/formats/attributes/for_tests.h"
#include "plugins/testing/config.h"
#include "plugins/testing/fake_host.h"

namespace sluice::formats {
namespace {

using testing::FakeHost;
using Texts = std::vector<std::string>;

std::vector<ActionConfig> actions(const std::string& yaml) {
  return testing::config<ActionList>("actions: " + yaml).settings.actions;
}

sluice_call call_of(const sluice_batch* batch, const sluice_context* context) {
  sluice_call call{};
  call.struct_size = sizeof call;
  call.batch = batch;
  call.context = context;
  return call;
}

struct Fixture {
  explicit Fixture(const std::string& yaml) : rewriter(host, wire::Level::item, actions(yaml)) {}

  BatchRewriter::Rewritten rewrite(const BatchRef& batch) {
    const sluice_call call = call_of(batch.get(), context.get());
    return rewriter.rewrite(Call(host, call));
  }
  static std::vector<Texts> attributes(const BatchRef& batch) {
    std::vector<Texts> all;
    for_each_message(*batch, [&](auto message, uint64_t) {
      for (Texts& texts : attributes_of_logs(message)) all.push_back(std::move(texts));
    });
    return all;
  }

  FakeHost host;
  ContextRef context = host.context();
  BatchRewriter rewriter;
};

const std::string kUpdate = "[{action: update, key: k, value: new}]";
const Pairs kOld = {{"k", wire::string_value("old")}};
const Pairs kOther = {{"x", wire::string_value("old")}};
const Pairs kLong = {{"x", wire::string_value(std::string(5000, 'x'))}};

TEST_CASE("batch rewriter: a batch in which nothing changes is the same batch", "[formats][attributes]") {
  Fixture test(kUpdate);
  const BatchRef batch = test.host.batch(SLUICE_LOGS, {logs_with({kOther}), logs_with({kOther, {}})});
  const auto rewritten = test.rewrite(batch);
  CHECK(rewritten.batch.get() == batch.get());
  CHECK(test.host.live_batches() == 1);
}

TEST_CASE("batch rewriter: all messages that change become one", "[formats][attributes]") {
  Fixture test(kUpdate);
  const BatchRef batch =
      test.host.batch(SLUICE_LOGS, {logs_with({kOld}), logs_with({kOther}), logs_with({kOld, kOld})});
  const auto rewritten = test.rewrite(batch);
  REQUIRE(rewritten.batch);
  CHECK(rewritten.batch->segment_count == 1);
  CHECK(rewritten.batch->item_count == 4);
  CHECK(Fixture::attributes(rewritten.batch) ==
        std::vector<Texts>{{"k=Str(new)"}, {"x=Str(old)"}, {"k=Str(new)"}, {"k=Str(new)"}});
}

TEST_CASE("batch rewriter: long messages that stay are shared, in their place", "[formats][attributes]") {
  Fixture test(kUpdate);
  const BatchRef batch = test.host.batch(SLUICE_LOGS, {logs_with({kLong}), logs_with({kLong}), logs_with({kOld}),
                                                       logs_with({kLong}), logs_with({kOld}), logs_with({kOther})});
  const auto rewritten = test.rewrite(batch);
  REQUIRE(rewritten.batch);
  REQUIRE(rewritten.batch->segment_count == 5);
  CHECK(rewritten.batch->segments[0].data == batch->segments[0].data);
  CHECK(rewritten.batch->segments[1].data == batch->segments[1].data);
  CHECK(rewritten.batch->segments[3].data == batch->segments[3].data);
  CHECK(rewritten.batch->item_count == 6);
  const auto attributes = Fixture::attributes(rewritten.batch);
  CHECK(attributes[2] == Texts{"k=Str(new)"});
  CHECK(attributes[4] == Texts{"k=Str(new)"});
  CHECK(attributes[5] == Texts{"x=Str(old)"});
}

TEST_CASE("batch rewriter: what it holds is charged, not what was guessed", "[formats][attributes]") {
  Fixture test("[{action: delete, pattern: x}]");
  const BatchRef batch = test.host.batch(SLUICE_LOGS, logs_with({kLong, kLong, kLong, kLong}));
  const uint64_t before = test.host.used_bytes();
  const auto rewritten = test.rewrite(batch);
  REQUIRE(rewritten.batch);
  CHECK(test.host.used_bytes() - before == rewritten.batch->length_bytes);
}

TEST_CASE("batch rewriter: more growth than was guessed", "[formats][attributes]") {
  Fixture test("[{action: update, key: k, value: '" + std::string(3000, 'y') + "'}]");
  const BatchRef batch = test.host.batch(SLUICE_LOGS, logs_with(std::vector<Pairs>(50, kOld)));
  const auto rewritten = test.rewrite(batch);
  REQUIRE(rewritten.batch);
  CHECK(rewritten.batch->item_count == 50);
  CHECK(rewritten.batch->length_bytes > 150'000);
  for (const Texts& texts : Fixture::attributes(rewritten.batch)) CHECK(texts.at(0).size() == 3007);
}

TEST_CASE("batch rewriter: a batch that the collector does not take is answered with the reason",
          "[formats][attributes]") {
  static sluice_status sealing;
  static std::vector<Result> answers;
  FakeHost host;
  sluice_host refusing = *host.get();
  refusing.batch_seal = [](const sluice_host* h, sluice_signal, uint8_t* buffer, uint64_t, const sluice_batch**) {
    h->buffer_free(h, buffer);
    return sealing;
  };
  refusing.complete = [](const sluice_host*, sluice_token, const sluice_result* result) {
    answers.emplace_back(*result);
    return static_cast<sluice_status>(SLUICE_DONE);
  };
  refusing.batch_error = [](const sluice_host*) { return str("bad length at byte 17"); };
  BatchRewriter rewriter(&refusing, wire::Level::item, actions(kUpdate));
  const BatchRef batch = host.batch(SLUICE_LOGS, logs_with({kOld}));
  const ContextRef context = host.context();
  const sluice_call call = call_of(batch.get(), context.get());
  answers.clear();
  for (const sluice_status status : {SLUICE_FAILED_PERMANENT, SLUICE_BUSY}) {
    sealing = status;
    const auto rewritten = rewriter.rewrite(Call(&refusing, call));
    CHECK_FALSE(rewritten.batch);
    CHECK(rewritten.status == SLUICE_PENDING);  // answered with details
  }
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].status() == SLUICE_FAILED_PERMANENT);
  CHECK(answers[0].text() == "the batch with changed attributes was not taken: bad length at byte 17");
  CHECK(answers[1].status() == SLUICE_FAILED_RETRYABLE);
  CHECK(host.live_batches() == 1);
}

TEST_CASE("batch rewriter: values that cannot be converted are told once in a while", "[formats][attributes]") {
  Fixture test("[{action: convert, key: k, converted_type: int}]");
  const BatchRef batch = test.host.batch(SLUICE_LOGS, logs_with({kOld, kOld}));
  CHECK(test.rewrite(batch).batch.get() == batch.get());
  CHECK(test.rewrite(batch).batch.get() == batch.get());
  REQUIRE(test.host.logs().size() == 1);
  CHECK(test.host.logs()[0].level == SLUICE_DEBUG);
  CHECK(test.host.logs()[0].field("key") == "k");
  CHECK(test.host.logs()[0].field("values") == "2");
}

}  // namespace
}  // namespace sluice::formats
