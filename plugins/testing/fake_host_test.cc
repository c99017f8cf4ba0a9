// SPDX-License-Identifier: Apache-2.0
// The fake host must catch what it is there to catch: each rule is broken here once.
#include "plugins/testing/fake_host.h"

#include <catch2/catch.hpp>
#include <memory>

#include "plugins/sdk/entry.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

namespace sluice::testing {
namespace {

struct ScriptedConfig {
  std::string behaviour = "pass";
  void settings(Settings& s) { s("behaviour", behaviour, "What it does."); }
};

// A processor that does what its configuration says, mostly wrong things.
class Scripted final : public Processor {
 public:
  using Config = ScriptedConfig;
  Scripted(Host host, Config config) : Processor(host), behaviour_(std::move(config.behaviour)) {}
  sluice_status consume(const Call& call) override {
    if (behaviour_ == "twice") {
      host().complete(call.token(), Result::done());
      host().complete(call.token(), Result::done());
      return SLUICE_PENDING;
    }
    if (behaviour_ == "both") {
      host().complete(call.token(), Result::done());
      return SLUICE_DONE;
    }
    if (behaviour_ == "late") {
      token_ = call.token();
      return SLUICE_PENDING;
    }
    if (behaviour_ == "swallow") return SLUICE_DONE;
    if (behaviour_ == "leak") {
      host().keep(&call.batch()).release();
      return SLUICE_DONE;
    }
    return host().send(*host().output(call.signal()), &call.batch(), &call.context()).status;
  }
  void timer(uint32_t) override {
    fired_ += 1;
    host().complete(token_, Result::done());
  }
  int fired_ = 0;

 private:
  std::string behaviour_;
  sluice_token token_ = 0;
};

const sluice_component& scripted() {
  static constexpr detail::Declared kDeclared = component<Scripted>({.type = "scripted"});
  static constexpr sluice_component kComponent = detail::describe(kDeclared);
  return kComponent;
}

Tree behaviour(const char* name) {
  return Tree::map({{"behaviour", name}});
}

TEST_CASE("fake host: component that passes all on keeps all rules", "[testing]") {
  FakeHost host;
  {
    Subject subject(host, scripted());
    REQUIRE(subject.start() == SLUICE_DONE);
    const auto call = subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 3));
    CHECK(call->answer() == SLUICE_DONE);
    REQUIRE(host.sends().size() == 1);
    CHECK(host.sends()[0].batch.item_count() == 3);
    CHECK(host.sends()[0].output == host.output(SLUICE_LOGS));
  }
  CHECK(host.violations().empty());
  CHECK(host.imbalance(SLUICE_LOGS) == "");
  host.clear_sends();
  CHECK(host.live_batches() == 0);
  CHECK(host.live_contexts() == 0);
  CHECK(host.used_bytes() == 0);
}

TEST_CASE("fake host: call that is completed twice is a violation", "[testing]") {
  FakeHost host;
  Subject subject(host, scripted(), behaviour("twice"));
  subject.start();
  subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  CHECK(host.violations() == std::vector<std::string>{"completed call 1 twice"});
}

TEST_CASE("fake host: call that is completed and returned is a violation", "[testing]") {
  FakeHost host;
  Subject subject(host, scripted(), behaviour("both"));
  subject.start();
  subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  CHECK(host.violations() == std::vector<std::string>{"call 1 was completed and returned done"});
}

TEST_CASE("fake host: late answer after the core's own is refused and no violation", "[testing]") {
  FakeHost host;
  Subject subject(host, scripted(), behaviour("late"));
  subject.start();
  const auto call = subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  CHECK_FALSE(call->answer());
  host.cancel(*call);
  CHECK(Host(host).complete(call->token, Result::done()) == SLUICE_CANCELLED);
  CHECK(host.violations().empty());
}

TEST_CASE("fake host: swallowed items show as imbalance", "[testing]") {
  FakeHost host;
  Subject subject(host, scripted(), behaviour("swallow"));
  subject.start();
  subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 2));
  CHECK(host.imbalance(SLUICE_LOGS) == "taken 2 + added 0 is not passed on 0 + filtered 0 + dropped 0 + held 0");
}

TEST_CASE("fake host: leaked batch stays alive", "[testing]") {
  FakeHost host;
  const auto* leaked = [&host] {
    Subject subject(host, scripted(), behaviour("leak"));
    subject.start();
    const BatchRef batch = host.batch(SLUICE_LOGS, message(SLUICE_LOGS, 1));
    subject.consume(batch);
    return batch.get();
  }();
  CHECK(host.live_batches() == 1);
  host.get()->batch_release(leaked);
  CHECK(host.live_batches() == 0);
}

TEST_CASE("fake host: timers fire at their own time, once", "[testing]") {
  FakeHost host;
  Subject subject(host, scripted(), behaviour("late"));
  subject.start();
  const auto call = subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  Host(host).set_timer_in(2, std::chrono::seconds(5));
  host.advance(std::chrono::seconds(4));
  CHECK_FALSE(call->answer());
  host.advance(std::chrono::seconds(2));
  CHECK(call->answer() == SLUICE_DONE);
  CHECK_FALSE(host.timer_due(2));
  CHECK(host.now_mono_ns() == 7'000'000'000);
}

TEST_CASE("fake host: budget refuses and takes again", "[testing]") {
  FakeHost host({.budget_bytes = 100});
  const Host api = host;
  auto most = api.reserve(90);
  REQUIRE(most);
  CHECK_FALSE(api.reserve(20));
  CHECK_FALSE(api.buffer(20));
  most.reset();
  CHECK(api.reserve(20));
  CHECK(host.used_bytes() == 0);
}

TEST_CASE("fake host: stopped component is refused", "[testing]") {
  FakeHost host;
  Subject subject(host, scripted());
  subject.start();
  subject.stop();
  const Host api = host;
  CHECK_FALSE(api.reserve(1));
  CHECK_FALSE(api.buffer(1));
  api.set_timer_in(0, std::chrono::seconds(1));
  CHECK_FALSE(host.timer_due(0));
}

TEST_CASE("fake host: damaged message makes no batch", "[testing]") {
  FakeHost host;
  const std::string damaged = message(SLUICE_LOGS, 1).substr(0, 10);
  CHECK_THROWS_AS(host.batch(SLUICE_LOGS, damaged), std::invalid_argument);
  CHECK(host.live_batches() == 0);
  CHECK(host.used_bytes() == 0);
}

}  // namespace
}  // namespace sluice::testing
