// SPDX-License-Identifier: Apache-2.0
// Answer: the duty to answer one call of consume() exactly once. It can be moved to another thread and kept; if it is
// destroyed unused, the sender is told that the batch was not kept, so a forgotten path can never lose one silently.
#ifndef SLUICE_PLUGINS_SDK_ANSWER_H
#define SLUICE_PLUGINS_SDK_ANSWER_H

#include <utility>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/status.h"

namespace sluice {

class Answer {
 public:
  Answer() = default;
  Answer(Host host, sluice_token token) : host_(host.get()), token_(token) {}
  Answer(Answer&& other) noexcept : host_(std::exchange(other.host_, nullptr)), token_(other.token_) {}
  Answer& operator=(Answer&& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(token_, other.token_);
    return *this;
  }
  ~Answer() {
    if (!host_) return;
    sluice_result result{};
    result.struct_size = sizeof result;
    result.status = SLUICE_FAILED_RETRYABLE;
    result.code = static_cast<int32_t>(Code::internal);
    result.text = str("the component gave no answer");
    host_->complete(std::exchange(host_, nullptr), token_, &result);
  }

  // True while the answer is owed.
  explicit operator bool() const { return host_ != nullptr; }

  // Runs other components' code: hold no lock. CANCELLED: the core has answered in the meantime (deadline, stop).
  sluice_status operator()(const sluice_result& result) {
    if (!host_) return SLUICE_INVALID;
    return Host(std::exchange(host_, nullptr)).complete(token_, result);
  }
  sluice_status operator()(const Result& result) { return (*this)(result.view()); }

  // The answer goes as the return value of consume() instead.
  void dismiss() { host_ = nullptr; }

 private:
  const sluice_host* host_ = nullptr;
  sluice_token token_ = 0;
};

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_ANSWER_H
