// SPDX-License-Identifier: Apache-2.0
// Replaces known secret values in texts that leave the process. It knows values, not shapes: a password that was never
// registered stays, and one that is part of a longer text goes.
#ifndef SLUICE_CORE_TELEMETRY_SCRUB_H
#define SLUICE_CORE_TELEMETRY_SCRUB_H

#include <atomic>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::telemetry {

inline constexpr std::string_view kRedacted = "[REDACTED]";

// Thread-safe.
class Scrubber {
 public:
  // Shorter values are not looked for: "a" or "true" as a password would make every text unreadable.
  static constexpr size_t kShortest = 5;

  void add(std::string_view secret);

  // `text` itself if there is nothing to hide, else its scrubbed copy in `copy`.
  std::string_view scrub(std::string_view text, std::string& copy) const;

 private:
  std::atomic<bool> any_{false};
  mutable std::shared_mutex mutex_;
  std::vector<std::string> secrets_;  // longest first, so that a secret inside another does not leave its rest
};

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_SCRUB_H
