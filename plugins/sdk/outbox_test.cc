// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/outbox.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "plugins/sdk/entry.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

namespace sluice {
namespace {

using testing::FakeHost;
using testing::message;
using testing::Reply;
using testing::Subject;

struct NoConfig {
  void settings(Settings&) {}
};

// Owns an outbox; what ended is collected.
class Sender final : public Receiver {
 public:
  using Config = NoConfig;
  Sender(Host host, Config)
      : Receiver(host),
        outbox(host, *host.output(SLUICE_LOGS), 4,
               {.ended =
                    [this](Outbox<int>::Parcel parcel, const sluice_result& result) {
                      std::lock_guard lock(mutex);
                      ended.emplace_back(parcel.tag, result.status);
                    },
                .keep = [this](const sluice_result&) { return keep.load(); },
                .parked = [this] { ++parked; }}) {
    last = this;
  }
  void sent(void* user, const sluice_result& result) override { outbox.sent(user, result); }
  void resume(uint32_t) override { outbox.resume(); }

  static inline Sender* last = nullptr;
  std::mutex mutex;
  std::vector<std::pair<int, sluice_status>> ended;
  std::atomic<bool> keep{false};
  std::atomic<int> parked{0};
  Outbox<int> outbox;
};

constexpr detail::Declared kDeclared = component<Sender>({.type = "sender"});
constexpr sluice_component kComponent = detail::describe(kDeclared);

struct Fixture {
  Fixture() { subject.start(); }
  void offer(int tag) {
    sender().outbox.offer({host.batch(SLUICE_LOGS, message(SLUICE_LOGS, 1)), host.context(), tag, 0});
  }
  static Sender& sender() { return *Sender::last; }
  FakeHost host;
  Subject subject{host, kComponent};
};

using Ended = std::vector<std::pair<int, sluice_status>>;

TEST_CASE_METHOD(Fixture, "outbox: what is taken at once ends at once", "[sdk]") {
  offer(1);
  CHECK(sender().ended == Ended{{1, SLUICE_DONE}});
  CHECK(sender().outbox.in_flight() == 0);
}

TEST_CASE_METHOD(Fixture, "outbox: busy parks, resume offers the same batch again", "[sdk]") {
  host.on_send([](const auto&) { return Reply::busy(); });
  offer(1);
  offer(2);
  CHECK(sender().outbox.parked() == 2);
  CHECK(host.sends().size() == 1);
  host.on_send(nullptr);
  host.resume(0);
  CHECK(sender().ended == Ended{{1, SLUICE_DONE}, {2, SLUICE_DONE}});
  const auto sends = host.sends();
  REQUIRE(sends.size() == 3);
  CHECK(sends[0].batch.get() == sends[1].batch.get());
}

TEST_CASE_METHOD(Fixture, "outbox: resume before busy has returned is not lost", "[sdk]") {
  std::atomic<int> calls = 0;
  host.on_send([&calls](const auto&) {
    Reply reply = Reply::busy();
    reply.early_resume = true;
    return ++calls == 1 ? reply : Reply::done();
  });
  offer(1);
  CHECK(sender().ended == Ended{{1, SLUICE_DONE}});
  CHECK(sender().outbox.parked() == 0);
}

TEST_CASE_METHOD(Fixture, "outbox: answer before send has returned ends the parcel once", "[sdk]") {
  host.on_send([](const auto&) {
    Reply reply = Reply::pending();
    reply.early_answer = Result::permanent(Code::invalid_argument, "");
    return reply;
  });
  offer(1);
  CHECK(sender().ended == Ended{{1, SLUICE_FAILED_PERMANENT}});
}

TEST_CASE_METHOD(Fixture, "outbox: failed parcel is kept only if the component says so, in its old place", "[sdk]") {
  host.on_send([](const auto&) { return Reply::pending(); });
  offer(1);
  offer(2);
  sender().keep = true;
  host.answer(1, Result::retryable(Code::unavailable, ""));
  host.answer(0, Result::retryable(Code::unavailable, ""));
  CHECK(sender().parked == 2);
  CHECK(sender().outbox.parked() == 2);
  host.on_send(nullptr);
  sender().outbox.retry();
  CHECK(sender().ended == Ended{{1, SLUICE_DONE}, {2, SLUICE_DONE}});

  sender().keep = false;
  host.on_send([](const auto&) { return Reply::answer(Result::retryable(Code::unavailable, "")); });
  offer(3);
  CHECK(sender().ended.back() == std::pair<int, sluice_status>(3, SLUICE_FAILED_RETRYABLE));
}

TEST_CASE_METHOD(Fixture, "outbox: no more in flight than allowed, the next goes when one is answered", "[sdk]") {
  host.on_send([](const auto&) { return Reply::pending(); });
  for (int i = 0; i < 6; ++i) offer(i);
  CHECK(host.sends().size() == 4);
  CHECK(sender().outbox.parked() == 2);
  host.answer(0, Result::done());
  CHECK(host.sends().size() == 5);
  host.answer_all(Result::done());
  CHECK(sender().ended.size() == 6);
}

TEST_CASE_METHOD(Fixture, "outbox: threads that offer, resume and answer lose and double nothing", "[sdk]") {
  constexpr int kEach = 300;
  std::atomic<int> calls = 0;
  host.on_send([&calls](const auto&) {
    switch (++calls % 7) {
      case 0:
        return Reply::busy();
      case 1: {
        Reply reply = Reply::busy();
        reply.early_resume = true;
        return reply;
      }
      case 2: {
        Reply reply = Reply::pending();
        reply.early_answer = Result::done();
        return reply;
      }
      default:
        return Reply::done();
    }
  });
  std::atomic<bool> offering = true;
  std::thread resumer([&] {
    while (offering) host.resume(0);
  });
  std::thread other([&] {
    for (int i = 0; i < kEach; ++i) offer(i);
  });
  for (int i = kEach; i < 2 * kEach; ++i) offer(i);
  other.join();
  offering = false;
  resumer.join();
  while (sender().outbox.parked()) sender().outbox.retry();
  Ended ended = sender().ended;
  std::sort(ended.begin(), ended.end());
  REQUIRE(ended.size() == 2 * kEach);
  for (int i = 0; i < 2 * kEach; ++i) CHECK(ended[static_cast<size_t>(i)].first == i);
}

}  // namespace
}  // namespace sluice
