// SPDX-License-Identifier: Apache-2.0
#include "core/batch/batch.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/batch/testing.h"

using namespace sluice;
using batch::BatchPtr;
using batch::Charge;
using batch::Made;
using batch::one_log;

namespace {

sluice_segment segment(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), 0};
}

std::string text(const sluice_segment& s) {
  return {reinterpret_cast<const char*>(s.data), s.length_bytes};
}

uint8_t* filled(flow::Budget& budget, const std::string& bytes) {
  uint8_t* buffer = batch::buffer_new(budget, Charge::entry, bytes.size());
  REQUIRE(buffer);
  std::copy(bytes.begin(), bytes.end(), buffer);
  return buffer;
}

// Foreign memory that says when it is given back.
struct Foreign {
  std::vector<std::string> chunks;
  std::vector<uint32_t> message_chunks;
  std::vector<sluice_segment> segments;
  int released = 0;

  sluice_adopt adopt(uint64_t pinned = 0) {
    segments.clear();
    for (auto& chunk : chunks) segments.push_back(segment(chunk));
    sluice_adopt a{};
    a.struct_size = sizeof a;
    a.signal = SLUICE_LOGS;
    a.segments = segments.data();
    a.segment_count = static_cast<uint32_t>(segments.size());
    a.message_chunks = message_chunks.empty() ? nullptr : message_chunks.data();
    a.message_count = static_cast<uint32_t>(message_chunks.empty() ? segments.size() : message_chunks.size());
    a.pinned_bytes = pinned;
    a.release = [](void* self) { ++static_cast<Foreign*>(self)->released; };
    a.release_arg = this;
    return a;
  }
};

}  // namespace

