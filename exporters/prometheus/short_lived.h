// SPDX-License-Identifier: Apache-2.0
// Room for large texts that are soon freed: the page of a scrape, the keys of a sort.
#ifndef SLUICE_EXPORTERS_PROMETHEUS_SHORT_LIVED_H
#define SLUICE_EXPORTERS_PROMETHEUS_SHORT_LIVED_H

#include <algorithm>
#include <cstddef>
#include <string>

namespace sluice::exporters {

// PERF: the process's heap keeps what is freed, but for blocks of 32 MB and more (core/base/heap.cc). A text that grew
// there to 30 MB would leave twice that behind; with a block of its own it leaves nothing, and pages of it that nobody
// writes to cost nothing.
inline void reserve_short_lived(std::string& text, size_t expected) {
  constexpr size_t kLarge = 1 << 20, kGivenBack = 32 << 20;
  text.reserve(expected < kLarge ? expected : std::max(expected, kGivenBack));
}

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_PROMETHEUS_SHORT_LIVED_H
