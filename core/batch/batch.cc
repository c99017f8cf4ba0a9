// SPDX-License-Identifier: Apache-2.0
#include "core/batch/batch.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include "plugins/wire/check.h"

namespace sluice::batch {
namespace {

// Memory that segments point into. Own memory lies behind this header; adopted memory is given back by a call.
struct alignas(16) Block {
  std::atomic<uint32_t> references{1};
  flow::Budget* budget;
  uint64_t charged_bytes;
  void (*give_back)(void*);
  void* give_back_arg;

  uint8_t* memory() { return reinterpret_cast<uint8_t*>(this + 1); }
  static Block* of(uint8_t* memory) { return reinterpret_cast<Block*>(memory) - 1; }

  static Block* make(flow::Budget& budget, uint64_t charged, uint64_t capacity, void (*give_back)(void*) = nullptr,
                     void* arg = nullptr) {
    if (capacity > PTRDIFF_MAX - sizeof(Block)) return nullptr;
    void* place = std::malloc(sizeof(Block) + capacity);
    return place ? new (place) Block{1, &budget, charged, give_back, arg} : nullptr;
  }
  Block* share() {
    references.fetch_add(1, std::memory_order_relaxed);
    return this;
  }
  void drop() {
    if (references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (give_back) give_back(give_back_arg);
    budget->release(charged_bytes);
    this->~Block();
    std::free(this);
  }
};

// One allocation: this header, the segments, then the block of each segment.
struct CountedBatch : sluice_batch {
  std::atomic<uint32_t> references;

  sluice_segment* own_segments() { return reinterpret_cast<sluice_segment*>(this + 1); }
  Block** blocks() { return reinterpret_cast<Block**>(own_segments() + segment_count); }

