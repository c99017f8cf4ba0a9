// SPDX-License-Identifier: Apache-2.0
// The exception barrier and the answers of calls, seen from the C side.
#include "plugins/sdk/entry.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "plugins/sdk/relay.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

namespace sluice {
namespace {

using testing::FakeHost;
using testing::message;
using testing::Reply;
using testing::Subject;
using testing::Tree;

struct NoConfig {
  void settings(Settings&) {}
};

struct ThrowerConfig {
  std::string where, what = "std";
  void settings(Settings& s) {
    s("where", where, "The function that throws.");
    s("what", what, "What it throws.");
    s.check(where != "check", "where", "must not be check");
  }
};

// Throws whatever its configuration says, wherever it says.
class Thrower final : public Processor {
 public:
  using Config = ThrowerConfig;
  Thrower(Host host, Config config) : Processor(host), config_(std::move(config)) { maybe("create"); }
  sluice_status init() override { return maybe("init"); }
  sluice_status start() override { return maybe("start"); }
  void drain() override { maybe("drain"); }
  void stop(uint64_t) override { maybe("stop"); }
  sluice_status consume(const Call& call) override {
    const Answer answer = config_.where == "consume, holding" ? call.answer_later() : Answer();
    maybe("consume, holding");
    return maybe("consume");
  }
  void sent(void*, const sluice_result&) override { maybe("sent"); }
  void resume(uint32_t) override { maybe("resume"); }
  void timer(uint32_t) override { maybe("timer"); }
  const void* get_interface(std::string_view) override {
    maybe("get_interface");
    return this;
  }

 private:
  sluice_status maybe(std::string_view where) const {
    if (where != config_.where) return SLUICE_DONE;
    if (config_.what == "int") throw 42;
    if (config_.what == "pointer") throw "text";
    throw std::runtime_error("broken on purpose");
  }
  Config config_;
};

constexpr detail::Declared kDeclared[] = {
    component<Thrower>({.type = "thrower", .aliases = {"old_name"}, .inputs = kAllSignals, .stability = SLUICE_ALPHA})};
constexpr auto kComponents = detail::describe_all(kDeclared);

Tree throws(const char* where, const char* what = "std") {
  return Tree::map({{"where", where}, {"what", what}});
}

TEST_CASE("entry: component says what it is", "[sdk]") {
  const sluice_component& thrower = kComponents[0];
  CHECK(thrower.kind == SLUICE_PROCESSOR);
  CHECK(std::string_view(thrower.type) == "thrower");
  CHECK(std::string_view(thrower.aliases[0]) == "old_name");
  CHECK(thrower.aliases[1] == nullptr);
  CHECK(thrower.interfaces[0] == nullptr);
  CHECK(thrower.stability == SLUICE_ALPHA);
  CHECK(std::string_view(thrower.schema()).find("The function that throws.") != std::string_view::npos);
}

TEST_CASE("entry: failed check is reported at its setting and fails create", "[sdk]") {
  FakeHost host;
  Tree settings = throws("check");
  const Subject subject(host, kComponents[0], settings);
  CHECK_FALSE(subject.created());
  REQUIRE(host.problems().size() == 1);
  CHECK(host.problems()[0].id == "config.check");
  CHECK(host.problems()[0].severity == SLUICE_ERROR);
  CHECK(host.problems()[0].text == "must not be check");
  REQUIRE(host.problems()[0].at != nullptr);
  CHECK(host.last_error() == "must not be check");
}

TEST_CASE("entry: exceptions of any type in consume answer retryable", "[sdk]") {
  const auto [what, text] = GENERATE(table<const char*, const char*>({
      {"std", "exception: broken on purpose"},
      {"int", "exception of an unknown type"},
      {"pointer", "exception of an unknown type"},
  }));
  FakeHost host;
  Subject subject(host, kComponents[0], throws("consume", what));
  REQUIRE(subject.start() == SLUICE_DONE);
  const auto call = subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  CHECK(call->answer() == SLUICE_FAILED_RETRYABLE);
  REQUIRE(call->completed);
  CHECK(call->completed->text() == text);
  CHECK(call->completed->code() == Code::internal);
  REQUIRE(host.logs().size() == 1);
  CHECK(host.logs()[0].level == SLUICE_ERROR);
  CHECK(host.logs()[0].field("in") == "consume");
}

TEST_CASE("entry: exception past an unused answer gives one answer", "[sdk]") {
  FakeHost host;
  Subject subject(host, kComponents[0], throws("consume, holding"));
  REQUIRE(subject.start() == SLUICE_DONE);
  const auto call = subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  CHECK(call->answer() == SLUICE_FAILED_RETRYABLE);
  CHECK(call->returned == SLUICE_PENDING);
}

TEST_CASE("entry: exception in create gives no instance and its text", "[sdk]") {
  FakeHost host;
  const Subject subject(host, kComponents[0], throws("create"));
  CHECK_FALSE(subject.created());
  CHECK(host.last_error() == "exception: broken on purpose");
}

TEST_CASE("entry: exceptions in init and start fail them", "[sdk]") {
  const char* where = GENERATE("init", "start");
  FakeHost host;
  Subject subject(host, kComponents[0], throws(where));
  CHECK(subject.start() == SLUICE_FAILED_PERMANENT);
  CHECK(host.last_error() == "exception: broken on purpose");
}

TEST_CASE("entry: exceptions elsewhere are logged and go no further", "[sdk]") {
  const char* where = GENERATE("drain", "stop", "sent", "resume", "timer", "get_interface");
  FakeHost host;
  Subject subject(host, kComponents[0], throws(where));
  REQUIRE(subject.start() == SLUICE_DONE);
  const sluice_instance* c = subject.get();
  const sluice_result result = Result::done().view();
  c->sent(c->self, nullptr, &result);
  c->resume(c->self, 0);
  c->timer(c->self, 0);
  CHECK((c->get_interface(c->self, "x") == nullptr) == (std::string_view(where) == "get_interface"));
  c->drain(c->self);
  subject.stop();
  REQUIRE(host.logs().size() == 1);
  CHECK(host.logs()[0].field("in") == where);
}

struct Later final : Processor {
  using Config = NoConfig;
  Later(Host host, NoConfig) : Processor(host) {}
  sluice_status consume(const Call& call) override {
    answer = call.answer_later();
    return SLUICE_PENDING;
  }
  void timer(uint32_t index) override {
    Answer moved = std::move(answer);
    if (index == 0) return;
    moved(Result::partial(1, "one was too old"));
    again = moved(Result::done());
  }
  Answer answer;
  sluice_status again = SLUICE_DONE;
};

TEST_CASE("answer: given once, refused afterwards, moved with its duty", "[sdk]") {
  static constexpr detail::Declared kLater = component<Later>({.type = "later"});
  static constexpr sluice_component kComponent = detail::describe(kLater);
  FakeHost host;
  Subject subject(host, kComponent);
  subject.start();
  const auto given = subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 2));
  CHECK_FALSE(given->answer());
  subject.get()->timer(subject.get()->self, 1);
  REQUIRE(given->completed);
  CHECK(given->completed->rejected_items() == 1);

