// SPDX-License-Identifier: Apache-2.0
// The scenarios that the border must carry, through real threads: who may call whom when, what happens to what comes
// late, twice or never. Each ends by checking the books to the item.
#include <atomic>
#include <bit>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "core/flow/decide.h"
#include "core/graph/testing.h"
#include "plugins/sdk/relay.h"

using namespace sluice;
using namespace sluice::graph::testing;

namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;

// One receiver, one exporter without a queue, and what stands between them.
std::string chain(const std::string& processors, const std::string& sink = "{}") {
  std::string declared;
  for (const char* type : {"pass", "serial", "keeper"}) declared += std::string("  ") + type + ":\n";
  return "receivers: {source: }\nprocessors:\n" + declared + "exporters:\n  sink: " + sink +
         "\nservice:\n  pipelines:\n    logs: {receivers: [source], processors: [" + processors +
         "], exporters: [sink]}\n";
}

const char* kQueued =
    "{sending_queue: {enabled: true}, retry_on_failure: {enabled: true, initial_interval: 10ms, max_interval: 20ms}}";

const char* kTwoSinks = R"(
receivers: {source: }
processors: {pass: , keeper: }
exporters:
  sink/a: {}
  sink/b: {}
service: {pipelines: {logs: {receivers: [source], processors: [%], exporters: [sink/a, sink/b]}}}
)";

std::string two_sinks(const std::string& processors) {
  std::string yaml = kTwoSinks;
  return yaml.replace(yaml.find('%'), 1, processors);
}

}  // namespace

TEST_CASE("border: nothing is kept, answers are those of the end of the chain", "[graph]") {
  Stage stage(chain("pass"));
  CHECK(stage.source().deliver(3).status == SLUICE_DONE);
  stage.sink().behave(
      [](Sink&, const Call& call) { return call.reply(Result::permanent(Code::invalid_argument, "no such field")); });
  auto refused = stage.source().deliver(4);
  CHECK(refused.status == SLUICE_FAILED_PERMANENT);
  CHECK(refused.text == "no such field");
  CHECK(stage.sink().items() == 3);
  stage.stop();
  CHECK(stage.balance().delivered == 3);
  CHECK(telemetry::total(stage.balance().returned) == 4);
}

TEST_CASE("border: a receiver that answers on the stack of another's consume, is never called there", "[graph]") {
  Stage stage(chain("pass"));
  stage.sink().hold();
  REQUIRE(stage.source().send(1, 1).status == SLUICE_PENDING);
  // The second call completes the first one inside consume(): the first sender must hear of it only afterwards.
  std::atomic<bool> inside{false}, told_inside{false};
  stage.sink().behave([&](Sink& sink, const Call&) {
    inside = true;
    sink.answer();
    if (stage.source().told_count() != 0) told_inside = true;
    inside = false;
    return SLUICE_DONE;
  });
  CHECK(stage.source().deliver(1).status == SLUICE_DONE);
  CHECK(stage.source().told(1).status == SLUICE_DONE);
  CHECK_FALSE(told_inside);
  stage.stop();
}

TEST_CASE("border: completed before consume() returns PENDING, is an immediate answer", "[graph]") {
  Stage stage(chain(""));
  stage.sink().behave([](Sink& sink, const Call& call) {
    demand(sink.host().complete(call.token(), Result::partial(2, "two of them")) == SLUICE_DONE);
    return SLUICE_PENDING;
  });
  auto told = stage.source().deliver(5);
  CHECK(told.status == SLUICE_DONE);
  CHECK(told.rejected == 2);
  stage.stop();
  CHECK(stage.ledger.read().doors.begin()->second.refused[static_cast<size_t>(flow::Reason::rejected)] == 2);
}

TEST_CASE("border: completed twice, the second is refused as a broken rule", "[graph]") {
  Stage stage(chain(""));
  std::atomic<sluice_token> token{0};
  stage.sink().behave([&](Sink&, const Call& call) {
    token = call.token();
    return SLUICE_PENDING;
  });
  REQUIRE(stage.source().send(1, 1).status == SLUICE_PENDING);
  const Host host = stage.sink().host();
  CHECK(host.complete(token, Result(SLUICE_DONE)) == SLUICE_DONE);
  CHECK(host.complete(token, Result(SLUICE_DONE)) == SLUICE_INVALID);
  CHECK(host.complete(0xdeadbeef, Result(SLUICE_DONE)) == SLUICE_INVALID);
  CHECK(stage.source().told(1).status == SLUICE_DONE);
  stage.stop();
}

