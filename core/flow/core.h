// SPDX-License-Identifier: Apache-2.0
// The inside of flow::Delivery: its records and the functions over them, by meaning in one file each. No function here
// runs foreign code (except the sizes asked from Payload) and none calls back into a public one.
#ifndef SLUICE_CORE_FLOW_CORE_H
#define SLUICE_CORE_FLOW_CORE_H

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/flow/decide.h"
#include "core/flow/delivery.h"
#include "core/flow/random.h"
#include "core/flow/slab.h"

namespace sluice::flow {

inline constexpr uint64_t kStuckAfter = 5 * kSecond;
inline constexpr uint64_t kStuckHint = 30 * kSecond;
inline constexpr uint64_t kHeadroomPause = 10 * kMillisecond;
inline constexpr uint64_t kExporterBusyPause = kSecond;
inline constexpr uint64_t kSilentKeepsPlace = 30 * kSecond;
inline constexpr size_t kSilentAlarm = 3;
inline constexpr size_t kMostPartitions = 1000;
inline constexpr uint32_t kProbesUntilRotated = 3;
inline constexpr size_t kFailuresInARow = 3;
inline constexpr uint64_t kLearntDoublesAfter = 600 * kSecond;
inline constexpr uint64_t kPurse = 64;
inline constexpr uint64_t kPurseRefill = kSecond / 16;
inline constexpr uint32_t kRefusedUntilSample = 15;
inline constexpr uint64_t kSearchReserve = kSecond;  // at most so long before its sender's deadline a search ends
inline constexpr uint64_t kSearchWithoutDeadline = 8 * kSecond;  // HTTP tells none; OTLP's senders wait for 10 s
inline constexpr uint64_t kSentAlone = 60 * kSecond;
inline constexpr uint64_t kPace = 20 * kMillisecond;  // so long at most an answer at L1 waits for a backlog to go
inline constexpr size_t kDrainSeconds = 10;
inline constexpr size_t kLongestText = 512;  // of a destination's words

struct Part {  // items [first, first + count) of a source, by the number of its record
  uint32_t source;
  uint64_t first;
  uint64_t count;
};

struct Source {
  uint64_t user = 0, items = 0, bytes = 0, units = 0;
  uint64_t deadline = 0;      // of the sender that waits; 0: none
  uint64_t search_until = 0;  // so that the sender hears of it before it gives up; 0: not known yet
  uint64_t left = 0;          // items that have not ended
  uint64_t kept = 0;          // items that the shell holds in memory for it
  uint64_t delivered = 0;
  uint64_t rejected = 0;  // items that ended for good
  uint64_t retry_after = 0;
  uint32_t flags = 0;  // SLUICE_RESULT_* of the answer
  int32_t code = 0;
  uint32_t serial = 0;           // tells alarms of an earlier use of this record
  bool owed = false;             // the sender waits for an answer
  bool in_line = false;          // waits for a place
  bool paced = false;            // has its place and has not been told yet
  bool started = false;          // an item of it has been in an attempt
  bool retryable = false;        // an item ended in a way that may pass
  bool counted_only = false;     // of some rejected items only the number is known
  bool gone = false;             // is being taken back
  bool untried = false;          // of its refused items: its search was cut short
  bool suspect = false;          // was in a refused request with others
  Reason blamed = Reason::none;  // a request of nothing but its items was refused
  bool sensitive_dropped = false;
  std::string text;
  std::string partition;  // kept while in line
  std::vector<Range> ranges;

