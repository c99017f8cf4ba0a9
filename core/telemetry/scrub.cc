// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/scrub.h"

#include <algorithm>
#include <mutex>

namespace sluice::telemetry {

void Scrubber::add(std::string_view secret) {
  if (secret.size() < kShortest) return;
  std::unique_lock lock(mutex_);
  if (std::find(secrets_.begin(), secrets_.end(), secret) != secrets_.end()) return;
  auto is_longer = [&](const std::string& other) { return other.size() > secret.size(); };
  secrets_.emplace(std::partition_point(secrets_.begin(), secrets_.end(), is_longer), secret);
  any_.store(true, std::memory_order_release);
}

std::string_view Scrubber::scrub(std::string_view text, std::string& copy) const {
  if (!any_.load(std::memory_order_acquire)) return text;
  std::shared_lock lock(mutex_);
  bool is_copied = false;
  for (const auto& secret : secrets_) {
    size_t at = (is_copied ? std::string_view(copy) : text).find(secret);
    if (at == std::string_view::npos) continue;
    if (!is_copied) copy.assign(text);
    is_copied = true;
    for (; at != std::string::npos; at = copy.find(secret, at + kRedacted.size())) {
      copy.replace(at, secret.size(), kRedacted);
    }
  }
  return is_copied ? std::string_view(copy) : text;
}

}  // namespace sluice::telemetry