TEST_CASE("border: another component's token, is refused", "[graph]") {
  Stage stage(chain("pass"));
  stage.sink().hold();
  std::atomic<sluice_token> token{0};
  stage.pass().behaviour = [&](Pass& pass, const Call& call) {
    token = call.token();
    return relay(pass.host(), call, 0, call.batch());
  };
  REQUIRE(stage.source().send(1, 1).status == SLUICE_PENDING);
  CHECK(stage.sink().host().complete(token, Result(SLUICE_DONE)) == SLUICE_INVALID);
  stage.sink().answer();
  CHECK(stage.source().told(1).status == SLUICE_DONE);
  stage.stop();
}

TEST_CASE("border: held calls, end at a stop with CANCELLED and are returned", "[graph]") {
  Stage stage(chain("pass"));
  stage.sink().hold();
  REQUIRE(stage.source().send(7, 1).status == SLUICE_PENDING);
  Source& source = stage.source();
  const Host late = stage.sink().host();
  CHECK(stage.stop(600'000'000));
  static_cast<void>(source);
  CHECK(late.complete(1, Result(SLUICE_DONE)) != SLUICE_DONE);  // a late thread is refused, not crashed
  CHECK_FALSE(late.reserve(10));
  CHECK(late.send(0, nullptr, nullptr).status != SLUICE_DONE);
}

TEST_CASE("border: what comes while stopping, is drained", "[graph]") {
  Stage stage(chain("keeper", kQueued));
  for (int i = 0; i < 10; ++i) REQUIRE(stage.source().send(3).status == SLUICE_DONE);
  CHECK(stage.keeper().held() == 30);
  Sink& sink = stage.sink();
  std::atomic<uint64_t> items{0};
  sink.behave([&](Sink&, const Call& call) {
    items += call.batch().item_count;
    return SLUICE_DONE;
  });
  CHECK(stage.stop());
  CHECK(items == 30);
}

TEST_CASE("border: timer beside consume of a serial component, never two at once", "[graph]") {
  Stage stage(chain("serial"));
  Pass& pass = stage.pass("serial");
  std::atomic<int> inside{0}, most{0}, timers{0};
  auto enter = [&] {
    int now = ++inside;
    if (now > most) most = now;
    std::this_thread::yield();
    --inside;
  };
  pass.behaviour = [&](Pass& p, const Call& call) {
    enter();
    return relay(p.host(), call, 0, call.batch());
  };
  pass.on_timer = [&](Pass& p) {
    enter();
    if (++timers < 50) p.host().set_timer_in(0, std::chrono::microseconds(50));
  };
  pass.host().set_timer_in(0, std::chrono::nanoseconds(1));
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) stage.source().deliver(1);
    });
  }
  for (auto& thread : threads) thread.join();
  wait_for([&] { return timers == 50; });
  CHECK(most == 1);
  stage.stop();
}

TEST_CASE("border: timer that is set again or off, does not fire for its old time", "[graph]") {
  Stage stage(chain("pass"));
  std::atomic<int> fired{0};
  stage.pass().on_timer = [&](Pass&) { ++fired; };
  const Host host = stage.pass().host();
  host.set_timer_in(3, std::chrono::milliseconds(20));
  host.set_timer(3, 0);
  host.set_timer_in(4, std::chrono::hours(1));
  host.set_timer_in(4, std::chrono::nanoseconds(1));
  wait_for([&] { return fired == 1; });
  stage.stop();
  CHECK(fired == 1);
}