  void reset() {
    uint32_t next_serial = serial + 1;
    *this = Source{};
    serial = next_serial;
  }
};

enum class State : uint8_t {
  unused,
  ready,    // in ready_: is sent when there is a place
  open,     // in open_: an attempt is at the exporter
  resting,  // its own backoff
  parked,   // part of a search, waits for its turn
  purse,    // part of a search, waits for the purse
};

struct Request {
  std::vector<Part> parts;
  uint64_t items = 0, bytes = 0;
  State state = State::unused;
  bool started = false;     // after its first attempt a request is never merged
  bool unknown = false;     // an attempt may have arrived
  bool changed = false;     // items were taken out since the last attempt: an answer to it no longer fits
  bool sample = false;      // of a search
  uint32_t generation = 0;  // of the attempt
  uint32_t previous = kNothing, next = kNothing;  // in ready_
  uint32_t position = 0;                          // in open_
  uint32_t search = kNothing;
  uint32_t tries = 0, probes = 0, throws = 0, exhausted = 0, own_failures = 0;
  uint64_t interval = 0;  // of the backoff
  uint64_t first_try = 0;
  uint64_t deadline = 0;                  // when the open attempt is given up
  uint64_t due = 0;                       // end of the rest
  uint64_t successes_seen = 0;            // of others
  uint64_t rotated_at = 0;                // opening of the gate that would prove that this request is to blame; 0: none
  uint64_t max_items = 0, max_bytes = 0;  // learnt from refusals of this very request
  uint64_t reserved_bytes = 0;            // head-room of the open attempt

  void reset() {
    uint32_t next_generation = generation + 1;
    std::vector<Part> kept = std::move(parts);
    kept.clear();
    *this = Request{};
    parts = std::move(kept);
    generation = next_generation;
  }
};

struct Search {  // of a refused request for the items that are to blame: one part is at work, the others are parked
  std::vector<uint32_t> parked;  // the next one last
  uint32_t refused = 0, passed = 0, samples = 0;
  // for the log
  uint64_t items = 0, requests = 0, refused_items = 0, untried_items = 0;
  Reason reason = Reason::none;
  int32_t code = 0;
  std::string text;

  void reset() {
    std::vector<uint32_t> kept = std::move(parked);
    kept.clear();
    *this = Search{};
    parked = std::move(kept);
  }
};

struct Forming {  // the batch of one partition
  std::string key;
  std::vector<Part> parts;
  uint64_t items = 0, bytes = 0, due = 0;
};

class Delivery::Core {
 public:
  Core(const config::Delivery& settings, const Payload& payload, Budget* budget, uint64_t seed);

  // The events and looks of the public face: door.cc,
  Offered offer(const Offer& offer, uint64_t now, Actions& out);
  Room reserve(uint64_t items, uint64_t bytes, uint64_t now);
  void cancel(uint64_t items, uint64_t bytes, uint64_t now, Actions& out);
  uint64_t pass_over(uint64_t items, bool owner_is_early, uint64_t now, Actions& out);
  uint64_t retry_hint(uint64_t now);

  // clock.cc,
  void timer(uint64_t now, Actions& out);
  void drain(uint64_t backoff_cap, uint64_t now, Actions& out);
  void end_now(uint64_t now, Actions& out);
  void set_limits(const Limits& limits, uint64_t now, Actions& out);

  // delivery.cc,
  Levels recount() const;
  uint64_t imbalance() const;
  Health health() const;

  // attempts.cc
  sluice_status result(uint64_t attempt, const sluice_result& result, uint64_t now, Actions& out);
  void busy(uint64_t attempt, uint64_t now, Actions& out);
  void writable(uint64_t now, Actions& out);

  Book book_;
  SeenCounts seen_{};
  Rules rules_;
  uint64_t used_ = 0;
  uint64_t in_flight_requests_ = 0;
  Slab<Source> sources_;

  // constant after construction
  const bool queue_;
  const bool waits_;  // every answer is the destination's
  const uint64_t capacity_;

 private:
  enum class Gate : uint8_t { open, paused, probing };
  struct Alarm {
    enum class Kind : uint8_t { deadline, search, rest };  // the first two of a source, the last of a request
    uint64_t due;
    uint32_t index, serial;
    Kind kind;
  };
  struct Paced {
    uint64_t until;
    uint32_t source, serial;
  };
  struct Silent {  // a call that passed its deadline and is still inside the exporter
    uint64_t attempt, since;
    bool keeps_place;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  using FormingList = std::list<Forming>;

