// SPDX-License-Identifier: Apache-2.0
#include "core/graph/calls.h"

#include <map>
#include <new>
#include <thread>
#include <utility>

#include "core/telemetry/cells.h"

namespace sluice::graph {
namespace {

constexpr uint64_t kStateBits = 3;
constexpr uint64_t kStateMask = (1u << kStateBits) - 1;
constexpr uint32_t kGenerationMask = 0x1fff'ffff;

uint64_t pack(uint32_t generation, uint64_t state) {
  return uint64_t{generation} << kStateBits | state;
}
uint32_t generation_of(uint64_t packed) {
  return static_cast<uint32_t>(packed >> kStateBits) & kGenerationMask;
}
uint32_t place_of(sluice_token token) {
  return static_cast<uint32_t>(token);
}
uint32_t generation_of_token(sluice_token token) {
  return static_cast<uint32_t>(token >> 32);
}

}  // namespace

// The tables that a thread's spares can be given back to.
struct CallTable::Living {
  std::mutex mutex;
  std::map<uint64_t, CallTable*> tables;
  uint64_t last_id = 0;

  static Living& all() {
    static auto* living = new Living;  // outlives the threads that end after main()
    return *living;
  }
  uint64_t add(CallTable* table) {
    std::lock_guard lock(mutex);
    tables[++last_id] = table;
    return last_id;
  }
  void remove(uint64_t id) {
    std::lock_guard lock(mutex);
    tables.erase(id);
  }
};

struct CallTable::Spares {
  uint64_t table = 0;
  uint32_t count = 0;
  std::array<uint32_t, 4> numbers{};

