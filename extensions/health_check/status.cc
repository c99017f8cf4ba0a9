// SPDX-License-Identifier: Apache-2.0
#include "extensions/health_check/status.h"

#include <time.h>

#include <array>
#include <utility>

namespace sluice::extensions {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

// ".25" for 250,000,000 of 1,000,000,000; nothing for 0.
std::string decimals(uint64_t part, uint64_t of) {
  if (part == 0) return {};
  std::string text = std::to_string(of + part);
  text[0] = '.';
  text.resize(text.find_last_not_of('0') + 1);
  return text;
}

}  // namespace

std::string rfc3339(uint64_t unix_ns) {
  const auto seconds = static_cast<time_t>(unix_ns / kSecond);
  tm time{};
  gmtime_r(&seconds, &time);
  std::array<char, 32> text;
  const size_t length = strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &time);
  return std::string(text.data(), length) + decimals(unix_ns % kSecond, kSecond) + 'Z';
}

std::string go_duration(uint64_t duration) {
  if (duration == 0) return "0s";
  if (duration < kSecond) {
    for (const auto& [unit, name] : {std::pair<uint64_t, const char*>{1'000'000, "ms"}, {1'000, "µs"}}) {
      if (duration >= unit) return std::to_string(duration / unit) + decimals(duration % unit, unit) + name;
    }
    return std::to_string(duration) + "ns";
  }
  const uint64_t seconds = duration / kSecond;
  std::string text;
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + 'h';
  if (seconds >= 60) text += std::to_string(seconds / 60 % 60) + 'm';
  return text + std::to_string(seconds % 60) + decimals(duration % kSecond, kSecond) + 's';
}

bool Status::update(const formats::HealthReport& report, uint64_t now_unix_ns) {
  culprit_.clear();
  for (const formats::HealthReport::Component& component : report.components) {
    if (component.status != "broken" && component.status != "fatal") continue;
    culprit_ = component.kind + ' ' + component.id + ": " + component.text;
    break;
  }
  const bool fit = report.ready && culprit_.empty();
  if (fit == available()) return false;
  if (!fit) {
    up_since_unix_ns_ = 0;
  } else {
    // The first time it is known exactly; a component that has recovered is only seen to be well again.
    up_since_unix_ns_ = was_available_ || report.since_unix_ns == 0 ? now_unix_ns : report.since_unix_ns;
    was_available_ = true;
  }
  return true;
}

std::string Status::json(uint64_t now_unix_ns) const {
  if (!available()) return R"({"status":"Server not available","upSince":"0001-01-01T00:00:00Z","uptime":""})";
  const uint64_t up = now_unix_ns > up_since_unix_ns_ ? now_unix_ns - up_since_unix_ns_ : 0;
  return R"({"status":"Server available","upSince":")" + rfc3339(up_since_unix_ns_) + R"(","uptime":")" +
         go_duration(up) + "\"}";
}

}  // namespace sluice::extensions
