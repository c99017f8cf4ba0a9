// SPDX-License-Identifier: Apache-2.0
// The ledger's books at the places where the core stands: a receiver's door, a component's edge, the component itself.
// Each keeps items of one signal in cells that balance at every moment; bytes stand in a second set beside them. The
// fourth book, of queue and retry before an exporter, is kept by that code under its own lock and read as WrapperSum.
//
//   door       received = accepted + refused{reason} + open
//   edge       offered = taken + passed_back + returned{reason} + open
//   wrapper    offered + recovered = waiting + queued + in_flight + delivered + dropped{reason} + returned{reason} +
//   left
//
// Books are written by any thread at any time; a change costs some nanoseconds and never waits
// (core/telemetry/cells.h).
#ifndef SLUICE_CORE_TELEMETRY_BOOKS_H
#define SLUICE_CORE_TELEMETRY_BOOKS_H

#include <array>
#include <atomic>
#include <cstdint>

#include "core/flow/book.h"
#include "core/flow/reason.h"
#include "core/telemetry/cells.h"

namespace sluice::flow {
class Delivery;
}

namespace sluice::telemetry {

using flow::Reason;
using Reasons = std::array<uint64_t, flow::kReasons>;

uint64_t total(const Reasons& reasons);

// What one batch weighs.
struct Load {
  uint64_t items = 0;
  uint64_t bytes = 0;
};

// ---- door: what a receiver has sent into the graph, and what its senders were told ----------------------------------
struct DoorSum {
  uint64_t received = 0, accepted = 0;
  int64_t open = 0;
  uint64_t turned_away = 0;  // of refused: never offered to a pipeline
  uint64_t received_bytes = 0, accepted_bytes = 0;
  Reasons refused{};

  // 0 always; anything else is a fault of the book itself.
  int64_t imbalance() const;
  DoorSum& operator+=(const DoorSum&);
};

class DoorBook {
 public:
  // A batch comes in; accept() or refuse() follows with the same load, when its sender is answered.
  void receive(Load load) {
    Cells::Section section(cells_);
    section.add(kReceived, load.items);
    section.add(kOpen, load.items);
    section.add(kReceivedBytes, load.bytes);
  }
  // Answered DONE; `rejected` items of it were refused for good.
  void accept(Load load, uint64_t rejected = 0) {
    Cells::Section section(cells_);
    section.subtract(kOpen, load.items);
    section.add(kAccepted, load.items - rejected);
    section.add(kAcceptedBytes, load.bytes);
    if (rejected != 0) section.add(kRefused + static_cast<size_t>(Reason::rejected), rejected);
  }
  void refuse(Load load, Reason reason) {
    Cells::Section section(cells_);
    section.subtract(kOpen, load.items);
    section.add(kRefused + static_cast<size_t>(reason), load.items);
  }
  // Refused before anything was offered to a pipeline (budget, a message that is not one): instead of receive().
  void turn_away(Load load, Reason reason) {
    Cells::Section section(cells_);
    section.add(kReceived, load.items);
    section.add(kReceivedBytes, load.bytes);
    section.add(kTurnedAway, load.items);
    section.add(kRefused + static_cast<size_t>(reason), load.items);
  }

  DoorSum sum() const;

 private:
  enum Cell : size_t { kReceived, kOpen, kAccepted, kReceivedBytes, kAcceptedBytes, kTurnedAway, kRefused };
  using Cells = ShardedCells<kRefused + flow::kReasons>;
  Cells cells_;
};

// ---- edge: what is offered to one component input, or to a fan-out --------------------------------------------------
struct EdgeSum {
  uint64_t offered = 0, taken = 0;
  int64_t open = 0;
  uint64_t passed_back = 0;  // returned by somebody further down, who counts it
  int64_t fanned = 0;        // copies that a fan-out behind this edge made: (branches called - 1) x items
  uint64_t offered_bytes = 0, taken_bytes = 0;
  Reasons returned{};  // here

