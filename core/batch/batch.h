// SPDX-License-Identifier: Apache-2.0
// Batches as the core makes them: immutable, counted lists of OTLP messages over counted blocks of memory. Merging and
// cutting at message borders share the blocks and copy nothing. Every message is checked to its last field and its
// items are counted here, once, when a batch is made: since merging is concatenation, one damaged message would spoil
// others.
#ifndef SLUICE_CORE_BATCH_BATCH_H
#define SLUICE_CORE_BATCH_BATCH_H

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "core/flow/budget.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::batch {

// Whether the budget may refuse: only what comes in from outside (flow of data must be able to drain).
enum class Charge { entry, inside };

// A counted reference to a batch, which any thread may hold and drop.
class BatchPtr {
 public:
  BatchPtr() = default;
  static BatchPtr share(const sluice_batch* batch);  // adds a reference
  static BatchPtr take(const sluice_batch* batch) { return BatchPtr(batch); }
  BatchPtr(const BatchPtr& other) : BatchPtr(share(other.batch_)) {}
  BatchPtr(BatchPtr&& other) noexcept : batch_(std::exchange(other.batch_, nullptr)) {}
  BatchPtr& operator=(BatchPtr other) noexcept {
    std::swap(batch_, other.batch_);
    return *this;
  }
  ~BatchPtr() { reset(); }

  void reset();
  const sluice_batch* release() { return std::exchange(batch_, nullptr); }
  const sluice_batch* get() const { return batch_; }
  const sluice_batch* operator->() const { return batch_; }
  explicit operator bool() const { return batch_ != nullptr; }

 private:
  explicit BatchPtr(const sluice_batch* batch) : batch_(batch) {}
  const sluice_batch* batch_ = nullptr;
};

void retain(const sluice_batch* batch);
void release(const sluice_batch* batch);

// Memory to write a message into, charged by its capacity. Null: refused by the budget, or no memory.
uint8_t* buffer_new(flow::Budget& budget, Charge charge, uint64_t capacity_bytes);
void buffer_free(uint8_t* buffer);

struct Made {
  sluice_status status = SLUICE_DONE;  // DONE, BUSY (budget), FAILED_PERMANENT (not a message), INVALID (broken rule)
  BatchPtr batch;
  std::string error;
};

// The buffer, which is taken also on failure, becomes a batch of one message.
Made seal(sluice_signal signal, uint8_t* buffer, uint64_t length_bytes);

// Foreign memory becomes a batch: messages in one chunk are shared, messages in several are joined by one copy. On
// failure `adopt.release` is not called and nothing is charged.
Made adopt(const sluice_adopt& adopt, flow::Budget& budget, Charge charge);

// Segments of other batches, shared. All pieces must have one signal.
Made gather(std::span<const sluice_piece> pieces);

// The same messages, of which those that use less than half of their block are copied out of it, so that a small rest
// of a large message does not keep all of it. Charged inside.
Made compact(const BatchPtr& batch, flow::Budget& budget);

// Bytes of all blocks that the batch keeps alive: what would be freed if it held the last reference to each.
uint64_t pinned_bytes(const sluice_batch& batch);

}  // namespace sluice::batch
#endif  // SLUICE_CORE_BATCH_BATCH_H
