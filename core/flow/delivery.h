// SPDX-License-Identifier: Apache-2.0
// The wrapper before one exporter and one signal: sending_queue in memory, batch forming, retry_on_failure, timeout.
// One class without threads, locks, input, output or clock: each public function is one event, takes the time, and
// writes what is to be done into `Actions`. A shell owns the lock: lock, call, unlock, run the actions. The simulation
// in tests/sim calls the same functions. docs/delivery.md says who is answered what, and when.
//
//   offer ─▶ waiting ─▶ queued ─▶ forming ─▶ ready ─▶ open ─▶ ended
//            (block_on_overflow)   (batch)     ▲  ▲      │
//                                              │  └ resting (backoff of one request)
//                                              └─ front of ready (backoff of the destination, parts of a request)
//
// A *source* is one batch that was offered, a *request* what the exporter gets: slices of one or more sources.
#ifndef SLUICE_CORE_FLOW_DELIVERY_H
#define SLUICE_CORE_FLOW_DELIVERY_H

#include <cstdint>
#include <memory>
#include <string>

#include "core/config/delivery.h"
#include "core/flow/book.h"
#include "core/flow/budget.h"
#include "core/flow/events.h"

namespace sluice::flow {

// Rules whose absence loses, doubles or starves. Always on, except in the tests that prove that the simulation sees it.
struct Rules {
  bool returned_is_not_dropped = true;   // who is told no still has the items
  bool longest_waiter_first = true;      // who waits longest for a place gets it
  bool answer_when_all_ended = true;     // a source in several requests is answered once, at its last item
  bool late_ok_counts = true;            // an OK after the deadline ends the request, if it is not open again
  bool silent_keeps_place = true;        // where order is promised, a call inside the exporter blocks the next
  bool stale_results_ignored = true;     // only the attempt that is open may end the request
  bool headroom_before_dispatch = true;  // no dispatch without head-room
  bool flush_when_full = true;           // a forming batch does not wait for more while nobody gets in
  bool flush_when_idle = true;           // nor while all senders wait for it
  bool purse_and_samples = true;         // a search for bad items is bounded
  bool parts_in_front = true;            // what was cut or failed goes on before what came later
  bool search_ends_in_time = true;       // before the deadline of the sender that waits for its outcome
  uint64_t paces_above_bytes = 4 << 20;  // a backlog holds answers back; the tests' batches are small
};

struct Health {
  bool degraded = false;
  std::string text;  // why, for people
};

class Delivery {
 public:
  // `payload` and `budget` outlive this; `budget` may be null.
  Delivery(const config::Delivery& settings, const Payload& payload, Budget* budget, uint64_t seed);
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;
  ~Delivery();

  // ---- events of the upstream side ----
  // `out.answers` never has the answer to this very offer: that is the return value.
  Offered offer(const Offer& offer, uint64_t now, Actions& out);
  // Before a fan-out hands out: keeps a place for a source of that size.
  Room reserve(uint64_t items, uint64_t bytes, uint64_t now);
  void cancel(uint64_t items, uint64_t bytes, uint64_t now, Actions& out);
  // A fan-out goes on without this stuck branch. `owner_is_early`: who sent it has answered its own sender, so the
  // items end here as dropped{queue_full}; otherwise they are returned with the hint.
  uint64_t pass_over(uint64_t items, bool owner_is_early, uint64_t now, Actions& out);
  // How long a sender should wait before it offers again, jittered.
  uint64_t retry_hint_ns(uint64_t now);

  // ---- events of the exporter's side ----
  // The answer to a dispatch; `result` is read during the call only. An exporter that threw or broke a rule is
  // status SLUICE_INVALID. Answers CANCELLED if the attempt is over (the late exporter is told so), else DONE.
  sluice_status result(uint64_t attempt, const sluice_result& result, uint64_t now, Actions& out);
  // consume() answered BUSY: nothing was taken. Waits for writable(), or a second.
  void busy(uint64_t attempt, uint64_t now, Actions& out);
  void writable(uint64_t now, Actions& out);
  void set_limits(const Limits& limits, uint64_t now, Actions& out);

  // ---- events of time and of the end ----
  void timer(uint64_t now, Actions& out);
  // The upstream side is through: waiters are refused, forming batches flushed, pauses end now and last no longer than
  // `backoff_cap_ns` until the cut. Late offers are still taken while there is a place.
  void drain(uint64_t backoff_cap_ns, uint64_t now, Actions& out);
  // Ends everything now: who waits for an answer gets CANCELLED, the rest is dropped{shutdown}. Nothing is taken
  // afterwards; answers of the exporter are ignored.
  void cut(uint64_t now, Actions& out);

  // ---- looking ----
  const Book& book() const;
  const SeenCounts& seen() const;
  uint64_t queue_size() const;          // in units of the sizer, from the place taken to the last item ended
  uint64_t queue_capacity() const;      // 0: no queue
  uint64_t in_flight_requests() const;  // started and not ended, backoff included
  bool empty() const;                   // no source is here
  bool waits_for_result() const;        // the answer is the destination's (L4), not the queue's (L1)
  Health health() const;

  // What the structures really hold, counted one by one; for the imbalance gauge and the tests.
  struct Levels {
    uint64_t waiting = 0, queued = 0, in_flight = 0, used = 0, in_flight_requests = 0;
  };
  Levels recount() const;
  // |book sum| + |level cells − what is really held|: 0, or there is a leak.
  uint64_t imbalance() const;
  void set_rules_for_test(const Rules& rules);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

// A grace period of a stop: everything of the drain ends at the cut; what is left is for joins and the last words.
constexpr uint64_t cut_after_ns(uint64_t grace_ns) {
  constexpr uint64_t kLeast = 500'000'000, kMost = 2'000'000'000;
  uint64_t reserve = grace_ns / 5 < kLeast ? kLeast : grace_ns / 5 > kMost ? kMost : grace_ns / 5;
  return grace_ns > reserve ? grace_ns - reserve : 0;
}
constexpr uint64_t drain_backoff_cap_ns(uint64_t grace_ns) {
  return grace_ns / 10;
}

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_DELIVERY_H
