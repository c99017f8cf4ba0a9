// SPDX-License-Identifier: Apache-2.0
// The books under many threads: no snapshot, taken while they write, may fail to balance.
#include "core/telemetry/books.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "core/telemetry/cells.h"

namespace sluice::telemetry {
namespace {

// Runs `write(thread, round)` in several threads until `snapshots` were taken by `check`, then once more at rest.
template <class Write, class Check>
void while_writing(Write write, int snapshots, Check check) {
  constexpr unsigned kThreads = 4;
  std::atomic<bool> stop{false};
  std::atomic<unsigned> started{0};
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint64_t round = 0; round == 0 || !stop.load(std::memory_order_relaxed); ++round) {
        write(thread, round);
        if (round == 0) ++started;
      }
    });
  }
  while (started < kThreads) std::this_thread::yield();
  for (int i = 0; i < snapshots; ++i) check();
  stop = true;
  for (auto& thread : threads) thread.join();
  check();
}

constexpr int kSnapshots = 20'000;

TEST_CASE("cells: sums of live snapshots, moves balance in each", "[telemetry]") {
  // A row for each thread, for some and for none of them; more shared rows than threads, as many, and one for all:
  // where threads collide, sections must still exclude each other.
  const auto [own, shared] = GENERATE(table<uint32_t, uint32_t>({{64, 1}, {2, 1}, {0, 16}, {0, 4}, {0, 1}}));
  CAPTURE(own, shared);
  ShardedCells<3> cells(own, shared);
  cells.add(0, 1'000'000);
  int unbalanced = 0;
  while_writing([&](unsigned, uint64_t round) { cells.move(round % 3, (round + 1) % 3, round % 7); }, kSnapshots,
                [&] {
                  auto sum = cells.sum();
                  unbalanced += sum[0] + sum[1] + sum[2] != 1'000'000;
                });
  CHECK(unbalanced == 0);
}

