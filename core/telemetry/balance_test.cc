// SPDX-License-Identifier: Apache-2.0
// The books of small graphs, moved as the graph moves them, and what they add up to.
#include "core/telemetry/balance.h"

#include <catch2/catch.hpp>

namespace sluice::telemetry {
namespace {

const ComponentName kReceiver{SLUICE_RECEIVER, "otlp"};
const ComponentName kBatch{SLUICE_PROCESSOR, "batch"};
const ComponentName kTempo{SLUICE_EXPORTER, "otlp/tempo"};
const ComponentName kDebug{SLUICE_EXPORTER, "debug"};

size_t at(Reason reason) {
  return static_cast<size_t>(reason);
}

// A wrapper's book that a test moves by hand.
struct Wrapper {
  Wrapper(Ledger& ledger, const std::string& exporter, std::vector<std::string> pipelines)
      : registration(ledger.wrapper({exporter, SLUICE_TRACES, std::move(pipelines)}, [this] { return sum; })) {}

  void offer_and_deliver(uint64_t items) {
    sum.book.offered += items;
    sum.book.delivered += items;
  }
  void offer_and_return(uint64_t items, Reason reason) {
    sum.book.offered += items;
    sum.book.returned[at(reason)] += items;
  }

  WrapperSum sum;
  Ledger::Registration registration;
};

TEST_CASE("ledger: the same place twice, the same book", "[telemetry]") {
  Ledger ledger;
  CHECK(&ledger.door({"otlp", SLUICE_TRACES, "grpc"}) == &ledger.door({"otlp", SLUICE_TRACES, "grpc"}));
  CHECK(&ledger.door({"otlp", SLUICE_TRACES, "grpc"}) != &ledger.door({"otlp", SLUICE_TRACES, "http"}));
  CHECK(&ledger.edge({"traces", SLUICE_TRACES, {}, kTempo}) != &ledger.edge({"traces", SLUICE_LOGS, {}, kTempo}));
  CHECK(&ledger.component({"traces", SLUICE_TRACES, kBatch}) == &ledger.component({"traces", SLUICE_TRACES, kBatch}));
}

TEST_CASE("ledger: a wrapper that goes, its numbers stay and its successor adds to them", "[telemetry]") {
  Ledger ledger;
  WrapperKey key{"otlp/tempo", SLUICE_TRACES, {"traces"}};
  {
    Wrapper first(ledger, "otlp/tempo", {"traces"});
    first.offer_and_deliver(10);
    first.sum.queue_capacity = 1000;
  }
  CHECK(ledger.read().wrappers.at(key).book.delivered == 10);
  CHECK(ledger.read().wrappers.at(key).queue_capacity == 0);
  Wrapper second(ledger, "otlp/tempo", {"traces"});
  second.offer_and_deliver(5);
  CHECK(ledger.read().wrappers.at(key).book.delivered == 15);
}

TEST_CASE("balance: receiver, queue, exporter, one line tells it", "[telemetry]") {
  Ledger ledger;
  auto& door = ledger.door({"otlp", SLUICE_TRACES, "grpc"});
  auto& edge = ledger.edge({"traces", SLUICE_TRACES, kReceiver, kTempo, true});
  Wrapper tempo(ledger, "otlp/tempo", {"traces"});

  door.receive({1200, 0});
  edge.offer({1200, 0});
  CHECK(process_balance(ledger.read(), SLUICE_TRACES).in_transit() == 1200);
  tempo.sum.book.offered = 1200;
  tempo.sum.book.queued = 1200;
  edge.take({1200, 0});
  door.accept({1200, 0});
  CHECK(account_line(ledger.read()) == "received 1200 = delivered 0 + queued 1200");
  tempo.sum.book.queued = 0;
  tempo.sum.book.delivered = 1180;
  tempo.sum.book.dropped[at(Reason::permanent)] = 20;

  auto snapshot = ledger.read();
  CHECK(account_line(snapshot) == "received 1200 = delivered 1180 + dropped 20 (permanent 20)");
  CHECK(process_balance(snapshot, SLUICE_TRACES).in_transit() == 0);
  CHECK(process_balance(snapshot, SLUICE_LOGS).empty());
  auto groups = pipeline_balances(snapshot);
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].pipelines == std::vector<std::string>{"traces"});
  CHECK(groups[0].balance.received == 1200);
  CHECK(groups[0].balance.in_transit() == 0);
}

TEST_CASE("balance: an item that went missing, the account says so", "[telemetry]") {
  Ledger ledger;
  auto& door = ledger.door({"otlp", SLUICE_TRACES, "grpc"});
  Wrapper tempo(ledger, "otlp/tempo", {"traces"});
  door.receive({10, 0});
  door.accept({10, 0});
  tempo.offer_and_deliver(9);
  CHECK(account_line(ledger.read()) == "received 10 = delivered 9 + unaccounted 1");
  CHECK(process_balance(ledger.read(), SLUICE_TRACES).in_transit() == 1);
}

TEST_CASE("balance: fan-out of two with one refusing, both sides agree", "[telemetry]") {
  Ledger ledger;
  auto& door = ledger.door({"otlp", SLUICE_TRACES, "grpc"});
  auto& into = ledger.edge({"traces", SLUICE_TRACES, kReceiver, {}, true});
  Wrapper tempo(ledger, "otlp/tempo", {"traces"});
  Wrapper debug(ledger, "debug", {"traces"});

  door.receive({10, 0});
  into.offer({10, 0});
  into.fan_out(10, 2);
  tempo.offer_and_deliver(10);
  debug.offer_and_return(10, Reason::expired);
  into.pass_back({10, 0});
  door.refuse({10, 0}, Reason::expired);

  door.receive({3, 0});  // refused before it was handed out: no branch counts it
  into.offer({3, 0});
  into.give_back({3, 0}, Reason::queue_full);
  door.refuse({3, 0}, Reason::queue_full);

  auto snapshot = ledger.read();
  CHECK(account_line(snapshot) ==
        "received 13 + fanned out 10 = delivered 10 + returned 13 (queue_full 3, expired 10)");
  CHECK(pipeline_balances(snapshot).at(0).balance.in_transit() == 0);
}