TEST_CASE("border: a full budget, refuses entries, and what is in drains", "[graph]") {
  Stage stage(chain("", kQueued), 4000);
  stage.sink().hold();
  uint64_t in = 0;
  for (;;) {
    NewBatch made = stage.source().make(5);
    if (made.status == SLUICE_BUSY) break;
    REQUIRE(made.status == SLUICE_DONE);
    REQUIRE(stage.source().send(made.batch).status == SLUICE_DONE);
    in += 5;
  }
  CHECK(stage.budget.used_bytes() + stage.budget.reserved_bytes() >= 3200);
  CHECK_FALSE(stage.source().host().reserve(1));
  std::atomic<uint64_t> out{0};
  const size_t held = stage.sink().held();
  stage.sink().behave([&](Sink&, const Call& call) {
    out += call.batch().item_count;
    return SLUICE_DONE;
  });
  for (size_t i = 0; i < held; ++i) stage.sink().answer();
  wait_for([&] { return stage.sink().items() == in; });
  CHECK(stage.source().host().reserve(1));
  stage.stop();
}

TEST_CASE("border: message in chunks, arrives whole", "[graph]") {
  Stage stage(chain(""));
  std::string message = std::string("\x0a\x12\x12\x10\x12\x0e\x2a\x0c\x0a\x0a", 10) + "0123456789";
  std::vector<sluice_segment> chunks;
  for (size_t i = 0; i < message.size(); i += 7) {
    chunks.push_back(
        {reinterpret_cast<const uint8_t*>(message.data()) + i, std::min<size_t>(7, message.size() - i), 0});
  }
  const uint32_t counts[] = {static_cast<uint32_t>(chunks.size())};
  std::atomic<int> released{0};
  struct Owner {
    std::atomic<int>* released;
    Owner(std::atomic<int>* r) : released(r) {}
    Owner(Owner&& other) noexcept : released(std::exchange(other.released, nullptr)) {}
    ~Owner() {
      if (released) ++*released;
    }
  };
  NewBatch made = stage.source().host().adopt_chunks(SLUICE_LOGS, chunks, counts, Owner(&released));
  REQUIRE(made.status == SLUICE_DONE);
  CHECK(released == 1);
  CHECK(stage.source().deliver(made.batch).status == SLUICE_DONE);
  CHECK(stage.sink().bodies() == std::vector<std::string>{"0123456789"});
  made.batch.reset();
  stage.stop();
}

TEST_CASE("border: message that is refused, says why on the thread that made it", "[graph]") {
  Stage stage(chain(""));
  const Host host = stage.source().host();
  std::string damaged = "\x0a\x12\x12\x10\x12\x0e\x2a\x0c\x0a\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
  const std::span bytes(reinterpret_cast<const uint8_t*>(damaged.data()), damaged.size());
  for (const NewBatch& made : {host.copy(SLUICE_LOGS, bytes), host.adopt(SLUICE_LOGS, bytes, 0)}) {
    CHECK(made.status == SLUICE_FAILED_PERMANENT);
    CHECK(made.error == "not a valid OTLP LogsData message: invalid UTF-8 in AnyValue.string_value at byte 8");
  }
  std::string elsewhere = "not asked";
  std::thread([&] { elsewhere = view(host.get()->batch_error(host.get())); }).join();
  CHECK(elsewhere.empty());

  damaged.replace(10, 10, "0123456789");
  CHECK(host.copy(SLUICE_LOGS, bytes).error.empty());
  CHECK(view(host.get()->batch_error(host.get())).empty());
  stage.stop();
}

TEST_CASE("border: memory that outlives its component, is released after destroy", "[graph]") {
  static std::atomic<bool> released;
  released = false;
  {
    Stage stage(chain(""));
    static std::string message;
    message = std::string("\x0a\x12\x12\x10\x12\x0e\x2a\x0c\x0a\x0a", 10) + "0123456789";
    struct Owner {
      bool mine = true;
      Owner() = default;
      Owner(Owner&& other) noexcept : mine(std::exchange(other.mine, false)) {}
      ~Owner() {
        if (mine) released = true;
      }
    };
    NewBatch made = stage.source().host().adopt(
        SLUICE_LOGS, {reinterpret_cast<const uint8_t*>(message.data()), message.size()}, Owner());
    REQUIRE(made.status == SLUICE_DONE);
    stage.graph->stop(kSecondNs);
    CHECK_FALSE(released);
    made.batch.reset();
    CHECK(released);
  }
}