TEST_CASE("cells: counts of many threads, none is lost", "[telemetry]") {
  ShardedCells<1> cells(4, 2);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20'000; ++n) cells.add(0, 3);
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(cells.sum()[0] == 8u * 20'000u * 3u);
}

TEST_CASE("cells: rows of threads that ended, go on to others with what stands in them", "[telemetry]") {
  ShardedCells<1> cells;
  const uint64_t threads = 4 * own_rows();
  for (uint64_t i = 0; i < threads; ++i) {
    uint32_t row = 0;
    std::thread([&] {
      row = this_thread_row();
      cells.add(0, 1);
    }).join();
    CHECK(row < own_rows());
  }
  CHECK(cells.sum()[0] == threads);
}

TEST_CASE("cells: more threads than rows, the rest share", "[telemetry]") {
  ShardedCells<1> cells;
  std::atomic<uint32_t> without{0}, waiting{0};
  const uint32_t count = own_rows() + 8;
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      if (this_thread_row() >= own_rows()) ++without;
      for (++waiting; waiting < count;) give_way();  // all of them at once
      for (int n = 0; n < 1000; ++n) cells.add(0, 1);
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(without >= 8);
  CHECK(cells.sum()[0] == count * 1000u);
}

TEST_CASE("door: every answer, ends in its cell", "[telemetry]") {
  DoorBook door;
  door.receive({10, 1000});
  CHECK(door.sum().open == 10);
  door.accept({10, 1000}, 3);
  door.receive({5, 500});
  door.refuse({5, 500}, Reason::queue_full);
  door.turn_away({7, 700}, Reason::budget);
  door.receive({2, 200});

  DoorSum sum = door.sum();
  CHECK(sum.received == 24);
  CHECK(sum.received_bytes == 2400);
  CHECK(sum.accepted == 7);
  CHECK(sum.accepted_bytes == 1000);
  CHECK(sum.refused[static_cast<size_t>(Reason::rejected)] == 3);
  CHECK(sum.refused[static_cast<size_t>(Reason::queue_full)] == 5);
  CHECK(sum.refused[static_cast<size_t>(Reason::budget)] == 7);
  CHECK(total(sum.refused) == 15);
  CHECK(sum.turned_away == 7);
  CHECK(sum.open == 2);
  CHECK(sum.imbalance() == 0);
}

TEST_CASE("edge: every answer, ends in its cell", "[telemetry]") {
  EdgeBook edge;
  edge.offer({10, 100});
  edge.fan_out(10, 3);
  edge.take({10, 100}, 4);
  edge.offer({5, 50});
  edge.pass_back({5, 50});
  edge.offer({3, 30});
  edge.give_back({3, 30}, Reason::invalid);
  edge.offer({1, 10});

  EdgeSum sum = edge.sum();
  CHECK(sum.offered == 19);
  CHECK(sum.taken == 6);
  CHECK(sum.passed_back == 9);
  CHECK(sum.returned[static_cast<size_t>(Reason::invalid)] == 3);
  CHECK(sum.fanned == 20);
  CHECK(sum.open == 1);
  CHECK(sum.offered_bytes == 190);
  CHECK(sum.taken_bytes == 100);
  CHECK(sum.imbalance() == 0);
}

TEST_CASE("component: held is a level, what the core drops lowers it", "[telemetry]") {
  ComponentBook component;
  component.hold(100);
  component.hold(40);
  component.filter(5);
  component.add(6);
  component.drop(7, Reason::ttl);
  component.regain(20);
  component.regain_and_drop(15, Reason::permanent);
  CHECK(component.sum().held == 25);
  component.hold(25);  // what the component says next is without them already

  ComponentSum sum = component.sum();
  CHECK(sum.held == 25);
  CHECK(sum.filtered == 5);
  CHECK(sum.added == 6);
  CHECK(sum.regained == 35);
  CHECK(sum.dropped[static_cast<size_t>(Reason::ttl)] == 7);
  CHECK(sum.dropped[static_cast<size_t>(Reason::permanent)] == 15);
}

TEST_CASE("books: used by several threads, every live snapshot balances", "[telemetry]") {
  DoorBook door;
  EdgeBook edge;
  int unbalanced = 0;
  uint64_t last_received = 0;
  bool went_back = false;
  while_writing(
      [&](unsigned thread, uint64_t round) {
        Load load{round % 13 + 1, round % 1000};
        door.receive(load);
        edge.offer(load);
        if (round % 3 == thread % 3) {
          edge.take(load, load.items / 2);
          door.accept(load, load.items / 2);
        } else if (round % 5 == 0) {
          edge.give_back(load, Reason::queue_full);
          door.refuse(load, Reason::queue_full);
        } else {
          edge.pass_back(load);
          door.refuse(load, Reason::permanent);
        }
        door.turn_away({1, 1}, Reason::budget);
      },
      kSnapshots,
      [&] {
        DoorSum at_door = door.sum();
        unbalanced += at_door.imbalance() != 0;
        unbalanced += edge.sum().imbalance() != 0;
        went_back |= at_door.received < last_received;
        last_received = at_door.received;
      });
  CHECK(unbalanced == 0);
  CHECK_FALSE(went_back);
  CHECK(door.sum().open == 0);
  CHECK(edge.sum().open == 0);
}

// One "move" is one section with two cells.
TEST_CASE("cells: cost of a move", "[!benchmark]") {
  ShardedCells<24> cells;
  constexpr uint64_t kMoves = 1000;
  auto move_often = [&] {
    for (uint64_t i = 0; i < kMoves; ++i) cells.move(1, 2, i);
    return kMoves;
  };
  BENCHMARK("cells/1000 moves/1 thread") {
    return move_often();
  };

  std::atomic<bool> stop{false};
  std::thread beside([&] {
    while (!stop.load(std::memory_order_relaxed)) move_often();
  });
  BENCHMARK("cells/1000 moves/2 threads") {
    return move_often();
  };
  stop = true;
  beside.join();

  EdgeBook edge;
  BENCHMARK("edge/1000 offers and takes/1 thread") {
    for (uint64_t i = 0; i < kMoves; ++i) {
      edge.offer({i, i});
      edge.take({i, i});
    }
    return kMoves;
  };
  BENCHMARK("edge/sum") {
    return edge.sum();
  };
}

}  // namespace
}  // namespace sluice::telemetry