  static CountedBatch* make(sluice_signal signal, uint32_t segment_count) {
    const size_t size = sizeof(CountedBatch) + segment_count * (sizeof(sluice_segment) + sizeof(Block*));
    void* place = std::malloc(size);
    if (!place) return nullptr;
    auto* batch = new (place) CountedBatch{};
    batch->references.store(1, std::memory_order_relaxed);
    batch->struct_size = sizeof(sluice_batch);
    batch->signal = signal;
    batch->segment_count = segment_count;
    batch->segments = batch->own_segments();
    return batch;
  }
  void set(uint32_t i, const sluice_segment& segment, Block* block) {
    own_segments()[i] = segment;
    blocks()[i] = block;
    item_count += segment.item_count;
    length_bytes += segment.length_bytes;
  }
};
static_assert(alignof(CountedBatch) <= 16 && sizeof(CountedBatch) % alignof(sluice_segment) == 0);

CountedBatch* counted(const sluice_batch* batch) {
  return const_cast<CountedBatch*>(static_cast<const CountedBatch*>(batch));
}

bool known(sluice_signal signal) {
  return signal >= SLUICE_TRACES && signal <= SLUICE_LOGS;
}

Made failed(sluice_status status, std::string text) {
  return {status, {}, std::move(text)};
}

std::string_view message_name(sluice_signal signal) {
  constexpr std::string_view kNames[] = {"TracesData", "MetricsData", "LogsData"};
  return kNames[signal];
}

Made not_a_message(sluice_signal signal, const wire::Checked& checked) {
  return failed(SLUICE_FAILED_PERMANENT,
                "not a valid OTLP " + std::string(message_name(signal)) + " message: " + checked.describe());
}

Made out_of_memory() {
  return failed(SLUICE_BUSY, "out of memory");
}

}  // namespace

void retain(const sluice_batch* batch) {
  counted(batch)->references.fetch_add(1, std::memory_order_relaxed);
}

void release(const sluice_batch* batch) {
  CountedBatch* mine = counted(batch);
  if (mine->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  for (uint32_t i = 0; i < mine->segment_count; ++i) mine->blocks()[i]->drop();
  mine->~CountedBatch();
  std::free(mine);
}

BatchPtr BatchPtr::share(const sluice_batch* batch) {
  if (batch) retain(batch);
  return BatchPtr(batch);
}

void BatchPtr::reset() {
  if (batch_) batch::release(std::exchange(batch_, nullptr));
}

uint8_t* buffer_new(flow::Budget& budget, Charge charge, uint64_t capacity_bytes) {
  if (charge == Charge::inside) {
    budget.charge(capacity_bytes);
  } else if (!budget.enter(capacity_bytes)) {
    return nullptr;
  }
  Block* block = Block::make(budget, capacity_bytes, capacity_bytes);
  if (!block) budget.release(capacity_bytes);
  return block ? block->memory() : nullptr;
}

void buffer_free(uint8_t* buffer) {
  if (buffer) Block::of(buffer)->drop();
}

Made seal(sluice_signal signal, uint8_t* buffer, uint64_t length_bytes) {
  if (!buffer) return failed(SLUICE_INVALID, "no buffer");
  Block* block = Block::of(buffer);
  Made made;
  if (!known(signal)) {
    made = failed(SLUICE_INVALID, "unknown signal " + std::to_string(signal));
  } else if (length_bytes > block->charged_bytes) {
    made = failed(SLUICE_INVALID, "longer than the buffer");
  } else if (auto checked = wire::check(static_cast<wire::Signal>(signal), {buffer, length_bytes}); !checked.ok) {
    made = not_a_message(signal, checked);
  } else if (CountedBatch* batch = CountedBatch::make(signal, 1)) {
    batch->set(0, {buffer, length_bytes, checked.items}, block);
    return {SLUICE_DONE, BatchPtr::take(batch), {}};
  } else {
    made = out_of_memory();
  }
  block->drop();
  return made;
}

Made adopt(const sluice_adopt& adopt, flow::Budget& budget, Charge charge) {
  if (!known(adopt.signal)) return failed(SLUICE_INVALID, "unknown signal " + std::to_string(adopt.signal));
  // What will be copied, and whether anything of the foreign memory stays in use.
  uint64_t joined_bytes = 0, shared_bytes = 0;
  uint32_t next = 0;
  for (uint32_t m = 0; m < adopt.message_count; ++m) {
    const uint32_t chunks = adopt.message_chunks ? adopt.message_chunks[m] : 1;
    if (chunks > adopt.segment_count - next)
      return failed(SLUICE_INVALID, "message_chunks name more segments than there are");
    for (uint32_t end = next + chunks; next < end; ++next) {
      (chunks == 1 ? shared_bytes : joined_bytes) += adopt.segments[next].length_bytes;
    }
  }
  if (next != adopt.segment_count) return failed(SLUICE_INVALID, "message_chunks name fewer segments than there are");

  const uint64_t pinned = shared_bytes == 0 ? 0 : adopt.pinned_bytes ? adopt.pinned_bytes : shared_bytes;
  const uint64_t charged = pinned + joined_bytes;
  if (charge == Charge::inside) {
    budget.charge(charged);
  } else if (!budget.enter(charged)) {
    return failed(SLUICE_BUSY, "the memory budget is used up");
  }

  // Blocks hold no release call until all has gone well. All joined messages share one block.
  Block* foreign = Block::make(budget, pinned, 0);
  Block* joined = joined_bytes ? Block::make(budget, joined_bytes, joined_bytes) : nullptr;
  CountedBatch* batch = CountedBatch::make(adopt.signal, adopt.message_count);
  Made made;
  if (!foreign || !batch || (joined_bytes && !joined)) {
    made = out_of_memory();
  } else {
    uint8_t* free_place = joined ? joined->memory() : nullptr;
    next = 0;
    for (uint32_t m = 0; m < adopt.message_count && made.status == SLUICE_DONE; ++m) {
      const uint32_t chunks = adopt.message_chunks ? adopt.message_chunks[m] : 1;
      sluice_segment message = chunks == 1 ? adopt.segments[next] : sluice_segment{free_place, 0, 0};
      for (uint32_t end = next + chunks; chunks != 1 && next < end; ++next) {
        const sluice_segment& chunk = adopt.segments[next];
        if (chunk.length_bytes) std::memcpy(free_place, chunk.data, chunk.length_bytes);
        free_place += chunk.length_bytes;
        message.length_bytes += chunk.length_bytes;
      }
      if (chunks == 1) ++next;
      auto checked = wire::check(static_cast<wire::Signal>(adopt.signal), {message.data, message.length_bytes});
      if (!checked.ok) made = not_a_message(adopt.signal, checked);
      message.item_count = checked.items;
      batch->set(m, message, chunks == 1 ? foreign : joined ? joined : foreign);
    }
  }
  if (made.status != SLUICE_DONE) {
    budget.release(charged);
    std::free(foreign);
    std::free(joined);
    std::free(batch);
    return made;
  }
  for (uint32_t m = 0; m < batch->segment_count; ++m) batch->blocks()[m]->share();
  foreign->give_back = adopt.release;
  foreign->give_back_arg = adopt.release_arg;
  foreign->drop();
  if (joined) joined->drop();
  return {SLUICE_DONE, BatchPtr::take(batch), {}};
}

Made gather(std::span<const sluice_piece> pieces) {
  uint64_t count = 0;
  for (const sluice_piece& piece : pieces) {
    if (!piece.batch || piece.first > piece.batch->segment_count ||
        piece.count > piece.batch->segment_count - piece.first) {
      return failed(SLUICE_INVALID, "a piece names segments that its batch does not have");
    }
    if (piece.batch->signal != pieces[0].batch->signal) return failed(SLUICE_INVALID, "pieces of different signals");
    count += piece.count;
  }
  if (pieces.empty() || count > UINT32_MAX) return failed(SLUICE_INVALID, "no pieces, or too many segments");
  CountedBatch* batch = CountedBatch::make(pieces[0].batch->signal, static_cast<uint32_t>(count));
  if (!batch) return out_of_memory();
  uint32_t next = 0;
  for (const sluice_piece& piece : pieces) {
    CountedBatch* from = counted(piece.batch);
    for (uint32_t i = piece.first; i < piece.first + piece.count; ++i) {
      batch->set(next++, from->segments[i], from->blocks()[i]->share());
    }
  }
  return {SLUICE_DONE, BatchPtr::take(batch), {}};
}

Made compact(const BatchPtr& batch, flow::Budget& budget) {
  CountedBatch* from = counted(batch.get());
  const uint32_t count = from->segment_count;
  std::vector<bool> copies(count);
  uint64_t copied = 0;
  for (uint32_t begin = 0, end; begin < count; begin = end) {  // segments of one block mostly stand side by side
    uint64_t used = 0;
    for (end = begin; end < count && from->blocks()[end] == from->blocks()[begin]; ++end) {
      used += from->segments[end].length_bytes;
    }
    if (used * 2 >= from->blocks()[begin]->charged_bytes) continue;
    copied += used;
    std::fill(copies.begin() + begin, copies.begin() + end, true);
  }
  if (std::find(copies.begin(), copies.end(), true) == copies.end()) return {SLUICE_DONE, batch, {}};

  budget.charge(copied);
  Block* own = Block::make(budget, copied, copied);
  CountedBatch* made = own ? CountedBatch::make(from->signal, count) : nullptr;
  if (!made) {
    budget.release(copied);
    std::free(own);
    return out_of_memory();
  }
  uint8_t* free_place = own->memory();
  for (uint32_t i = 0; i < count; ++i) {
    sluice_segment segment = from->segments[i];
    if (!copies[i]) {
      made->set(i, segment, from->blocks()[i]->share());
      continue;
    }
    if (segment.length_bytes) std::memcpy(free_place, segment.data, segment.length_bytes);
    segment.data = free_place;
    free_place += segment.length_bytes;
    made->set(i, segment, own->share());
  }
  own->drop();
  return {SLUICE_DONE, BatchPtr::take(made), {}};
}

uint64_t pinned_bytes(const sluice_batch& batch) {
  CountedBatch* mine = counted(&batch);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < mine->segment_count; ++i) {
    // Segments of one block mostly stand side by side: enough not to count it twice.
    if (i == 0 || mine->blocks()[i] != mine->blocks()[i - 1]) sum += mine->blocks()[i]->charged_bytes;
  }
  return sum;
}

}  // namespace sluice::batch
