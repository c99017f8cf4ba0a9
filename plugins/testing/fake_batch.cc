// SPDX-License-Identifier: Apache-2.0
// Batches, buffers, contexts and the budget of a FakeHost.
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plugins/testing/fake_state.h"
#include "plugins/wire/check.h"

namespace sluice::testing {
namespace {

// A block of memory that segments share; its end gives back the charge and the memory.
struct Block {
  Block(FakeHost::State& owner, uint64_t size, std::function<void()> end) : state(owner), bytes(size), free(end) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() {
    state.used -= bytes;
    if (free) free();
  }
  FakeHost::State& state;
  uint64_t bytes;
  std::function<void()> free;
};

struct FakeBatch {
  sluice_batch face{};
  FakeHost::State& state;
  std::atomic<uint64_t> references{1};
  std::vector<sluice_segment> segments;
  std::vector<std::shared_ptr<Block>> blocks;  // of each segment

  explicit FakeBatch(FakeHost::State& owner) : state(owner) { ++state.live_batches; }
  ~FakeBatch() { --state.live_batches; }

  const sluice_batch* publish(sluice_signal signal) {
    face.struct_size = sizeof face;
    face.signal = signal;
    face.segments = segments.data();
    face.segment_count = static_cast<uint32_t>(segments.size());
    for (const sluice_segment& segment : segments) {
      face.item_count += segment.item_count;
      face.length_bytes += segment.length_bytes;
    }
    return &face;
  }
};
static_assert(std::is_standard_layout_v<sluice_batch>);

FakeBatch* behind(const sluice_batch* batch) {  // `face` is the first member
  return const_cast<FakeBatch*>(reinterpret_cast<const FakeBatch*>(batch));
}

void batch_retain(const sluice_batch* batch) {
  ++behind(batch)->references;
}

void batch_release(const sluice_batch* batch) {
  FakeBatch* made = behind(batch);
  if (--made->references == 0) delete made;
}

sluice_status reserve(const sluice_host* host, uint64_t bytes) {
  return state_of(host).charge(bytes) ? SLUICE_DONE : SLUICE_BUSY;
}

void unreserve(const sluice_host* host, uint64_t bytes) {
  state_of(host).used -= bytes;
}

uint8_t* buffer_new(const sluice_host* host, uint64_t capacity) {
  FakeHost::State& state = state_of(host);
  if (!state.charge(capacity)) return nullptr;
  // Exactly as long as was asked, so that a sanitizer sees a write behind the end.
  auto memory = std::make_unique<uint8_t[]>(capacity);
  uint8_t* data = memory.get();
  std::lock_guard lock(state.mutex);
  state.buffers[data] = {std::move(memory), capacity};
  return data;
}

// The buffer and its capacity, out of the books of open buffers.
std::pair<std::unique_ptr<uint8_t[]>, uint64_t> take_buffer(FakeHost::State& state, const uint8_t* buffer) {
  std::lock_guard lock(state.mutex);
  auto found = state.buffers.find(buffer);
  if (found == state.buffers.end()) return {};
  auto taken = std::move(found->second);
  state.buffers.erase(found);
  return taken;
}

void buffer_free(const sluice_host* host, uint8_t* buffer) {
  FakeHost::State& state = state_of(host);
  auto taken = take_buffer(state, buffer);
  if (!taken.first) return state.violation("freed a buffer that is not open");
  state.used -= taken.second;
}

// What batch_error() lends to the thread that calls it.
std::string& last_batch_error() {
  thread_local std::string text;
  return text;
}

sluice_str batch_error(const sluice_host*) {
  return str(last_batch_error());
}

sluice_status no_batch(sluice_status status, std::string why) {
  last_batch_error() = std::move(why);
  return status;
}

// In the words of the core.
bool check(sluice_signal signal, std::span<const uint8_t> message, uint64_t& items) {
  constexpr std::string_view kNames[] = {"TracesData", "MetricsData", "LogsData"};
  if (signal < SLUICE_TRACES || signal > SLUICE_LOGS) {
    no_batch(SLUICE_INVALID, "unknown signal " + std::to_string(signal));
    return false;
  }
  const wire::Checked checked = wire::check(static_cast<wire::Signal>(signal), message);
  items = checked.items;
  if (!checked.ok) {
    no_batch(SLUICE_FAILED_PERMANENT,
             "not a valid OTLP " + std::string(kNames[signal]) + " message: " + checked.describe());
  }
  return checked.ok;
}

sluice_status batch_seal(const sluice_host* host, sluice_signal signal, uint8_t* buffer, uint64_t length,
                         const sluice_batch** batch) {
  FakeHost::State& state = state_of(host);
  auto [memory, capacity] = take_buffer(state, buffer);
  if (!memory || length > capacity) {
    state.violation("sealed a buffer that is not open, or more than its capacity");
    return no_batch(SLUICE_INVALID, "no such buffer");
  }
  std::shared_ptr<uint8_t[]> kept = std::move(memory);
  auto block = std::make_shared<Block>(state, capacity, [kept] {});
  sluice_segment segment{kept.get(), length, 0};
  if (!check(signal, bytes(segment), segment.item_count)) return SLUICE_FAILED_PERMANENT;
  auto made = std::make_unique<FakeBatch>(state);
  made->segments.push_back(segment);
  made->blocks.push_back(std::move(block));
  *batch = made.release()->publish(signal);
  return no_batch(SLUICE_DONE, {});
}

// Messages in several chunks are joined by a copy, as the core does; the others keep the foreign memory.
sluice_status batch_adopt(const sluice_host* host, const sluice_adopt* adopt, const sluice_batch** batch) {
  FakeHost::State& state = state_of(host);
  uint64_t length = 0;
  for (uint32_t i = 0; i < adopt->segment_count; ++i) length += adopt->segments[i].length_bytes;
  const uint64_t pinned = adopt->pinned_bytes ? adopt->pinned_bytes : length;
  if (!state.charge(pinned)) return no_batch(SLUICE_BUSY, "the memory budget is used up");

  auto made = std::make_unique<FakeBatch>(state);
  auto block = std::make_shared<Block>(state, pinned, nullptr);
  uint32_t chunk = 0;
  for (uint32_t i = 0; i < adopt->message_count; ++i) {
    const uint32_t chunks = adopt->message_chunks ? adopt->message_chunks[i] : 1;
    if (chunk + chunks > adopt->segment_count)
      return no_batch(SLUICE_INVALID, "message_chunks name more than there is");
    sluice_segment segment = adopt->segments[chunk];
    std::shared_ptr<Block> memory = block;
    if (chunks != 1) {
      auto joined = std::make_shared<std::vector<uint8_t>>();
      for (const sluice_segment& part : std::span(adopt->segments + chunk, chunks))
        joined->insert(joined->end(), part.data, part.data + part.length_bytes);
      segment = {joined->data(), joined->size(), 0};
      memory = std::make_shared<Block>(state, 0, [joined, block] {});
    }
    if (!check(adopt->signal, bytes(segment), segment.item_count)) return SLUICE_FAILED_PERMANENT;
    made->segments.push_back(segment);
    made->blocks.push_back(std::move(memory));
    chunk += chunks;
  }
  block->free = [release = adopt->release, arg = adopt->release_arg] { release(arg); };
  *batch = made.release()->publish(adopt->signal);
  return no_batch(SLUICE_DONE, {});
}

const sluice_batch* batch_gather(const sluice_host* host, const sluice_piece* pieces, uint32_t count) {
  FakeHost::State& state = state_of(host);
  auto made = std::make_unique<FakeBatch>(state);
  for (const sluice_piece& piece : std::span(pieces, count)) {
    const FakeBatch* from = behind(piece.batch);
    if (piece.batch->signal != pieces[0].batch->signal || piece.first + piece.count > from->segments.size()) {
      state.violation("gathered pieces of two signals, or segments that are not there");
      no_batch(SLUICE_INVALID, "not pieces of one signal");
      return nullptr;
    }
    for (uint32_t i = piece.first; i < piece.first + piece.count; ++i) {
      made->segments.push_back(from->segments[i]);
      made->blocks.push_back(from->blocks[i]);
    }
  }
  no_batch(SLUICE_DONE, {});
  return count ? made.release()->publish(pieces[0].batch->signal) : nullptr;
}

struct FakeContext {
  sluice_context face{};
  FakeHost::State& state;
  std::atomic<uint64_t> references{1};
  std::deque<std::string> texts;
  std::vector<sluice_kv> metadata, auth;

