// SPDX-License-Identifier: Apache-2.0
// Contexts as the core makes them: who sent a batch, copied into one allocation, immutable and counted.
#ifndef SLUICE_CORE_BATCH_CONTEXT_H
#define SLUICE_CORE_BATCH_CONTEXT_H

#include <utility>

#include "plugins/abi/sluice_plugin.h"

namespace sluice::batch {

// One reference for the caller. Null only without memory.
const sluice_context* context_new(const sluice_context& fields);
// The context of what nobody sent; needs no release, but allows it.
const sluice_context* empty_context();
void retain(const sluice_context* context);
void release(const sluice_context* context);

class ContextPtr {
 public:
  ContextPtr() = default;
  static ContextPtr share(const sluice_context* context) {
    if (context) retain(context);
    return ContextPtr(context);
  }
  static ContextPtr take(const sluice_context* context) { return ContextPtr(context); }
  ContextPtr(const ContextPtr& other) : ContextPtr(share(other.context_)) {}
  ContextPtr(ContextPtr&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
  ContextPtr& operator=(ContextPtr other) noexcept {
    std::swap(context_, other.context_);
    return *this;
  }
  ~ContextPtr() {
    if (context_) batch::release(context_);
  }

  const sluice_context* get() const { return context_; }
  const sluice_context* operator->() const { return context_; }

 private:
  explicit ContextPtr(const sluice_context* context) : context_(context) {}
  const sluice_context* context_ = nullptr;
};

}  // namespace sluice::batch
#endif  // SLUICE_CORE_BATCH_CONTEXT_H