  const auto forgotten = subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 2));
  subject.get()->timer(subject.get()->self, 0);
  CHECK(forgotten->answer() == SLUICE_FAILED_RETRYABLE);
  CHECK(host.violations().empty());
}

struct Passer final : Processor {
  using Config = NoConfig;
  Passer(Host host, NoConfig) : Processor(host) {}
  sluice_status consume(const Call& call) override {
    return relay(host(), call, *host().output(call.signal()), call.batch());
  }
  void sent(void* user, const sluice_result& result) override { relay_answer(host(), user, result); }
};

TEST_CASE("relay: answers of all kinds reach the sender", "[sdk]") {
  static constexpr detail::Declared kPasser = component<Passer>({.type = "passer"});
  static constexpr sluice_component kComponent = detail::describe(kPasser);
  FakeHost host;
  Subject subject(host, kComponent);
  subject.start();
  const std::string text = message(SLUICE_TRACES, 4);

  CHECK(subject.consume(SLUICE_TRACES, text)->returned == SLUICE_DONE);

  host.on_send([](const auto&) { return Reply::busy(); });
  CHECK(subject.consume(SLUICE_TRACES, text)->returned == SLUICE_BUSY);

  host.on_send([](const auto&) { return Reply::answer(Result::permanent(Code::invalid_argument, "no")); });
  const auto refused = subject.consume(SLUICE_TRACES, text);
  CHECK(refused->answer() == SLUICE_FAILED_PERMANENT);
  CHECK(refused->completed->text() == "no");

  host.on_send([](const auto&) { return Reply::answer(Result::partial(1, "one")); });
  const auto partial = subject.consume(SLUICE_TRACES, text);
  REQUIRE(partial->completed);
  CHECK(partial->completed->rejected_items() == 1);

  host.on_send([](const auto&) { return Reply::pending(); });
  const auto later = subject.consume(SLUICE_TRACES, text);
  CHECK_FALSE(later->answer());
  host.answer_all(Result::partial(2, "two"));
  REQUIRE(later->completed);
  CHECK(later->completed->rejected_items() == 2);

  host.on_send([](const auto&) {
    Reply reply = Reply::pending();
    reply.early_answer = Result::done();
    return reply;
  });
  CHECK(subject.consume(SLUICE_TRACES, text)->answer() == SLUICE_DONE);
  CHECK(host.violations().empty());
  CHECK(host.imbalance(SLUICE_TRACES) == "");
}

}  // namespace
}  // namespace sluice
