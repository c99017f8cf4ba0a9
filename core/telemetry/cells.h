// SPDX-License-Identifier: Apache-2.0
// Counters that are changed together and read together. A row of cells exists once per shard; a section changes some
// cells of one shard under its sequence number (odd: being changed), so each shard balances at every moment and so does
// the sum of their snapshots, whatever time passes between them. Reading single atomics one by one would not: most
// live sums would be off by what moved meanwhile.
// Shards are picked by thread, and a thread that finds its shard taken goes to the next: nobody waits for a writer that
// lost its processor, and threads come and go without registration. Cells are modulo 2^64: what one shard adds another
// may subtract, only the sum means something.
#ifndef SLUICE_CORE_TELEMETRY_CELLS_H
#define SLUICE_CORE_TELEMETRY_CELLS_H

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace sluice::telemetry {

namespace detail {
uint32_t assign_thread_number();
inline constinit thread_local uint32_t thread_number = 0;
}  // namespace detail

// A small number for this thread, the same for its life. Never 0.
inline uint32_t this_thread_number() {
  if (detail::thread_number == 0) detail::thread_number = detail::assign_thread_number();
  return detail::thread_number;
}

// Two per processor, a power of two, at most 64.
uint32_t shard_count();

// Lets another thread run: for the rare loops that wait for a writer within its few nanoseconds.
void give_way();

template <size_t kCells>
class ShardedCells {
  struct Shard;

 public:
  using Sum = std::array<uint64_t, kCells>;

  explicit ShardedCells(uint32_t shards = shard_count()) : shards_(new Shard[shards]), mask_(shards - 1) {}
  ShardedCells(const ShardedCells&) = delete;
  ShardedCells& operator=(const ShardedCells&) = delete;

  // Changes that show all at once or not at all. Keep it short: no calls to anything else inside. [any thread]
  class Section {
   public:
    explicit Section(ShardedCells& cells) : shard_(cells.take()) {}
    ~Section() {
      shard_.sequence.store(shard_.sequence.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;

    // The release order keeps the odd sequence number in front of the change for a reader that sees the change.
    void add(size_t cell, uint64_t n) {
      auto& value = shard_.cells[cell];
      value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_release);
    }
    void subtract(size_t cell, uint64_t n) { add(cell, 0 - n); }

   private:
    Shard& shard_;
  };

  void add(size_t cell, uint64_t n) { Section(*this).add(cell, n); }

  void move(size_t from, size_t to, uint64_t n) {
    Section section(*this);
    section.subtract(from, n);
    section.add(to, n);
  }

  // The sum of one snapshot per shard. Never blocks writers for longer than it takes to copy one row. [any thread]
  Sum sum() const {
    Sum total{};
    for (uint32_t i = 0; i <= mask_; ++i) {
      Sum row = shards_[i].snapshot();
      for (size_t cell = 0; cell < kCells; ++cell) total[cell] += row[cell];
    }
    return total;
  }

 private:
  struct alignas(64) Shard {
    std::atomic<uint64_t> sequence{0};
    std::array<std::atomic<uint64_t>, kCells> cells{};

    bool try_take() {
      uint64_t seen = sequence.load(std::memory_order_relaxed);
      return (seen & 1) == 0 &&
             sequence.compare_exchange_strong(seen, seen + 1, std::memory_order_acquire, std::memory_order_relaxed);
    }

    bool try_copy(Sum& row) const {
      uint64_t before = sequence.load(std::memory_order_acquire);
      if (before & 1) return false;
      for (size_t cell = 0; cell < kCells; ++cell) row[cell] = cells[cell].load(std::memory_order_acquire);
      return sequence.load(std::memory_order_relaxed) == before;
    }

    Sum snapshot() {
      constexpr int kOptimisticTries = 64;
      Sum row;
      for (int i = 0; i < kOptimisticTries; ++i) {
        if (try_copy(row)) return row;
      }
      // Writers are faster than the copy: hold them off for once.
      while (!try_take()) give_way();
      for (size_t cell = 0; cell < kCells; ++cell) row[cell] = cells[cell].load(std::memory_order_relaxed);
      sequence.store(sequence.load(std::memory_order_relaxed) + 1, std::memory_order_release);
      return row;
    }
  };

  Shard& take() {
    uint32_t i = this_thread_number();
    for (uint32_t tries = 0;; ++i) {
      Shard& shard = shards_[i & mask_];
      if (shard.try_take()) [[likely]] {
        return shard;
      }
      if (++tries > mask_) give_way();
    }
  }

  std::unique_ptr<Shard[]> shards_;
  const uint32_t mask_;
};

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_CELLS_H
