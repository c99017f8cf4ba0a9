// SPDX-License-Identifier: Apache-2.0
// What goes into a wrapper (flow::Delivery) and what comes out of it: plain values, no behaviour.
#ifndef SLUICE_CORE_FLOW_EVENTS_H
#define SLUICE_CORE_FLOW_EVENTS_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/flow/reason.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::flow {

// An exporter that keeps its deadline answers at the deadline, not before it: so much later its call is given up.
inline constexpr uint64_t kAnswerGrace = 100'000'000;

// How large parts of a source are; asked only when something must be cut by bytes. Called inside of a step, hence under
// the shell's lock: must neither block nor call into the wrapper.
class Payload {
 public:
  virtual ~Payload() = default;
  // Bytes of a message with items [first, first + count) of the source.
  virtual uint64_t bytes(uint64_t source, uint64_t first, uint64_t count) const = 0;
  // How many items from `first` on fit into `max_bytes`; may be 0.
  virtual uint64_t items_within(uint64_t source, uint64_t first, uint64_t max_bytes) const = 0;
};

// ---- in ------------------------------------------------------------------------------------------------------------
struct Offer {
  uint64_t source = 0;  // the shell's own name for this batch, for instance a pointer; must be unused
  uint64_t items = 0;   // 0: taken, counted nowhere, and released at once
  uint64_t bytes = 0;
  uint64_t deadline_mono_ns = 0;   // of the sender's call; 0: none. Ignored once the sender has been answered
  std::string_view partition;      // equal for what may be merged: the values of metadata_keys, encoded by the shell
  bool sensitive_dropped = false;  // never merged with what has its sensitive keys
  bool reserved = false;           // commits a reservation made with the same items and bytes
};

enum class Verdict : uint8_t {
  taken,    // answer DONE | EARLY now. The source is the wrapper's until `released`
  pending,  // an answer follows in Actions::answers; the source is the wrapper's until `released`
  busy,     // answer BUSY with the hint; nothing was kept, `resume` follows
  failed,   // answer FAILED_RETRYABLE with the hint; nothing was kept, no `resume` follows
};
struct Offered {
  Verdict verdict = Verdict::taken;
  uint64_t retry_after_ns = 0;
  Reason reason = Reason::none;  // of busy and failed
};

enum class Room : uint8_t {
  reserved,  // a place is kept: follow with offer(reserved) or cancel()
  always,    // an offer is taken whatever comes (no queue, or when_full drops); nothing to cancel
  waits,     // an offer would be pending until there is a place (block_on_overflow); nothing to cancel
  full,      // no place, but the queue progresses: refuse the batch for all branches
  stuck,     // no place and nothing has ended for 5 s: other branches may go on without this one (pass_over)
  stopping,  // takes nothing more
};

struct Limits {  // sluice_host::set_limits of the exporter; 0: none
  uint32_t max_in_flight = 0;
  uint64_t max_items = 0;
  uint64_t max_bytes = 0;
};

// ---- out -----------------------------------------------------------------------------------------------------------
struct Slice {  // items [first, first + count) of a source
  uint64_t source;
  uint64_t first;
  uint64_t count;
};

struct Dispatch {             // make one batch of the slices, in this order, and give it to the exporter
  uint64_t attempt;           // comes back in result(); never 0, never used twice
  uint64_t deadline_mono_ns;  // 0: none
  uint64_t items;
  uint64_t bytes;        // an estimate where sources were cut
  uint32_t first_slice;  // in Actions::slices
  uint32_t slice_count;
  uint32_t tries;  // 1: the first attempt of this request
};

struct Keep {  // of a source that waits, only these slices are still needed: a copy of them may take less room
  uint64_t source;
  uint32_t first_slice;  // in Actions::slices; later slices of the source lie inside of these
  uint32_t slice_count;
};

struct Range {  // items of the source that were refused for good
  uint64_t first;
  uint64_t count;
  int32_t code;
};

struct Answer {  // to the sender of a source whose offer was `pending`; exactly one for each
  uint64_t source;
  sluice_status status;  // DONE, FAILED_RETRYABLE, FAILED_PERMANENT, CANCELLED
  int32_t code;
  uint32_t flags;  // SLUICE_RESULT_*
  uint64_t rejected_items;
  uint64_t retry_after_ns;
  std::string text;
  std::vector<Range> ranges;  // all rejected items, ascending; empty if it is not known which they are
};

struct Notice {  // for the collector's log; the shell writes it, rate-limited, with the exporter's id
  enum class Kind : uint8_t {
    retrying,    // "Exporting failed. Will retry the request after interval."
    dropping,    // "Exporting failed. Dropping data."
    rejecting,   // "Exporting failed. Rejecting data.": the sender was told
    paused,      // the destination refuses or is unreachable: nothing is sent until a probe passes
    opened,      // a probe passed
    holding,     // credentials or address are wrong: probed slowly until somebody acts
    splitting,   // too large: cut into smaller requests
    halving,     // fails alone while others pass: goes on in halves
    bisecting,   // refused: a search for the items that are to blame begins
    searched,    // it has ended: `items` of `of_items` were refused, after so many requests
    stuck,       // full, and nothing has ended for 5 s
    silent,      // calls that passed their deadline are still inside the exporter
    misbehaves,  // the answer broke a rule of the border
    partial,     // delivered, but the destination rejected items
    overflow,    // when_full drops
  };
  Kind kind;
  Reason reason = Reason::none;
  uint64_t items = 0;
  uint64_t of_items = 0;
  uint64_t untried_items = 0;  // of `items`: refused with the rest, since the sender could not wait
  uint64_t requests = 0;
  uint64_t delay_ns = 0;
  int32_t code = 0;
  std::string text;  // the destination's words
};
std::string_view message(Notice::Kind kind);

struct Actions {  // of one step, to be run in this order after the lock is left
  std::vector<Dispatch> dispatches;
  std::vector<Slice> slices;  // of dispatches and keeps
  std::vector<Answer> answers;
  std::vector<Keep> keeps;
  std::vector<uint64_t> released;  // sources of which nothing is left here: drop the batch
  std::vector<Notice> notices;
  uint64_t timer_mono_ns = 0;   // not 0: call timer() then; replaces what was asked for before
  bool resume = false;          // there is a place again: tell the senders that got `busy`
  bool health_changed = false;  // ask Delivery::health()
  bool empty = false;           // draining, and nothing is left here

  void clear() {
    dispatches.clear(), slices.clear(), answers.clear(), keeps.clear(), released.clear(), notices.clear();
    timer_mono_ns = 0;
    resume = health_changed = empty = false;
  }
};

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_EVENTS_H
