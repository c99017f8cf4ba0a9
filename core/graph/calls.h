// SPDX-License-Identifier: Apache-2.0
// The open calls of consume(). A token is a number, {place, generation}, not memory: a used, foreign or cancelled one
// is found out and refused in every build. The table joins the two events that end a call, its return and complete(),
// in whatever order and on whatever threads they come.
//
//              .--- returned(not PENDING) ---------------------------> free
//   calling ---+--- returned(PENDING) -----> pending --- complete() --> free, delivered
//              '--- complete() ---> answered --- returned() ----------> free, answer given back by returned()
#ifndef SLUICE_CORE_GRAPH_CALLS_H
#define SLUICE_CORE_GRAPH_CALLS_H

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/graph/edge.h"
#include "core/graph/outcome.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::graph {

class CallTable {
 public:
  CallTable();
  ~CallTable();
  CallTable(const CallTable&) = delete;
  CallTable& operator=(const CallTable&) = delete;

  // Before consume() is called. `callee` is who may complete it.
  sluice_token open(const void* callee, const Reply& reply);

  // consume() has returned. The outcome is final unless PENDING. `completed_too`: the component completed the call and
  // returned something else than PENDING: its completion counts, its return value broke a rule.
  Outcome returned(sluice_token token, sluice_status status, bool& completed_too);

  // complete() of the plugin. DONE; INVALID: a used or foreign token; CANCELLED: the core has answered for it.
  sluice_status complete(const void* callee, sluice_token token, Outcome outcome);

  // Answers every pending call of the callee with CANCELLED. Returns how many there were.
  size_t cancel(const void* callee);

 private:
  enum State : uint64_t { kFree, kCalling, kAnswering, kAnswered, kPending };
  struct alignas(64) Place {
    std::atomic<uint64_t> state{kFree};  // generation << 3 | State
    std::atomic<const void*> callee{nullptr};
    std::atomic<uint32_t> next_free{0};
    std::atomic<uint32_t> cancelled{0};  // generation that the core answered last
    Reply reply;
    Outcome outcome;
  };
  static constexpr uint32_t kSlabSize = 256;
  static constexpr uint32_t kMaxSlabs = 4096;
  static constexpr uint32_t kShards = 16;
  struct alignas(64) Shard {
    std::atomic<uint64_t> head{0};  // change count << 32 | number of the first free place + 1; 0: empty
  };

  Place& place(uint32_t number) {
    return slabs_[number / kSlabSize].load(std::memory_order_acquire)[number % kSlabSize];
  }
  // Places that a thread keeps for its next calls: most end on the stack that opened them.
  struct Spares;
  struct Living;
  static Spares& spares();

  uint32_t take_free();
  void give_free(uint32_t number);
  void give_to_shard(uint32_t number);
  void grow(Shard& shard);

  const uint64_t id_;  // never used twice: a thread may still hold spares of a table that is gone
  std::array<Shard, kShards> shards_;
  std::array<std::atomic<Place*>, kMaxSlabs> slabs_{};
  std::atomic<uint32_t> slab_count_{0};
  std::mutex growing_;
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_CALLS_H
