// SPDX-License-Identifier: Apache-2.0
// Fields of a log entry, and a limit for entries that trouble may produce by the thousand.
#ifndef SLUICE_PLUGINS_SDK_LOG_H
#define SLUICE_PLUGINS_SDK_LOG_H

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/str.h"

namespace sluice {

// A key and its value, both only referred to: {"items", 17}, {"error", result.text()}.
class LogField {
 public:
  LogField(std::string_view key, std::string_view value) : value_(named(key, SLUICE_STRING)) {
    value_.string = str(value);
  }
  LogField(std::string_view key, const char* value) : LogField(key, std::string_view(value)) {}
  LogField(std::string_view key, const std::string& value) : LogField(key, std::string_view(value)) {}
  LogField(std::string_view key, bool value) : value_(named(key, SLUICE_BOOL)) { value_.integer = value; }
  LogField(std::string_view key, double value) : value_(named(key, SLUICE_DOUBLE)) { value_.number = value; }
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) LogField(std::string_view key, Number value) : value_(named(key, SLUICE_INT)) {
    value_.integer = std::in_range<int64_t>(value) ? static_cast<int64_t>(value) : INT64_MAX;
  }
  template <class Key, class Value>
  explicit LogField(const std::pair<Key, Value>& field) : LogField(field.first, field.second) {}

  const sluice_value& value() const { return value_; }

 private:
  static sluice_value named(std::string_view key, int32_t kind) {
    sluice_value value{};
    value.kind = kind;
    value.key = str(key);
    return value;
  }

  sluice_value value_;
};

// Where an entry was logged. Not std::source_location, which clang 14 does not have.
struct Where {
  const char* file;
  uint32_t line;
  static Where here(const char* file = __builtin_FILE(), uint32_t line = __builtin_LINE()) { return {file, line}; }
};

// Lets one entry through per interval and counts those it held back:
//   if (auto silent = limit_.pass(host().now_mono_ns())) host().warn("cannot resolve", {{"also", *silent}});
class LogLimit {
 public:
  explicit LogLimit(std::chrono::nanoseconds interval = std::chrono::seconds(10)) : interval_(interval) {}

  class Passed {
   public:
    Passed(bool passed, uint64_t held_back) : held_back_(held_back), passed_(passed) {}
    explicit operator bool() const { return passed_; }
    uint64_t operator*() const { return held_back_; }

   private:
    uint64_t held_back_;
    bool passed_;
  };
  // [any thread]
  Passed pass(uint64_t now_mono_ns) {
    uint64_t due = due_.load(std::memory_order_relaxed);
    if (now_mono_ns < due ||
        !due_.compare_exchange_strong(due, now_mono_ns + static_cast<uint64_t>(interval_.count()))) {
      held_back_.fetch_add(1, std::memory_order_relaxed);
      return {false, 0};
    }
    return {true, held_back_.exchange(0, std::memory_order_relaxed)};
  }

 private:
  const std::chrono::nanoseconds interval_;
  std::atomic<uint64_t> due_{0}, held_back_{0};
};

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_LOG_H