TEST_CASE("seal: valid message, is counted and charged until the last reference goes", "[batch]") {
  flow::Budget budget(1 << 20);
  Made made = batch::seal(SLUICE_LOGS, filled(budget, one_log()), one_log().size());
  REQUIRE(made.status == SLUICE_DONE);
  CHECK(made.batch->item_count == 1);
  CHECK(made.batch->length_bytes == one_log().size());
  CHECK(made.batch->signal == SLUICE_LOGS);
  BatchPtr second = made.batch;
  made.batch.reset();
  CHECK(budget.used_bytes() == one_log().size());
  second.reset();
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("seal: damaged message, is refused, named, and the buffer is gone", "[batch]") {
  flow::Budget budget(1 << 20);
  std::string damaged = one_log().substr(0, 40);
  Made made = batch::seal(SLUICE_LOGS, filled(budget, damaged), damaged.size());
  CHECK(made.status == SLUICE_FAILED_PERMANENT);
  CHECK(made.error.find("not a valid OTLP LogsData message: ") == 0);
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("seal: longer than the buffer or of no signal, is a broken rule", "[batch]") {
  flow::Budget budget(1 << 20);
  CHECK(batch::seal(SLUICE_LOGS, filled(budget, one_log()), 1000).status == SLUICE_INVALID);
  CHECK(batch::seal(7, filled(budget, one_log()), one_log().size()).status == SLUICE_INVALID);
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("adopt: message in one slice, is shared and given back at the end", "[batch]") {
  flow::Budget budget(1 << 20);
  Foreign foreign{{one_log(), one_log()}, {}, {}};
  Made made = batch::adopt(foreign.adopt(4096), budget, Charge::entry);
  REQUIRE(made.status == SLUICE_DONE);
  CHECK(made.batch->item_count == 2);
  CHECK(made.batch->segments[0].data == foreign.segments[0].data);
  CHECK(budget.used_bytes() == 4096);
  CHECK(batch::pinned_bytes(*made.batch.get()) == 4096);
  CHECK(foreign.released == 0);
  made.batch.reset();
  CHECK(foreign.released == 1);
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("adopt: message in chunks, is joined by a copy and given back at once", "[batch]") {
  flow::Budget budget(1 << 20);
  std::string log = one_log();
  Foreign foreign{{log.substr(0, 7), log.substr(7, 30), log.substr(37)}, {3}, {}};
  Made made = batch::adopt(foreign.adopt(1 << 19), budget, Charge::entry);
  REQUIRE(made.status == SLUICE_DONE);
  CHECK(foreign.released == 1);
  CHECK(text(made.batch->segments[0]) == log);
  CHECK(budget.used_bytes() == log.size());
}

TEST_CASE("adopt: one joined and one shared message, keep what each needs", "[batch]") {
  flow::Budget budget(1 << 20);
  std::string log = one_log();
  Foreign foreign{{log.substr(0, 7), log.substr(7), log}, {2, 1}, {}};
  Made made = batch::adopt(foreign.adopt(), budget, Charge::entry);
  REQUIRE(made.status == SLUICE_DONE);
  CHECK(made.batch->item_count == 2);
  CHECK(text(made.batch->segments[0]) == log);
  CHECK(made.batch->segments[1].data == foreign.segments[2].data);
  CHECK(budget.used_bytes() == 2 * log.size());
  made.batch.reset();
  CHECK(foreign.released == 1);
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("adopt: refused, gives nothing back and charges nothing", "[batch]") {
  flow::Budget budget(1000);
  Foreign foreign{{one_log(), "\x0a\x7f"}, {}, {}};
  CHECK(batch::adopt(foreign.adopt(), budget, Charge::entry).status == SLUICE_FAILED_PERMANENT);
  foreign.message_chunks = {3};
  CHECK(batch::adopt(foreign.adopt(), budget, Charge::entry).status == SLUICE_INVALID);
  foreign.message_chunks = {1};
  CHECK(batch::adopt(foreign.adopt(), budget, Charge::entry).status == SLUICE_INVALID);
  foreign.message_chunks = {};
  foreign.chunks = {one_log()};
  budget.charge(900);
  CHECK(batch::adopt(foreign.adopt(), budget, Charge::entry).status == SLUICE_BUSY);
  CHECK(foreign.released == 0);
  CHECK(budget.used_bytes() == 900);
  CHECK(batch::adopt(foreign.adopt(), budget, Charge::inside).status == SLUICE_DONE);
}

TEST_CASE("gather: pieces of batches, share their blocks", "[batch]") {
  flow::Budget budget(1 << 20);
  Foreign foreign{{one_log(), one_log(), one_log()}, {}, {}};
  Made three = batch::adopt(foreign.adopt(), budget, Charge::entry);
  Made one = batch::seal(SLUICE_LOGS, filled(budget, one_log()), one_log().size());
  const uint64_t used = budget.used_bytes();
  sluice_piece pieces[] = {{three.batch.get(), 1, 2}, {one.batch.get(), 0, 1}};
  Made made = batch::gather(pieces);
  REQUIRE(made.status == SLUICE_DONE);
  CHECK(made.batch->item_count == 3);
  CHECK(made.batch->segments[0].data == foreign.segments[1].data);
  CHECK(budget.used_bytes() == used);
  three.batch.reset();
  one.batch.reset();
  CHECK(foreign.released == 0);
  made.batch.reset();
  CHECK(foreign.released == 1);
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("compact: small rest of a large block, is copied and lets the block go", "[batch]") {
  flow::Budget budget(0);
  Foreign small, large;
  small.chunks = {one_log()};
  large.chunks = {one_log(), one_log(), one_log()};
  Made whole = batch::adopt(small.adopt(), budget, Charge::entry);
  Made three = batch::adopt(large.adopt(), budget, Charge::entry);
  const sluice_piece one_of_three[] = {{whole.batch.get(), 0, 1}, {three.batch.get(), 1, 1}};
  Made rest = batch::gather(one_of_three);
  whole.batch.reset();
  three.batch.reset();
  CHECK(batch::pinned_bytes(*rest.batch.get()) == 4 * 58);

  Made compact = batch::compact(rest.batch, budget);
  REQUIRE(compact.batch);
  CHECK(budget.used_bytes() == 5 * 58);
  rest.batch.reset();
  CHECK(small.released == 0);  // all of it is used: shared
  CHECK(large.released == 1);
  CHECK(budget.used_bytes() == 2 * 58);
  CHECK(batch::pinned_bytes(*compact.batch.get()) == 2 * 58);
  CHECK(compact.batch->item_count == 2);
  CHECK(compact.batch->segments[0].data == segment(small.chunks[0]).data);
  CHECK(text(compact.batch->segments[1]) == one_log());

  Made again = batch::compact(compact.batch, budget);
  CHECK(again.batch.get() == compact.batch.get());
  again.batch.reset();
  compact.batch.reset();
  CHECK(small.released == 1);
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("gather: pieces that do not fit together, are a broken rule", "[batch]") {
  flow::Budget budget(1 << 20);
  Made log = batch::seal(SLUICE_LOGS, filled(budget, one_log()), one_log().size());
  Made span = batch::seal(SLUICE_TRACES, filled(budget, ""), 0);
  REQUIRE(span.status == SLUICE_DONE);
  sluice_piece outside[] = {{log.batch.get(), 0, 2}};
  CHECK(batch::gather(outside).status == SLUICE_INVALID);
  sluice_piece mixed[] = {{log.batch.get(), 0, 1}, {span.batch.get(), 0, 1}};
  CHECK(batch::gather(mixed).status == SLUICE_INVALID);
  CHECK(batch::gather({}).status == SLUICE_INVALID);
}