TEST_CASE("border: a later plugin's larger result, is read as far as it is known", "[graph]") {
  Stage stage(chain(""));
  stage.sink().behave([](Sink& sink, const Call& call) {
    struct Later {
      sluice_result known;
      uint64_t news[4];
    } later{};
    later.known.struct_size = sizeof later;
    later.known.status = SLUICE_DONE;
    later.known.rejected_items = 1;
    later.news[0] = 42;
    demand(sink.host().get()->complete(sink.host().get(), call.token(), &later.known) == SLUICE_DONE);
    return SLUICE_PENDING;
  });
  auto told = stage.source().deliver(3);
  CHECK(told.status == SLUICE_DONE);
  CHECK(told.rejected == 1);
  stage.stop();
}

TEST_CASE("border: a deadline that passes, answers the sender once; the items end as they end", "[graph]") {
  Stage stage(chain("pass"));
  std::atomic<sluice_token> token{0};
  BatchRef kept;
  stage.pass().behaviour = [&](Pass&, const Call& call) {
    kept = call.keep_batch();
    token = call.token();
    return SLUICE_PENDING;
  };
  const uint64_t deadline = stage.clock.mono_ns() + 20'000'000;
  REQUIRE(stage.source().send(4, 1, deadline).status == SLUICE_PENDING);
  CHECK(stage.source().told(1).status == SLUICE_CANCELLED);
  CHECK(stage.clock.mono_ns() >= deadline);
  // The component has it still, and passes it on in the end.
  const Host host = stage.pass().host();
  const Sent sent = host.send(0, kept.get(), nullptr, std::bit_cast<void*>(token.load()));
  if (!sent.pending()) host.complete(token, Result(sent.status));
  kept.reset();
  wait_for([&] { return stage.sink().items() == 4; });
  stage.stop();
  CHECK(stage.balance().delivered == 4);
  CHECK(stage.ledger.read().doors.begin()->second.refused[static_cast<size_t>(flow::Reason::deadline)] == 4);
}

TEST_CASE("border: no queue and the sender's deadline passes in the exporter, the items are the sender's", "[graph]") {
  Stage stage(chain("pass"));
  stage.sink().hold();
  REQUIRE(stage.source().send(4, 1, stage.clock.mono_ns() + 20'000'000).status == SLUICE_PENDING);
  const sluice_status status = stage.source().told(1).status;
  CHECK((status == SLUICE_CANCELLED || status == SLUICE_FAILED_RETRYABLE));
  stage.stop();
  CHECK(telemetry::total(stage.balance().returned) == 4);
}

TEST_CASE("border: metadata, arrives behind a batch and a queue", "[graph]") {
  Stage stage(chain("pass", kQueued));
  std::string seen;
  stage.sink().behave([&](Sink&, const Call& call) {
    for (uint32_t i = 0; i < call.context().metadata_count; ++i) {
      seen +=
          std::string(view(call.context().metadata[i].key)) + "=" + std::string(view(call.context().metadata[i].value));
    }
    return SLUICE_DONE;
  });
  sluice_kv pair{str("x-scope-orgid"), str("team-a")};
  sluice_context fields{};
  fields.struct_size = sizeof fields;
  fields.metadata = &pair;
  fields.metadata_count = 1;
  const sluice_host* host = stage.source().host().get();
  const sluice_context* context = host->context_new(host, &fields);
  REQUIRE(stage.source().send(1, 0, 0, SLUICE_LOGS, context).status == SLUICE_DONE);
  host->context_release(context);
  wait_for([&] { return stage.sink().items() == 1; });
  CHECK(seen == "x-scope-orgid=team-a");
  stage.stop();
}

TEST_CASE("border: fan-out of PENDING and DONE and a failure, one answer, the worst", "[graph]") {
  Stage stage(two_sinks("pass"));
  stage.sink("sink/a").hold();
  stage.sink("sink/b").behave([](Sink&, const Call& call) {
    return call.reply(Result::retryable(Code::unavailable, "down", std::chrono::seconds(3)));
  });
  REQUIRE(stage.source().send(5, 1).status == SLUICE_PENDING);
  stage.sink("sink/a").answer();
  auto told = stage.source().told(1);
  CHECK(told.status == SLUICE_FAILED_RETRYABLE);
  stage.stop();
  CHECK(stage.balance().delivered == 5);
  CHECK(telemetry::total(stage.balance().returned) == 5);
}

