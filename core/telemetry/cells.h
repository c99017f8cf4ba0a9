// SPDX-License-Identifier: Apache-2.0
// Counters that are changed together and read together. There are several rows of cells; a section changes some cells
// of one row under its sequence number (odd: being changed), so each row balances at every moment and so does the sum
// of their snapshots, whatever time passes between them. Reading single atomics one by one would not: most live sums
// would be off by what moved meanwhile. The first threads that come have rows of their own and write them without any
// locked operation; a row goes on to another thread when its owner ends. All others share the remaining rows: a thread
// that finds one taken goes to the next, so nobody waits for a writer that lost its processor. Cells are modulo 2^64:
// what one row adds another may subtract, only the sum means something.
#ifndef SLUICE_CORE_TELEMETRY_CELLS_H
#define SLUICE_CORE_TELEMETRY_CELLS_H

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace sluice::telemetry {

namespace detail {
inline constexpr uint32_t kNotAsked = UINT32_MAX, kNone = UINT32_MAX - 1;
uint32_t assign_own_row();
inline constinit thread_local uint32_t own_row = kNotAsked;

uint32_t assign_thread_number();
inline constinit thread_local uint32_t thread_number = 0;
}  // namespace detail

// A small number for this thread, the same for its life. Never 0.
inline uint32_t this_thread_number() {
  if (detail::thread_number == 0) detail::thread_number = detail::assign_thread_number();
  return detail::thread_number;
}

// The row that only this thread writes, from 0 to own_rows() - 1; more if it has none.
inline uint32_t this_thread_row() {
  if (detail::own_row == detail::kNotAsked) detail::own_row = detail::assign_own_row();
  return detail::own_row;
}

// Two per processor, a power of two, from 8 to 64.
uint32_t own_rows();

// Lets another thread run: for the rare loops that wait for a writer within its few nanoseconds.
void give_way();

template <size_t kCells>
class ShardedCells {
  struct Row;

 public:
  using Sum = std::array<uint64_t, kCells>;

  ShardedCells() : ShardedCells(own_rows(), own_rows() / 4) {}
  // So many rows with an owner, and so many (at least one) for the other threads.
  ShardedCells(uint32_t own, uint32_t shared) : rows_(new Row[own + shared]), own_(own), shared_(shared) {}
  ShardedCells(const ShardedCells&) = delete;
  ShardedCells& operator=(const ShardedCells&) = delete;

  // Changes that show all at once or not at all. Keep it short: no calls to anything else inside, no second section.
  // [any thread]
  class Section {
   public:
    explicit Section(ShardedCells& cells) : row_(cells.take()) {}
    ~Section() { row_.sequence.store(row_.sequence.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;

    // The release order keeps the odd sequence number in front of the change for a reader that sees the change.
    void add(size_t cell, uint64_t n) {
      auto& value = row_.cells[cell];
      value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_release);
    }
    void subtract(size_t cell, uint64_t n) { add(cell, 0 - n); }

   private:
    Row& row_;
  };

  void add(size_t cell, uint64_t n) { Section(*this).add(cell, n); }

  void move(size_t from, size_t to, uint64_t n) {
    Section section(*this);
    section.subtract(from, n);
    section.add(to, n);
  }

  // The sum of one snapshot per row. Holds up no writer but those that share a row. [any thread]
  Sum sum() const {
    Sum total{};
    for (uint32_t i = 0; i < own_ + shared_; ++i) {
      const Sum row = rows_[i].snapshot();
      for (size_t cell = 0; cell < kCells; ++cell) total[cell] += row[cell];
    }
    return total;
  }

 private:
  struct alignas(64) Row {
    std::atomic<uint64_t> sequence{0};
    std::atomic<uint32_t> tired_readers{0};  // writers keep off, so that one copy succeeds
    std::array<std::atomic<uint64_t>, kCells> cells{};

    bool try_take() {
      uint64_t seen = sequence.load(std::memory_order_relaxed);
      return tired_readers.load(std::memory_order_relaxed) == 0 && (seen & 1) == 0 &&
             sequence.compare_exchange_strong(seen, seen + 1, std::memory_order_acquire, std::memory_order_relaxed);
    }

    bool try_copy(Sum& row) const {
      const uint64_t before = sequence.load(std::memory_order_acquire);
      if (before & 1) return false;
      for (size_t cell = 0; cell < kCells; ++cell) row[cell] = cells[cell].load(std::memory_order_acquire);
      return sequence.load(std::memory_order_relaxed) == before;
    }

    Sum snapshot() {
      constexpr int kTries = 64;
      Sum row;
      for (int i = 0; i < kTries; ++i) {
        if (try_copy(row)) return row;
      }
      tired_readers.fetch_add(1, std::memory_order_relaxed);
      while (!try_copy(row)) give_way();
      tired_readers.fetch_sub(1, std::memory_order_relaxed);
      return row;
    }
  };

  Row& take() {
    const uint32_t own = this_thread_row();
    if (own < own_) [[likely]] {
      Row& row = rows_[own];
      if (row.tired_readers.load(std::memory_order_relaxed) == 0) [[likely]] {
        row.sequence.store(row.sequence.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        return row;
      }
    }
    return take_shared();
  }

  Row& take_shared() {
    uint32_t i = this_thread_number();
    for (uint32_t tries = 0;; ++i) {
      Row& row = rows_[own_ + i % shared_];
      if (row.try_take()) return row;
      if (++tries >= shared_) give_way();
    }
  }

  std::unique_ptr<Row[]> rows_;
  const uint32_t own_, shared_;
};

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_CELLS_H