  int64_t imbalance() const;
  EdgeSum& operator+=(const EdgeSum&);
};

class EdgeBook {
 public:
  // A batch is handed over; one of take(), pass_back(), give_back() follows with the same load when it is answered.
  void offer(Load load) {
    Cells::Section section(cells_);
    section.add(kOffered, load.items);
    section.add(kOpen, load.items);
    section.add(kOfferedBytes, load.bytes);
  }
  // Answered DONE; `rejected` items of it were refused for good by somebody further down, who counts them.
  void take(Load load, uint64_t rejected = 0) {
    Cells::Section section(cells_);
    section.subtract(kOpen, load.items);
    section.add(kTaken, load.items - rejected);
    section.add(kTakenBytes, load.bytes);
    if (rejected != 0) section.add(kPassedBack, rejected);
  }
  // Not taken, because somebody further down did not take it and counts it.
  void pass_back(Load load) {
    Cells::Section section(cells_);
    section.subtract(kOpen, load.items);
    section.add(kPassedBack, load.items);
  }
  // Not taken by this very component, or refused by the core on its behalf.
  void give_back(Load load, Reason reason) {
    Cells::Section section(cells_);
    section.subtract(kOpen, load.items);
    section.add(kReturned + static_cast<size_t>(reason), load.items);
  }
  // The open batch goes to so many branches. 0 branches: items vanish from the sum, so say why by give_back() instead.
  void fan_out(uint64_t items, uint64_t branches) { cells_.add(kFanned, items * (branches - 1)); }

  EdgeSum sum() const;

 private:
  enum Cell : size_t { kOffered, kOpen, kTaken, kOfferedBytes, kTakenBytes, kPassedBack, kFanned, kReturned };
  using Cells = ShardedCells<kReturned + flow::kReasons>;
  Cells cells_;
};

// ---- component: what edges cannot see -------------------------------------------------------------------------------
struct ComponentSum {
  uint64_t filtered = 0, added = 0;
  int64_t held = 0;
  uint64_t regained = 0;  // offered by it after it had answered OK, and not taken: still held, or dropped by it
  Reasons dropped{};

  ComponentSum& operator+=(const ComponentSum&);
};

class ComponentBook {
 public:
  void filter(uint64_t items) { cells_.add(kFiltered, items); }
  void add(uint64_t items) { cells_.add(kAdded, items); }
  void drop(uint64_t items, Reason reason) { cells_.add(kDropped + static_cast<size_t>(reason), items); }
  // What the component says it keeps now, in all.
  void hold(uint64_t level) {
    uint64_t before = held_.exchange(level, std::memory_order_relaxed);
    cells_.add(kHeld, level - before);
  }
  // A send of items that are already answered was not taken. What may be sent again stays held.
  void regain(uint64_t items) { cells_.add(kRegained, items); }
  // The same, but for good: the core drops them in the component's name.
  void regain_and_drop(uint64_t items, Reason reason) {
    held_.fetch_sub(items, std::memory_order_relaxed);
    Cells::Section section(cells_);
    section.add(kRegained, items);
    section.subtract(kHeld, items);
    section.add(kDropped + static_cast<size_t>(reason), items);
  }

  ComponentSum sum() const;

 private:
  enum Cell : size_t { kFiltered, kAdded, kHeld, kRegained, kDropped };
  using Cells = ShardedCells<kDropped + flow::kReasons>;
  Cells cells_;
  std::atomic<uint64_t> held_{0};
};

// ---- wrapper: queue, retry and timeout before one exporter and signal -----------------------------------------------
struct WrapperSum {
  flow::Book book;
  flow::SeenCounts seen{};
  uint64_t imbalance = 0;                       // of the book, and of its levels against what is really held
  uint64_t queue_size = 0, queue_capacity = 0;  // in the queue's sizer
  uint64_t in_flight_requests = 0;
  uint64_t held_bytes = 0;  // of memory that the batches in the queue keep in use

  WrapperSum& operator+=(const WrapperSum&);
};

// All of it at one moment; under the lock that `delivery` is under.
WrapperSum read_wrapper(const flow::Delivery& delivery);

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_BOOKS_H
