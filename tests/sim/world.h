// SPDX-License-Identifier: Apache-2.0
// A small world around the real wrappers, fan-out and budget: senders, destinations and a clock that are scripts drawn
// from one seed. One thread, no real time. After every event the books are recounted and what the world has seen is
// compared with what the wrappers claim; at the end everything must have arrived or be accounted for.
#ifndef SLUICE_TESTS_SIM_WORLD_H
#define SLUICE_TESTS_SIM_WORLD_H

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "core/flow/budget.h"
#include "core/flow/decide.h"
#include "core/flow/delivery.h"
#include "core/flow/fan_out.h"
#include "core/flow/random.h"

namespace sluice::sim {

using flow::kMillisecond;
using flow::kNever;
using flow::kSecond;

inline constexpr uint64_t kLongestPace = 20 * kMillisecond;

// Rare things of the world itself; those of the wrappers are flow::Seen.
enum class Rare : uint8_t {
  unknown_but_stored,
  entry_refused,
  fan_out_refused,
  passed_over_early,
  passed_over_waiting,
  delivered_elsewhere,
  joined_partial,
  stopped,
  ordered,
  resent_by_sender,
  killer,
  kept_little,
};
inline constexpr size_t kRare = static_cast<size_t>(Rare::kept_little) + 1;
inline constexpr std::array<std::string_view, kRare> kRareNames = {"unknown_but_stored",
                                                                   "entry_refused",
                                                                   "fan_out_refused",
                                                                   "passed_over_early",
                                                                   "passed_over_waiting",
                                                                   "delivered_elsewhere",
                                                                   "joined_partial",
                                                                   "stopped",
                                                                   "ordered",
                                                                   "resent_by_sender",
                                                                   "killer",
                                                                   "kept_little"};

struct Rules {  // all on, except in the tests that prove that the checks see their absence
  flow::Rules flow;
  bool reserve_first = true;
};

struct Report {
  std::string failure;  // empty: none
  flow::SeenCounts seen{};
  std::array<uint64_t, kRare> rare{};
  uint64_t requests = 0, events = 0;
};

struct Batch {           // one attempt of a sender to get one content through
  uint64_t content = 0;  // the same when it is sent again; items that are bad stay bad
  uint64_t items = 0, item_bytes = 0, bytes = 0;
  uint32_t sender = 0, partition = 0;
  uint32_t references = 0;  // of the sender and of each branch: the budget is charged while there is one
  bool sensitive_dropped = false;
};

struct Copy {  // of a batch in one branch
  enum class State : uint8_t { absent, waiting_for_place, pending, early, answered } state = State::absent;
  uint64_t sequence = 0;     // in which it was accepted
  uint64_t paced_until = 0;  // has a place, and is told so by then; 0: not held back
  bool released = false;
  bool told_ok = false;  // DONE, early or not
  std::vector<uint8_t> stored, at_exporter, kept;
};

struct Call {  // of an exporter
  uint64_t attempt = 0, deadline = 0, answer_at = 0;
  std::vector<flow::Slice> slices;
  uint64_t items = 0, bytes = 0;
  uint64_t number = 0;
  uint8_t fault = 0;
  bool silent = false;  // past its deadline
};

enum class Mode : uint8_t { healthy, mixed, down, hanging, locked };

struct Branch {
  config::Delivery settings;
  flow::Limits limits;
  std::unique_ptr<flow::Delivery> delivery;
  std::map<uint64_t, Copy> copies;  // by batch
  std::map<uint64_t, Call> calls;   // by number: in the exporter
  std::deque<uint64_t> line;        // batches that wait for a place
  uint64_t timer = 0, next_sequence = 1, next_call = 1;
  std::array<uint64_t, 2> last_stored{};
  uint64_t offered = 0, refused = 0, told_early = 0, unattributed = 0, passed_early = 0, paced = 0;  // items
  uint64_t stored_items = 0, bytes_at_exporter = 0, busy_until = 0;
  Mode mode = Mode::healthy;
  bool ordered = false;
  // properties of the destination
  uint64_t max_request_bytes = 0;
  uint32_t poison_in = 0;  // one item in so many is refused for good; 0: none
  uint32_t killer_in = 0;  // one item in so many kills the destination; 0: none
  uint32_t bad_partition = UINT32_MAX;
  bool stores_the_rest = false, names_ranges = false, gives_hints = false;
  bool lies = false;
};

struct Sender {
  std::deque<Batch> todo;
  uint64_t batch = 0;  // in flight; 0: none
  uint32_t owed = 0;   // branches that must still take it, as bits
  uint32_t pending = 0;
  bool early = false;  // it has answered its own sender
  bool waits_for_resume = false, trusts_resume = false;
  uint64_t deadline = 0;   // of its calls, times its patience; 0: none
  bool is_patient = true;  // else it calls with the same deadline for ever
  uint64_t patience = 1;
  uint64_t send_number = 0;  // of the send event that counts
  std::vector<flow::Outcome> outcomes;
  std::vector<uint32_t> outcome_branches;
};

class World : public flow::Payload {
 public:
  World(uint64_t seed, const Rules& rules);
  ~World() override;
  Report run();