TEST_CASE("balance: early answers and offering again, what is held counts once", "[telemetry]") {
  Ledger ledger;
  auto& door = ledger.door({"otlp", SLUICE_TRACES, "grpc"});
  auto& in = ledger.edge({"traces", SLUICE_TRACES, kReceiver, kBatch, true});
  auto& out = ledger.edge({"traces", SLUICE_TRACES, kBatch, kTempo});
  auto& batch = ledger.component({"traces", SLUICE_TRACES, kBatch});
  Wrapper tempo(ledger, "otlp/tempo", {"traces"});
  auto at_rest = [&] { return process_balance(ledger.read(), SLUICE_TRACES).in_transit() == 0; };

  door.receive({100, 0});
  in.offer({100, 0});
  batch.hold(100);
  in.take({100, 0});
  door.accept({100, 0});
  CHECK(at_rest());

  out.offer({100, 0});  // not taken, may be sent again: stays held
  tempo.offer_and_return(100, Reason::queue_full);
  out.pass_back({100, 0});
  batch.regain(100);
  CHECK(at_rest());

  out.offer({100, 0});  // 70 are taken, the rest is refused for good: the core drops it in the processor's name
  tempo.sum.book.offered += 100;
  tempo.sum.book.delivered += 70;
  tempo.sum.book.returned[at(Reason::permanent)] += 30;
  out.take({100, 0}, 30);
  batch.regain_and_drop(30, Reason::permanent);
  batch.hold(0);
  CHECK(at_rest());
  CHECK(account_line(ledger.read()) ==
        "received 100 + offered again 130 = delivered 70 + dropped 30 (permanent 30) + returned 130 (queue_full 100, "
        "permanent 30)");
}

TEST_CASE("balance: pipelines that share an exporter or a connector are one group", "[telemetry]") {
  Ledger ledger;
  const ComponentName forward{SLUICE_CONNECTOR, "forward"};
  ledger.edge({"traces/a", SLUICE_TRACES, kReceiver, kTempo, true}).offer({1, 0});
  ledger.edge({"traces/b", SLUICE_TRACES, kReceiver, kTempo, true}).offer({2, 0});
  ledger.edge({"traces/c", SLUICE_TRACES, kReceiver, forward, true}).offer({4, 0});
  ledger.edge({"traces/d", SLUICE_TRACES, forward, kDebug}).offer({4, 0});
  ledger.edge({"traces/e", SLUICE_TRACES, kReceiver, kDebug, true}).offer({8, 0});
  ledger.edge({"logs", SLUICE_LOGS, kReceiver, forward, true}).offer({16, 0});
  Wrapper tempo(ledger, "otlp/tempo", {"traces/a", "traces/b"});
  Wrapper debug(ledger, "debug", {"traces/d", "traces/e"});

  auto groups = pipeline_balances(ledger.read());
  REQUIRE(groups.size() == 3);
  using Names = std::vector<std::string>;
  CHECK(groups[0].pipelines == Names{"traces/a", "traces/b"});
  CHECK(groups[0].balance.received == 3);
  CHECK(groups[1].pipelines == Names{"traces/c", "traces/d", "traces/e"});
  CHECK(groups[1].balance.received == 12);  // not what the connector passed on: that came from inside the group
  CHECK(groups[2].pipelines == Names{"logs"});
  CHECK(groups[2].signal == SLUICE_LOGS);
}

TEST_CASE("imbalance: a wrapper's leak, shows at each of its pipelines", "[telemetry]") {
  Ledger ledger;
  ledger.door({"otlp", SLUICE_TRACES, "grpc"}).receive({5, 0});
  ledger.edge({"traces/a", SLUICE_TRACES, kReceiver, kTempo, true}).offer({5, 0});
  Wrapper tempo(ledger, "otlp/tempo", {"traces/a", "traces/b"});
  for (const auto& entry : imbalances(ledger.read())) CHECK(entry.items == 0);
  tempo.sum.imbalance = 4;

  uint64_t a = 0, b = 0, doors = 1;
  for (const auto& entry : imbalances(ledger.read())) {
    if (entry.pipeline == "traces/a") a = entry.items;
    if (entry.pipeline == "traces/b") b = entry.items;
    if (entry.pipeline.empty()) doors = entry.items;
  }
  CHECK(a == 4);
  CHECK(b == 4);
  CHECK(doors == 0);
}

TEST_CASE("account: as JSON, the total and each signal that had items", "[telemetry]") {
  Ledger ledger;
  auto& door = ledger.door({"otlp", SLUICE_TRACES, "grpc"});
  door.turn_away({6, 0}, Reason::budget);
  CHECK(account_line(ledger.read()) == "received 6 = delivered 0 + turned away 6");
  std::string traces =
      R"({"received":6,"recovered":0,"added":0,"fanned":0,"regained":0,"delivered":0,"dropped":{},"returned":{},)"
      R"("turned_away":6,"filtered":0,"held":0,"waiting":0,"queued":0,"in_flight":0,"left":0,"in_transit":0})";
  CHECK(account_json(ledger.read()) == R"({"total":)" + traces + R"(,"traces":)" + traces + "}");
}

TEST_CASE("account: of a process that did nothing", "[telemetry]") {
  CHECK(account_line(Ledger().read()) == "received 0 = delivered 0");
}

}  // namespace
}  // namespace sluice::telemetry