  void give_back() {
    Living& living = Living::all();
    std::lock_guard lock(living.mutex);
    const auto found = living.tables.find(table);
    if (found != living.tables.end()) {
      for (uint32_t i = 0; i < count; ++i) found->second->give_to_shard(numbers[i]);
    }
    count = 0;
  }
};

CallTable::Spares& CallTable::spares() {
  static constinit thread_local Spares spares;
  return spares;
}

CallTable::CallTable() : id_(Living::all().add(this)) {}

CallTable::~CallTable() {
  Living::all().remove(id_);
  for (auto& slab : slabs_) delete[] slab.load();
}

uint32_t CallTable::take_free() {
  Spares& mine = spares();
  if (mine.table == id_ && mine.count != 0) return mine.numbers[--mine.count];
  Shard& shard = shards_[telemetry::this_thread_number() % kShards];
  for (;;) {
    uint64_t head = shard.head.load(std::memory_order_acquire);
    const auto first = static_cast<uint32_t>(head);
    if (first == 0) {
      grow(shard);
      continue;
    }
    const uint64_t next = ((head >> 32) + 1) << 32 | place(first - 1).next_free.load(std::memory_order_relaxed);
    if (shard.head.compare_exchange_weak(head, next, std::memory_order_acq_rel)) return first - 1;
  }
}

void CallTable::give_free(uint32_t number) {
  Spares& mine = spares();
  if (mine.table != id_) {
    struct AtThreadEnd {
      ~AtThreadEnd() { spares().give_back(); }
    };
    static thread_local AtThreadEnd at_thread_end;
    mine.give_back();
    mine.table = id_;
  }
  if (mine.count < mine.numbers.size()) {
    mine.numbers[mine.count++] = number;
  } else {
    give_to_shard(number);
  }
}

void CallTable::give_to_shard(uint32_t number) {
  Shard& shard = shards_[telemetry::this_thread_number() % kShards];
  uint64_t head = shard.head.load(std::memory_order_relaxed);
  do {
    place(number).next_free.store(static_cast<uint32_t>(head), std::memory_order_relaxed);
  } while (!shard.head.compare_exchange_weak(head, ((head >> 32) + 1) << 32 | (number + 1), std::memory_order_acq_rel));
}

void CallTable::grow(Shard& shard) {
  std::lock_guard lock(growing_);
  if (static_cast<uint32_t>(shard.head.load(std::memory_order_acquire)) != 0) return;
  const uint32_t slab = slab_count_.load();
  if (slab == kMaxSlabs) throw std::bad_alloc();  // a million open calls: memory is gone in any case
  slabs_[slab].store(new Place[kSlabSize], std::memory_order_release);
  slab_count_.store(slab + 1);
  for (uint32_t i = 0; i < kSlabSize; ++i) give_to_shard(slab * kSlabSize + i);
}

sluice_token CallTable::open(const void* callee, const Reply& reply) {
  const uint32_t number = take_free();
  Place& p = place(number);
  const uint32_t generation = (generation_of(p.state.load(std::memory_order_relaxed)) + 1) & kGenerationMask;
  p.callee.store(callee, std::memory_order_relaxed);
  p.reply = reply;
  p.state.store(pack(generation, kCalling), std::memory_order_release);
  return uint64_t{generation} << 32 | number;
}

Outcome CallTable::returned(sluice_token token, sluice_status status, bool& completed_too) {
  const uint32_t number = place_of(token), generation = generation_of_token(token);
  Place& p = place(number);
  uint64_t calling = pack(generation, kCalling);
  completed_too = false;
  const bool pending = status == SLUICE_PENDING;
  if (p.state.compare_exchange_strong(calling, pack(generation, pending ? kPending : kFree),
                                      std::memory_order_acq_rel)) {
    if (!pending) give_free(number);
    return Outcome(status);
  }
  while (p.state.load(std::memory_order_acquire) != pack(generation, kAnswered)) telemetry::give_way();
  Outcome outcome = std::move(p.outcome);
  p.outcome = Outcome();
  p.state.store(pack(generation, kFree), std::memory_order_release);
  give_free(number);
  completed_too = !pending;
  return outcome;
}

sluice_status CallTable::complete(const void* callee, sluice_token token, Outcome outcome) {
  const uint32_t number = place_of(token), generation = generation_of_token(token);
  if (number >= slab_count_.load(std::memory_order_acquire) * kSlabSize) return SLUICE_INVALID;
  Place& p = place(number);
  if (p.callee.load(std::memory_order_relaxed) != callee) return SLUICE_INVALID;
  uint64_t seen = pack(generation, kCalling);
  if (p.state.compare_exchange_strong(seen, pack(generation, kAnswering), std::memory_order_acq_rel)) {
    p.outcome = std::move(outcome);
    p.state.store(pack(generation, kAnswered), std::memory_order_release);
    return SLUICE_DONE;
  }
  // `returned` may have made it pending in between, so `seen` is looked at again.
  if (seen == pack(generation, kPending) &&
      p.state.compare_exchange_strong(seen, pack(generation, kFree), std::memory_order_acq_rel)) {
    const Reply reply = p.reply;
    give_free(number);
    reply.deliver(std::move(outcome));
    return SLUICE_DONE;
  }
  return p.cancelled.load() == generation ? SLUICE_CANCELLED : SLUICE_INVALID;
}

size_t CallTable::cancel(const void* callee) {
  size_t cancelled = 0;
  const uint32_t places = slab_count_.load(std::memory_order_acquire) * kSlabSize;
  for (uint32_t number = 0; number < places; ++number) {
    Place& p = place(number);
    uint64_t seen = p.state.load(std::memory_order_acquire);
    if ((seen & kStateMask) != kPending || p.callee.load(std::memory_order_relaxed) != callee) continue;
    const uint32_t generation = generation_of(seen);
    p.cancelled.store(generation);
    if (!p.state.compare_exchange_strong(seen, pack(generation, kFree), std::memory_order_acq_rel)) continue;
    const Reply reply = p.reply;
    give_free(number);
    reply.deliver(Outcome(SLUICE_CANCELLED, flow::Reason::shutdown));
    ++cancelled;
  }
  return cancelled;
}

}  // namespace sluice::graph
