// SPDX-License-Identifier: Apache-2.0
// Damerau's distance (optimal string alignment) over short names.
#include "core/config/suggest.h"

#include <algorithm>

namespace sluice::config {
namespace {

constexpr size_t kLongestName = 64;
constexpr size_t kMostListed = 12;

std::string plain(std::string_view name) {
  std::string out;
  for (char c : name)
    if (c != '_' && c != '-') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& accepted) {
  if (name.empty() || name.size() > kLongestName) return {};
  const std::string wanted = plain(name);
  const std::string* best = nullptr;
  size_t least = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : accepted) {
    if (candidate == name || candidate.size() > kLongestName) continue;
    const size_t d = distance(wanted, plain(candidate));
    if (d < least && d < std::max(wanted.size(), candidate.size())) least = d, best = &candidate;
  }
  return best ? *best : std::string();
}

std::string suggestion(std::string_view name, const std::vector<std::string>& accepted) {
  if (const std::string best = nearest(name, accepted); !best.empty()) return "did you mean \"" + best + "\"?";
  if (accepted.empty()) return {};
  std::string text = "accepted: ";
  for (size_t i = 0; i < std::min(accepted.size(), kMostListed); ++i) text += (i ? ", " : "") + accepted[i];
  return accepted.size() > kMostListed ? text + ", ..." : text;
}

}  // namespace sluice::config