  // door.cc: who gets a place
  uint64_t units(uint64_t items, uint64_t bytes) const;
  bool has_place() const { return used_ + reserved_ < capacity_; }
  bool stuck(uint64_t now) const { return used_ != 0 && now >= last_progress_ + kStuckAfter; }
  Offered offer_when_full(const Offer& offer, uint64_t now, Actions& out);
  uint32_t new_source(const Offer& offer);
  void place(uint32_t source, std::string_view partition, uint64_t now);
  bool evict_oldest(uint64_t now, Actions& out);
  bool has_backlog(uint64_t now) const;
  void pace(uint32_t source, uint64_t now);
  void release_paced(uint64_t now, Actions& out);
  void admit_waiters(uint64_t now, Actions& out);
  void refuse_waiters(Actions& out);

  // clock.cc: what every event ends with, and what time brings
  void finish_step(uint64_t now, Actions& out);
  void arm(uint64_t now, Actions& out);
  void set_alarm(uint64_t due, uint32_t index, uint32_t serial, Alarm::Kind kind);
  bool is_live(const Alarm& alarm) const;
  void run_alarms(uint64_t now, Actions& out);
  void see(Seen what, uint64_t n = 1) { seen_[static_cast<size_t>(what)] += n; }

  // forming.cc: how sources become requests
  void form(uint32_t source, std::string_view partition, uint64_t now);
  void flush(FormingList::iterator forming, Seen why);
  void flush_all(Seen why);
  void flush_if_nobody_gains();
  uint64_t size_of(uint64_t items, uint64_t bytes) const { return batch_by_bytes_ ? bytes : items; }
  uint64_t bytes_of(const Part& part) const;
  uint64_t items_within(const Part& part, uint64_t max_bytes) const;

  // attempts.cc
  uint64_t place_limit() const;
  bool ordered() const { return place_limit() == 1 && !partitioned_; }
  uint64_t places_used() const { return open_.size() + silent_keeping_; }
  bool may_dispatch(uint64_t now);
  void pump(uint64_t now, Actions& out);
  bool start(uint32_t request, uint64_t now, Actions& out);
  void leave_exporter(uint32_t request);
  void expire_attempts(uint64_t now, Actions& out);
  void go_silent(uint64_t attempt, uint64_t now, Actions& out);
  void forget_silent(uint64_t attempt);
  void free_silent_places(uint64_t now, Actions& out);
  uint64_t attempt_of(uint32_t request) const {
    return static_cast<uint64_t>(requests_[request].generation) << 32 | request;
  }
  void push_front(uint32_t request);
  void push_back(uint32_t request);
  void unlink(uint32_t request);
  void detach(uint32_t request);

  // retry.cc: what an answer means for the request and the destination
  void settle(uint32_t request, const sluice_result& result, bool is_probe, uint64_t now, Actions& out);
  void settle_ranges(uint32_t request, const sluice_result& result, uint64_t now, Actions& out);
  void put_off(uint32_t request, Decision decision, const sluice_result& result, bool is_probe, uint64_t now,
               Actions& out);
  bool give_back_late_sources(uint32_t request, uint64_t next_try, const sluice_result& result, uint64_t now,
                              Actions& out);
  void give_up_overdue(uint64_t now, Actions& out);
  void close_gate(uint32_t request, const Decision& decision, const sluice_result& result, bool is_probe, uint64_t now,
                  Actions& out);
  void probe_again(uint64_t now);
  void open_gate(Actions& out);

  // cutting.cc: splitting, and the search for refused items
  uint32_t take_front(uint32_t request, uint64_t items);
  uint32_t cut_to_limits(uint32_t request, uint64_t now);
  uint64_t half_of(const Request& request) const;
  void too_large(uint32_t request, const Decision& decision, bool learn, uint64_t now);
  void halve(uint32_t request);
  void bisect(uint32_t request, const sluice_result& result, uint64_t now, Actions& out);
  void blame(const Request& request, Reason reason, const sluice_result& result, uint64_t now);
  bool search_is_over(const Request& request, uint64_t now) const;
  void end_search(uint32_t source, uint64_t now, Actions& out);
  void sample(uint32_t request);
  void next_part(uint32_t search, uint64_t now, Actions& out);
  void part_ended(uint32_t search, bool was_sample, Reason reason, const sluice_result* result, uint64_t now,
                  Actions& out);
  bool take_from_purse(uint64_t now);
  void open_purse(uint64_t now);

