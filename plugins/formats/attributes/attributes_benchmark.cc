// SPDX-License-Identifier: Apache-2.0
//
// Hidden cases: run `formats_attributes_test "[!benchmark]"` of a release build. The message is a thousand log records
// with ten attributes each; times are for the thousand. What is measured is checked first.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "plugins/formats/attributes/actions.h"
#include "plugins/formats/attributes/batch_rewriter.h"
#include "plugins/formats/attributes/for_tests.h"
#include "plugins/testing/config.h"
#include "plugins/testing/fake_host.h"
#include "plugins/wire/check.h"

namespace sluice::formats {
namespace {

std::string thousand_records() {
  std::vector<Pairs> records;
  for (int i = 0; i < 1000; ++i) {
    records.push_back({{"http.request.method", wire::string_value("GET")},
                       {"url.path", wire::string_value("/api/v1/products/7423/reviews")},
                       {"http.response.status_code", wire::int_value(200)},
                       {"server.address", wire::string_value("checkout.internal.example.com")},
                       {"server.port", wire::int_value(8080)},
                       {"user_agent.original", wire::string_value("Mozilla/5.0 (X11; Linux x86_64; rv:128.0)")},
                       {"client.address", wire::string_value("10.1.2.3")},
                       {"thread.id", wire::int_value(i * 37)},
                       {"enduser.id", wire::string_value("user-" + std::to_string(i))},
                       {"app.cart.currency", wire::string_value("EUR")}});
  }
  return logs_with(records);
}

// Actions that each change every record, in the order in which the cases take them.
const std::vector<std::string> kEdits = {"{action: insert, key: deployment.environment.name, value: production}",
                                         "{action: update, key: client.address, value: removed}",
                                         "{action: delete, key: user_agent.original}",
                                         "{action: upsert, key: app.cart.currency, value: USD}",
                                         "{action: insert, key: peer, from_attribute: server.address}",
                                         "{action: delete, key: thread.id}",
                                         "{action: insert, key: team, value: 5}",
                                         "{action: convert, key: server.port, converted_type: string}"};

std::vector<ActionConfig> first_edits(size_t count) {
  std::string yaml;
  for (size_t i = 0; i < count; ++i) yaml += "\n- " + kEdits.at(i);
  return testing::config<ActionList>("actions:" + yaml).settings.actions;
}

TEST_CASE("attribute actions: a thousand log records", "[!benchmark]") {
  const std::string message = thousand_records();
  const wire::Bytes bytes = wire::to_bytes(message);
  WARN("bytes in a record: " << message.size() / 1000);
  const sluice_context nobody{};
  const auto run = [&](const std::vector<ActionConfig>& list, std::string& out) {
    const Actions actions(list);
    ActionEditor editor(actions);
    editor.begin_batch(nobody);
    return wire::rewrite_attributes(wire::Signal::logs, bytes, wire::Level::item, editor, out);
  };
  BENCHMARK("check, which sealing makes") {
    return wire::check(wire::Signal::logs, bytes).items;
  };
  for (const size_t count : {1, 2, 4, 8}) {
    const std::vector<ActionConfig> list = first_edits(count);
    std::string out;
    REQUIRE(run(list, out));
    REQUIRE(wire::check(wire::Signal::logs, wire::to_bytes(out)).items == 1000);
    const auto before = attributes_of_logs(bytes);
    const auto after = attributes_of_logs(wire::to_bytes(out));
    for (size_t i = 0; i < 1000; ++i) REQUIRE(before[i] != after[i]);
    const Actions actions(list);
    ActionEditor editor(actions);
    BENCHMARK("edits: " + std::to_string(count)) {
      out.clear();
      editor.begin_batch(nobody);
      return wire::rewrite_attributes(wire::Signal::logs, bytes, wire::Level::item, editor, out);
    };
  }
  const auto measure = [&](const std::string& name, const std::string& yaml, bool changes) {
    const auto list = testing::config<ActionList>("actions: [" + yaml + "]").settings.actions;
    std::string out;
    REQUIRE(run(list, out) == changes);
    const Actions actions(list);
    ActionEditor editor(actions);
    BENCHMARK(std::string(name)) {
      out.clear();
      editor.begin_batch(nobody);
      return wire::rewrite_attributes(wire::Signal::logs, bytes, wire::Level::item, editor, out);
    };
  };
  measure("nothing changes", "{action: delete, key: none}", false);
  measure("a pattern of keys", "{action: delete, pattern: '^(user|end)'}", true);
  measure("a hash", "{action: hash, key: enduser.id}", true);
  measure("an extraction", "{action: extract, key: url.path, pattern: '^/api/(?P<version>v[0-9]+)/'}", true);
}

TEST_CASE("batch rewriter: a thousand log records, with the collector's buffer and check", "[!benchmark]") {
  testing::FakeHost host;
  const BatchRef batch = host.batch(SLUICE_LOGS, thousand_records());
  const ContextRef context = host.context();
  for (const size_t count : {1, 4}) {
    BatchRewriter rewriter(host, wire::Level::item, first_edits(count));
    sluice_call call{};
    call.struct_size = sizeof call;
    call.batch = batch.get();
    call.context = context.get();
    REQUIRE(rewriter.rewrite(Call(host, call)).batch.item_count() == 1000);
    BENCHMARK("edits: " + std::to_string(count)) {
      return rewriter.rewrite(Call(host, call)).batch.item_count();
    };
  }
  const std::string message = "[{action: upsert, key: env, value: prod}]";
  BatchRewriter resource(host, wire::Level::resource,
                         testing::config<ActionList>("actions: " + message).settings.actions);
  sluice_call call{};
  call.struct_size = sizeof call;
  call.batch = batch.get();
  call.context = context.get();
  REQUIRE(resource.rewrite(Call(host, call)).batch.item_count() == 1000);
  BENCHMARK("an edit of the resource") {
    return resource.rewrite(Call(host, call)).batch.item_count();
  };
}

}  // namespace
}  // namespace sluice::formats
