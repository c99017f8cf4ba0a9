// SPDX-License-Identifier: Apache-2.0
#include "core/batch/context.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace sluice::batch {
namespace {

// One allocation: this header, the keys and values, then their characters.
struct CountedContext : sluice_context {
  std::atomic<uint32_t> references;
};
static_assert(sizeof(CountedContext) % alignof(sluice_kv) == 0);

CountedContext* counted(const sluice_context* context) {
  return const_cast<CountedContext*>(static_cast<const CountedContext*>(context));
}

sluice_str copy(sluice_str text, char*& place) {
  if (text.len) std::memcpy(place, text.ptr, text.len);
  sluice_str result{place, text.len};
  place += text.len;
  return result;
}

const sluice_kv* copy(const sluice_kv* pairs, uint32_t count, sluice_kv*& place, char*& characters) {
  const sluice_kv* first = place;
  for (uint32_t i = 0; i < count; ++i) {
    *place++ = {copy(pairs[i].key, characters), copy(pairs[i].value, characters)};
  }
  return first;
}

uint64_t characters_of(const sluice_kv* pairs, uint32_t count) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) sum += pairs[i].key.len + pairs[i].value.len;
  return sum;
}

}  // namespace

const sluice_context* context_new(const sluice_context& fields) {
  const size_t pairs = size_t{fields.metadata_count} + fields.auth_count;
  const size_t characters = fields.peer_address.len + fields.transport.len +
                            characters_of(fields.metadata, fields.metadata_count) +
                            characters_of(fields.auth, fields.auth_count);
  void* memory = std::malloc(sizeof(CountedContext) + pairs * sizeof(sluice_kv) + characters);
  if (!memory) return nullptr;
  auto* context = new (memory) CountedContext{};
  auto* pair = reinterpret_cast<sluice_kv*>(context + 1);
  char* character = reinterpret_cast<char*>(pair + pairs);
  static_cast<sluice_context&>(*context) = fields;
  context->references.store(1, std::memory_order_relaxed);
  context->struct_size = sizeof(sluice_context);
  context->peer_address = copy(fields.peer_address, character);
  context->transport = copy(fields.transport, character);
  context->metadata = copy(fields.metadata, fields.metadata_count, pair, character);
  context->auth = copy(fields.auth, fields.auth_count, pair, character);
  return context;
}

const sluice_context* empty_context() {
  static const sluice_context* const context = context_new(sluice_context{});
  return context;
}

// The empty context is everybody's and stays; not counting it keeps its cache line out of the data path.
void retain(const sluice_context* context) {
  if (context != empty_context()) counted(context)->references.fetch_add(1, std::memory_order_relaxed);
}

void release(const sluice_context* context) {
  if (context == empty_context()) return;
  CountedContext* mine = counted(context);
  if (mine->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  mine->~CountedContext();
  std::free(mine);
}

}  // namespace sluice::batch
