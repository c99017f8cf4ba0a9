// SPDX-License-Identifier: Apache-2.0
// One place that log lines go to. Lines of several threads are never mixed, and no thread waits for another one's
// write: a line is put into the backlog, and whoever finds nobody writing writes the backlog. Nothing is written that
// the other end would not take at once; the rest waits in the backlog, and what does not fit there is dropped and
// counted.
#ifndef SLUICE_CORE_TELEMETRY_LOG_OUTPUT_H
#define SLUICE_CORE_TELEMETRY_LOG_OUTPUT_H

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace sluice::telemetry {

// Thread-safe.
class LogOutput {
 public:
  static constexpr int kWaitMs = 100;

  // "stderr", "stdout" or a file, which is made if need be and written at its end. Null and `error` if it cannot be.
  static std::shared_ptr<LogOutput> open(const std::string& path, size_t backlog_bytes, std::string& error);

  // Writes to `descriptor`, and closes it at the end if it is `owned`.
  LogOutput(std::string name, int descriptor, bool owned, size_t backlog_bytes);
  ~LogOutput();
  LogOutput(const LogOutput&) = delete;
  LogOutput& operator=(const LogOutput&) = delete;

  // `line` ends in a newline; it may be longer than the backlog, whose limit is soft by one line. When lines have been
  // dropped and there is room again, `gap(count)` makes a line that says so. Returns 0, or the error number of the
  // first failed write after one that succeeded.
  int write(std::string_view line, const std::function<std::string(uint64_t)>& gap);

  // Writes the backlog; waits up to `patience_ms` for the other end to take it.
  void flush(uint64_t patience_ms);

  const std::string& name() const { return name_; }
  uint64_t dropped_lines() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Waiting { unless_stalled, always };

  int write_backlog(Clock::time_point until, Waiting waiting);
  int write_chunk(Clock::time_point until);

  const std::string name_;
  const int descriptor_;
  const bool owned_;
  const size_t backlog_limit_;
  std::atomic<uint64_t> dropped_{0};

  std::mutex mutex_;
  std::string backlog_;          // under mutex_
  uint64_t dropped_untold_ = 0;  // under mutex_
  std::atomic<size_t> unwritten_{0};

  std::mutex writing_;
  std::string chunk_;         // under writing_: taken from the backlog, being written
  size_t chunk_written_ = 0;  // under writing_
  bool stalled_ = false;      // under writing_: the other end has not taken what it was last given
  bool failing_ = false;      // under writing_
};

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_LOG_OUTPUT_H
