// SPDX-License-Identifier: Apache-2.0
// What the tests and benchmarks of batches share.
#ifndef SLUICE_CORE_BATCH_TESTING_H
#define SLUICE_CORE_BATCH_TESTING_H

#include <string>
#include <string_view>

namespace sluice::batch {

// One log record with the body "hello" of a resource with service.name "demo" (58 bytes).
inline std::string one_log() {
  using namespace std::string_view_literals;
  return std::string(
      "\x0a\x38\x0a\x18\x0a\x16\x0a\x0cservice.name\x12\x06\x0a\x04"
      "demo"
      "\x12\x1c\x12\x1a\x09\x00\x00\x2a\x36\xfe\x9c\x97\x17\x10\x09\x1a\x04INFO\x2a\x07\x0a\x05hello"sv);
}

}  // namespace sluice::batch
#endif  // SLUICE_CORE_BATCH_TESTING_H
