// SPDX-License-Identifier: Apache-2.0
// Counted: the counted reference behind BatchRef and ContextRef. Copies share what it refers to, on any thread.
#ifndef SLUICE_PLUGINS_SDK_COUNTED_H
#define SLUICE_PLUGINS_SDK_COUNTED_H

#include <utility>

#include "plugins/abi/sluice_plugin.h"

namespace sluice::detail {

// `Self` derives from this; `kRetain` and `kRelease` are the host functions that count a T.
template <class Self, class T, auto kRetain, auto kRelease>
class Counted {
 public:
  Counted() = default;
  // Keeps what is lent.
  Counted(const sluice_host* host, const T* object) : host_(host), object_(object) {
    if (object_) (host_->*kRetain)(object_);
  }
  // Takes over a reference that the caller owns already.
  static Self take(const sluice_host* host, const T* object) {
    Self self;
    self.host_ = host;
    self.object_ = object;
    return self;
  }
  Counted(const Counted& other) : Counted(other.host_, other.object_) {}
  Counted(Counted&& other) noexcept : host_(other.host_), object_(std::exchange(other.object_, nullptr)) {}
  Counted& operator=(Counted other) noexcept {
    std::swap(host_, other.host_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~Counted() { reset(); }

  void reset() {
    if (object_) (host_->*kRelease)(std::exchange(object_, nullptr));
  }
  // Gives the reference to the caller, who must release it.
  const T* release() { return std::exchange(object_, nullptr); }

  explicit operator bool() const { return object_ != nullptr; }
  const T* get() const { return object_; }
  const T& operator*() const { return *object_; }
  const T* operator->() const { return object_; }

 private:
  const sluice_host* host_ = nullptr;
  const T* object_ = nullptr;
};

}  // namespace sluice::detail
#endif  // SLUICE_PLUGINS_SDK_COUNTED_H