TEST_CASE("border: fan-out where one refuses for good, is DONE with all items rejected", "[graph]") {
  Stage stage(two_sinks(""));
  stage.sink("sink/b").behave(
      [](Sink&, const Call& call) { return call.reply(Result::permanent(Code::invalid_argument, "no")); });
  auto told = stage.source().deliver(5);
  CHECK(told.status == SLUICE_DONE);
  CHECK(told.rejected == 5);
  stage.stop();
}

TEST_CASE("border: an early owner that offers again, reaches only the branch that owes", "[graph]") {
  Stage stage(two_sinks("keeper"));
  std::atomic<int> refusals{2};
  stage.sink("sink/b").behave([&](Sink&, const Call& call) -> sluice_status {
    if (refusals-- > 0) return call.reply(Result::retryable(Code::unavailable, "down", {}));
    return SLUICE_DONE;
  });
  REQUIRE(stage.source().send(6).status == SLUICE_DONE);
  for (int i = 0; i < 3; ++i) stage.keeper().flush();
  CHECK(stage.sink("sink/a").items() == 6);
  CHECK(stage.sink("sink/b").items() == 6);
  CHECK(stage.keeper().held() == 0);
  stage.stop();
}

TEST_CASE("border: an early owner whose batch is refused for good, the core drops it in its name", "[graph]") {
  Stage stage(chain("keeper"));
  stage.sink().behave(
      [](Sink&, const Call& call) { return call.reply(Result::permanent(Code::invalid_argument, "no")); });
  REQUIRE(stage.source().send(6).status == SLUICE_DONE);
  stage.keeper().flush();
  stage.stop();
  CHECK(stage.balance().dropped[static_cast<size_t>(flow::Reason::permanent)] == 6);
}

TEST_CASE("border: BUSY, the sender hears of room once there is some", "[graph]") {
  Stage stage(chain("pass", "{sending_queue: {enabled: true, queue_size: 2, num_consumers: 1}}"));
  stage.sink().hold();
  int taken = 0;
  Sent sent;
  while ((sent = stage.source().send(1)).status == SLUICE_DONE) ++taken;
  CHECK(sent.status == SLUICE_BUSY);
  REQUIRE(sent.result);
  CHECK(sent.result->retry_after_ns > 0);
  CHECK(taken >= 2);
  CHECK(stage.source().resumes() == 0);
  stage.sink().answer();
  wait_for([&] { return stage.source().resumes() > 0; });
  stage.sink().behave([](Sink&, const Call&) { return SLUICE_DONE; });
  stage.sink().answer();
  stage.stop();
  CHECK(stage.balance().delivered == static_cast<uint64_t>(taken));
}

TEST_CASE("border: exporter that says BUSY, gets the request again when it is writable", "[graph]") {
  Stage stage(chain("", kQueued));
  std::atomic<int> busy{3};
  stage.sink().behave([&](Sink&, const Call&) { return busy-- > 0 ? SLUICE_BUSY : SLUICE_DONE; });
  REQUIRE(stage.source().send(2).status == SLUICE_DONE);
  wait_for([&] {
    stage.sink().host().writable();
    return stage.sink().items() == 2;
  });
  stage.stop();
}

TEST_CASE("border: an exporter that never answers, does not hold the stop", "[graph]") {
  Stage stage(chain("", kQueued));
  stage.sink().hold();
  REQUIRE(stage.source().send(9).status == SLUICE_DONE);
  stage.sink().wait_for_calls(1);
  const uint64_t before = stage.clock.mono_ns();
  CHECK(stage.stop(kSecondNs));
  CHECK(stage.clock.mono_ns() - before < 2 * kSecondNs);
  CHECK(stage.balance().dropped[static_cast<size_t>(flow::Reason::shutdown)] == 9);
}

TEST_CASE("border: an exporter that throws, is retried and the process lives", "[graph]") {
  Stage stage(chain("", kQueued));
  std::atomic<int> throws{2};
  stage.sink().behave([&](Sink&, const Call&) -> sluice_status {
    if (throws-- > 0) throw std::runtime_error("broken");
    return SLUICE_DONE;
  });
  REQUIRE(stage.source().send(3).status == SLUICE_DONE);
  wait_for([&] { return stage.sink().items() == 3; });
  stage.stop();
}

