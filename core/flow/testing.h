// SPDX-License-Identifier: Apache-2.0
// What the tests of Delivery share: a wrapper with a fake clock whose dispatches, answers and releases can be looked
// at. Sources are named by number; an item is 10 bytes.
#ifndef SLUICE_CORE_FLOW_TESTING_H
#define SLUICE_CORE_FLOW_TESTING_H

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/flow/decide.h"
#include "core/flow/delivery.h"

namespace sluice::flow {

class TenBytesAnItem : public Payload {
 public:
  uint64_t bytes(uint64_t, uint64_t, uint64_t count) const override { return 10 * count; }
  uint64_t items_within(uint64_t, uint64_t, uint64_t max_bytes) const override { return max_bytes / 10; }
};

inline config::Delivery queue_settings() {
  config::Delivery s;
  s.sending_queue.on = s.retry_on_failure.on = true;
  s.retry_on_failure.value.randomization_factor = 0;
  return s;
}

inline sluice_result result_of(sluice_status status, int32_t code = 0) {
  sluice_result r{};
  r.struct_size = sizeof r;
  r.status = status;
  r.code = code;
  return r;
}

class Bench {
 public:
  struct Call {
    uint64_t attempt, deadline, items, tries;
    std::vector<Slice> slices;
  };

  explicit Bench(const config::Delivery& settings, Budget* budget = nullptr)
      : delivery(settings, payload_, budget, 1) {}
  ~Bench() { CHECK(delivery.imbalance() == 0); }

  Verdict offer(uint64_t source, uint64_t items, uint64_t deadline = 0, std::string_view partition = {},
                bool reserved = false) {
    Offer o;
    o.source = source;
    o.items = items;
    o.bytes = items * 10;
    o.deadline_mono_ns = deadline;
    o.partition = partition;
    o.reserved = reserved;
    last = delivery.offer(o, now, out_);
    settle();
    return last.verdict;
  }
  // Takes the oldest call that is at the exporter.
  Call take() {
    REQUIRE_FALSE(calls.empty());
    Call call = calls.front();
    calls.pop_front();
    return call;
  }
  sluice_status answer(const Call& call, const sluice_result& result) {
    sluice_status told = delivery.result(call.attempt, result, now, out_);
    settle();
    return told;
  }
  void answer(sluice_status status, int32_t code = 0) { answer(take(), result_of(status, code)); }
  // Lets time pass, with all timers on the way.
  void pass(uint64_t ns) {
    uint64_t until = now + ns;
    while (timer != 0 && timer <= until) {
      now = std::max(now, std::exchange(timer, 0));
      delivery.timer(now, out_);
      settle();
    }
    now = until;
  }
  void drain(uint64_t cap) { delivery.drain(cap, now, out_), settle(); }
  void cut() { delivery.cut(now, out_), settle(); }
  void set_limits(const Limits& limits) { delivery.set_limits(limits, now, out_), settle(); }
  uint64_t dropped(Reason reason) const { return delivery.book().dropped[static_cast<size_t>(reason)]; }
  uint64_t returned(Reason reason) const { return delivery.book().returned[static_cast<size_t>(reason)]; }
  uint64_t seen(Seen what) const { return delivery.seen()[static_cast<size_t>(what)]; }
  bool noticed(Notice::Kind kind) const {
    return std::any_of(notices.begin(), notices.end(), [&](const Notice& n) { return n.kind == kind; });
  }

  uint64_t now = 1'000 * kSecond;
  uint64_t timer = 0;
  Offered last;
  std::deque<Call> calls;
  std::vector<Answer> answers;
  std::vector<std::vector<Slice>> keeps;
  std::vector<uint64_t> released;
  std::vector<Notice> notices;
  bool resumed = false, empty = false;

 private:
  TenBytesAnItem payload_;

 public:
  Delivery delivery;

 private:
  void settle() {
    for (const Dispatch& d : out_.dispatches) {
      auto first = out_.slices.begin() + d.first_slice;
      calls.push_back({d.attempt, d.deadline_mono_ns, d.items, d.tries, {first, first + d.slice_count}});
    }
    for (const Keep& k : out_.keeps) {
      auto first = out_.slices.begin() + k.first_slice;
      keeps.emplace_back(first, first + k.slice_count);
    }
    for (Answer& a : out_.answers) answers.push_back(std::move(a));
    for (Notice& n : out_.notices) notices.push_back(std::move(n));
    released.insert(released.end(), out_.released.begin(), out_.released.end());
    if (out_.timer_mono_ns != 0) timer = out_.timer_mono_ns;
    resumed |= out_.resume;
    empty |= out_.empty;
    out_.clear();
    REQUIRE(delivery.imbalance() == 0);
  }

  Actions out_;
};

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_TESTING_H