  uint64_t bytes(uint64_t source, uint64_t first, uint64_t count) const override;
  uint64_t items_within(uint64_t source, uint64_t first, uint64_t max_bytes) const override;

 private:
  enum class What : uint8_t { send, answer, timer, mode, writable, heal, drain, cut };
  struct Event {
    uint64_t at, number;
    What what;
    uint32_t who;
    uint64_t which;
    bool operator>(const Event& o) const { return at != o.at ? at > o.at : number > o.number; }
  };

  // world.cc: settings, time, senders
  void make_branch(uint32_t branch, bool alone);
  void make_sender(uint32_t sender);
  void schedule(uint64_t in, What what, uint32_t who, uint64_t which = 0);
  void handle(const Event& event);
  void send_in(uint64_t in, uint32_t sender);
  void send(uint32_t sender);
  void hand_out(uint32_t sender, uint64_t batch);
  void offer(uint32_t sender, uint64_t batch, uint32_t branch, flow::Room room, bool beside_others);
  void outcome(uint32_t sender, uint32_t branch, const flow::Outcome& outcome);
  void finish(uint32_t sender);
  void run_actions(uint32_t branch);
  void dereference(uint64_t batch);
  void forget_if_over(uint32_t branch, uint64_t batch);
  bool chance(uint64_t percent) { return random_.below(100) < percent; }
  uint64_t between(uint64_t low, uint64_t high) { return low + random_.below(high - low + 1); }
  template <class T>
  T one_of(std::initializer_list<T> list) {
    return *(list.begin() + random_.below(list.size()));
  }
  void rare(Rare what) { ++report_.rare[static_cast<size_t>(what)]; }
  void fail(const std::string& what);

  // destination.cc: what exporters and destinations do
  void begin_call(uint32_t branch, const flow::Dispatch& dispatch);
  void answer_call(uint32_t branch, uint64_t call);
  void store(Branch& branch, const flow::Slice& slice);
  bool is_bad(const Branch& branch, const Batch& batch, uint64_t item, uint64_t salt, uint32_t one_in) const;
  void answer_by_content(Branch& branch, Call& call, sluice_result& result, std::vector<sluice_range>& ranges);

  // oracle.cc: what must hold
  void mark_silent(Branch& branch);
  void check_dispatch(Branch& branch, const Call& call);
  void check_answer(Branch& branch, const flow::Answer& answer);
  void keep(Branch& branch, const flow::Keep& keep);
  void check_always();
  void check_end();

  const Rules rules_;
  flow::Random random_;
  Report report_;
  uint64_t now_ = 1'000 * kSecond;
  uint64_t next_event_ = 0, next_content_ = 1, next_batch_ = 1;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::unique_ptr<flow::Budget> budget_;
  std::map<uint64_t, Batch> batches_;
  std::vector<std::unique_ptr<Branch>> branches_;
  std::vector<Sender> senders_;
  flow::Actions actions_;
  uint64_t largest_batch_ = 0, largest_call_ = 0;
  bool stops_ = false, stopping_ = false, stopped_ = false, healed_ = false;
  uint64_t grace_ = 0;
};

}  // namespace sluice::sim
#endif  // SLUICE_TESTS_SIM_WORLD_H