TEST_CASE("border: limits of an exporter, requests are cut before consume", "[graph]") {
  Sink::limits.struct_size = sizeof(sluice_limits);
  Sink::limits.max_items = 4;
  Stage stage(chain("", kQueued));
  Sink::limits = {};
  REQUIRE(stage.source().send(10).status == SLUICE_DONE);
  wait_for([&] { return stage.sink().items() == 10; });
  for (uint64_t size : stage.sink().call_sizes()) CHECK(size <= 4);
  CHECK(stage.sink().bodies().size() == 10);
  stage.stop();
}

TEST_CASE("border: rejected ranges, go back through merge and cut to whose they are", "[graph]") {
  Stage stage(chain(
      "pass", "{sending_queue: {enabled: true, wait_for_result: true, batch: {flush_timeout: 20ms, min_size: 6}}}"));
  // While one request is under way the next two are merged.
  stage.sink().hold();
  REQUIRE(stage.source().send(1, 9).status == SLUICE_PENDING);
  stage.sink().wait_for_calls(1);
  stage.sink().behave([](Sink&, const Call& call) {
    Result result = Result::partial(1, "the fifth");
    const sluice_range range{4, 1, SLUICE_FAILED_PERMANENT, 3};
    sluice_result raw = result.view();
    raw.ranges = &range;
    raw.range_count = 1;
    return call.reply(Result(raw));
  });
  REQUIRE(stage.source().send(3, 1).status == SLUICE_PENDING);
  REQUIRE(stage.source().send(3, 2).status == SLUICE_PENDING);
  stage.sink().answer();
  CHECK(stage.source().told(1).rejected == 0);
  CHECK(stage.source().told(2).rejected == 1);
  CHECK(stage.sink().call_sizes() == std::vector<uint64_t>{1, 6});
  stage.stop();
}

TEST_CASE("border: four serial clients through a holding batch, are answered without waiting for its timer",
          "[graph]") {
  Stage stage(chain(
      "", "{sending_queue: {enabled: true, wait_for_result: true, batch: {flush_timeout: 10s, min_size: 1000}}}"));
  std::vector<std::thread> clients;
  std::atomic<uintptr_t> next{1};
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const uintptr_t user = next++;
        if (stage.source().send(1, user).status == SLUICE_PENDING) stage.source().told(user);
      }
    });
  }
  const uint64_t before = stage.clock.mono_ns();
  for (auto& client : clients) client.join();
  CHECK(stage.clock.mono_ns() - before < 8 * kSecondNs);
  CHECK(stage.sink().items() == 100);
  stage.stop();
}

TEST_CASE("border: many senders, many queues, every item accounted for while it runs", "[graph]") {
  Stage stage(R"(
receivers: {source: }
processors: {pass: , serial: , keeper: }
exporters:
  sink/a: {sending_queue: {enabled: true, num_consumers: 3, queue_size: 50}, retry_on_failure: {enabled: true, initial_interval: 1ms, max_interval: 2ms}}
  sink/b: {sending_queue: {enabled: true, batch: {min_size: 20, max_size: 30, flush_timeout: 2ms}}}
  sink/c: {}
service:
  pipelines:
    logs/1: {receivers: [source], processors: [pass, serial], exporters: [sink/a, sink/b]}
    logs/2: {receivers: [source], processors: [serial], exporters: [sink/b, sink/c]}
)");
  std::atomic<uint32_t> turn{0};
  stage.sink("sink/a").behave([&](Sink&, const Call& call) -> sluice_status {
    switch (turn++ % 7) {
      case 0:
        return call.reply(Result::retryable(Code::unavailable, "down", {}));
      case 1:
        return call.reply(Result::permanent(Code::invalid_argument, "no"));
      default:
        return SLUICE_DONE;
    }
  });
  std::atomic<bool> running{true};
  std::thread observer([&] {
    while (running) {
      demand(stage.imbalance() == 0);
    }
  });
  std::vector<std::thread> senders;
  std::atomic<uintptr_t> user{1};
  for (int t = 0; t < 4; ++t) {
    senders.emplace_back([&] {
      for (int i = 0; i < 300; ++i) stage.source().send(1 + i % 9, user++);
    });
  }
  for (auto& sender : senders) sender.join();
  running = false;
  observer.join();
  stage.stop();
}