  // answers.cc: how items end, and who is told
  void end_request(uint32_t request, Reason reason, uint64_t rejected, const sluice_result* result, uint64_t now,
                   Actions& out);
  void end_part(const Part& part, Reason reason, const Request* request, const sluice_result* result, uint64_t now,
                Actions& out);
  void end_items(Source& source, uint64_t items, Reason reason, const Request* request, const sluice_result* result,
                 uint64_t now);
  void end_source_if_done(uint32_t source, uint64_t now, Actions& out);
  void free_request(uint32_t request);
  void answer(Source& source, sluice_status status, uint64_t retry_after, Actions& out);
  void answer_early(Source& source, Actions& out);
  void answer_with_its_end(Source& source, Actions& out);
  void take_back_gone(Reason queued_reason, uint64_t now, Actions& out);
  void take_back_gone(std::vector<Part>& parts, uint64_t& items, uint64_t& bytes, Reason reason, const Request* request,
                      uint64_t now, Actions& out);
  void spare(const Request& request);
  void tell_kept(Actions& out);
  void count_drained(uint64_t units, uint64_t now);
  void note(Notice::Kind kind, Reason reason, uint64_t items, uint64_t delay, const sluice_result* result,
            Actions& out);

  // constant after construction
  const bool block_on_overflow_, batch_, partitioned_, batch_by_bytes_;
  const config::WhenFull when_full_;
  const config::Sizer sizer_;
  const uint64_t consumers_, timeout_, flush_timeout_, min_size_, max_size_;
  const RetrySettings retry_;
  const Payload& payload_;
  Budget* const budget_;

  Random random_;
  Limits limits_;
  Slab<Request> requests_;
  Slab<Search> searches_;

  // the door
  uint64_t reserved_ = 0;      // promised by reserve()
  uint64_t placed_bytes_ = 0;  // of all that has a place
  std::deque<uint32_t> waiters_;
  std::deque<Paced> paced_;
  bool owes_resume_ = false;
  bool told_stuck_ = false;
  uint64_t last_progress_ = 0;
  std::array<uint64_t, kDrainSeconds> drained_{};  // units ended, by second
  uint64_t drained_second_ = 0;

  // forming; in the order of opening, which is the order of `due`
  FormingList forming_;
  std::unordered_map<std::string, FormingList::iterator, Hash, std::equal_to<>> by_key_;
  std::string key_;

  // requests by state
  uint32_t ready_first_ = kNothing, ready_last_ = kNothing;
  std::vector<uint32_t> open_;
  uint64_t resting_ = 0;
  std::vector<Silent> silent_;
  uint64_t silent_keeping_ = 0;

  // the destination
  Gate gate_ = Gate::open;
  bool holding_ = false;
  uint64_t gate_until_ = 0, gate_interval_ = 0, gate_openings_ = 0;
  uint64_t probe_ = 0;  // the attempt that probes or probed last
  std::vector<uint32_t> failed_in_a_row_;
  uint64_t successes_ = 0;
  uint64_t exporter_busy_until_ = 0, no_headroom_until_ = 0;
  std::string last_error_;

  uint64_t alone_until_ = 0;  // until then sources of waiting senders are not merged

  // sizes that pass
  uint64_t learnt_bytes_ = 0, learnt_at_ = 0, refused_bytes_ = 0, largest_passed_ = 0;

  // the purse of searches
  uint64_t purse_ = kPurse, purse_filled_at_ = 0;
  std::deque<uint32_t> purse_line_;

  // time and end
  std::vector<Alarm> alarms_;       // a heap
  uint64_t attempts_due_ = kNever;  // no open attempt's deadline is earlier
  uint64_t armed_ = 0;
  std::vector<std::pair<uint32_t, uint32_t>> spared_;  // sources of this step by number and serial: little is left
  uint64_t backoff_cap_ = 0;
  bool draining_ = false, cut_ = false;
  bool told_degraded_ = false;
};

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_CORE_H