  explicit FakeContext(FakeHost::State& owner) : state(owner) { ++state.live_contexts; }
  ~FakeContext() { --state.live_contexts; }
  sluice_str keep(sluice_str text) { return str(texts.emplace_back(view(text))); }
};

const sluice_context* context_new(const sluice_host* host, const sluice_context* fields) {
  auto* made = new FakeContext(state_of(host));
  made->face = *fields;
  made->face.peer_address = made->keep(fields->peer_address);
  made->face.transport = made->keep(fields->transport);
  for (const sluice_kv& pair : metadata(*fields))
    made->metadata.push_back({made->keep(pair.key), made->keep(pair.value)});
  for (const sluice_kv& pair : auth(*fields)) made->auth.push_back({made->keep(pair.key), made->keep(pair.value)});
  made->face.metadata = made->metadata.data();
  made->face.auth = made->auth.data();
  return &made->face;
}

FakeContext* behind(const sluice_context* context) {
  return const_cast<FakeContext*>(reinterpret_cast<const FakeContext*>(context));
}

void context_retain(const sluice_context* context) {
  ++behind(context)->references;
}

void context_release(const sluice_context* context) {
  FakeContext* made = behind(context);
  if (--made->references == 0) delete made;
}

}  // namespace

bool FakeHost::State::charge(uint64_t bytes) {
  {
    std::lock_guard lock(mutex);
    if (refusing) return false;
  }
  uint64_t now = used.load();
  do {
    if (bytes > options.budget_bytes || now > options.budget_bytes - bytes) return false;
  } while (!used.compare_exchange_weak(now, now + bytes));
  return true;
}

void fill_memory_slots(sluice_host& host) {
  host.reserve = &reserve;
  host.unreserve = &unreserve;
  host.buffer_new = &buffer_new;
  host.buffer_free = &buffer_free;
  host.batch_seal = &batch_seal;
  host.batch_adopt = &batch_adopt;
  host.batch_gather = &batch_gather;
  host.batch_error = &batch_error;
  host.batch_retain = &batch_retain;
  host.batch_release = &batch_release;
  host.context_new = &context_new;
  host.context_retain = &context_retain;
  host.context_release = &context_release;
}

}  // namespace sluice::testing
