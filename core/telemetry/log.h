// SPDX-License-Identifier: Apache-2.0
// The collector's own log. Lines look like upstream's, on the console or as JSON; equal lines are thinned out; known
// secrets never show. Whole lines are written, by whichever thread logs. A reader that does not read costs one writer
// LogOutput::kWaitMs once; from then on what it does not take is kept up to kBacklogBytes, then dropped and counted in
// the log itself. A slow disk makes the one thread wait that happens to write.
//
//   log.info("listening", {{"endpoint", endpoint}});
#ifndef SLUICE_CORE_TELEMETRY_LOG_H
#define SLUICE_CORE_TELEMETRY_LOG_H

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/config/telemetry.h"
#include "core/telemetry/resource.h"
#include "core/telemetry/scrub.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::telemetry {

enum class LogLevel : int32_t { trace, debug, info, warn, error, fatal };  // up to error the values of SLUICE_*

struct Where {
  const char* file;
  uint32_t line;
  static Where here(const char* file = __builtin_FILE(), uint32_t line = __builtin_LINE()) { return {file, line}; }
};

// A key and its value, both only referred to.
struct LogField {
  using Value = std::variant<std::string_view, int64_t, uint64_t, double, bool>;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) LogField(std::string_view k, T v) : key(k) {
    if constexpr (std::signed_integral<T>)
      value = static_cast<int64_t>(v);
    else
      value = static_cast<uint64_t>(v);
  }

  std::string_view key;
  Value value;
};

// Fields of every line of one component.
struct LogScope {
  sluice_kind kind = 0;  // 0: none of the fields
  std::string component_id;
  std::string signal;    // empty: left out
  std::string pipeline;  // empty: left out
};

class LogOutput;

// The process's log. Thread-safe.
class Log {
 public:
  // Until configure(): level info, console form, standard error.
  explicit Log(const base::Clock& clock);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  static constexpr size_t kBacklogBytes = 256 * 1024;  // for each output

  // False and an error if a file cannot be opened: then nothing is changed.
  bool configure(const config::LogTelemetry& settings, const Resource& resource, std::string& error);

  // From now on `value` is [REDACTED] in every text and field. See Scrubber for what is too short.
  void add_secret(std::string_view value) { scrubber_.add(value); }
  const Scrubber& scrubber() const { return scrubber_; }

  bool enabled(LogLevel level) const { return static_cast<int32_t>(level) >= level_.load(std::memory_order_relaxed); }

  void write(LogLevel level, std::string_view text, std::span<const LogField> fields, Where where,
             const LogScope* scope);

  // Writes what slow outputs left behind, for at most so long. The process calls it now and then and at its end.
  void flush(uint64_t patience_ms = 0);

  uint64_t dropped_lines() const;

 private:
  struct State;
  std::shared_ptr<const State> state() const;

  const base::Clock& clock_;
  Scrubber scrubber_;
  std::atomic<int32_t> level_{static_cast<int32_t>(LogLevel::info)};
  mutable std::mutex mutex_;  // of state_ only
  std::shared_ptr<const State> state_;
};

// What code logs with: the log and the fields of its component. Copies are cheap. The Log outlives it.
class Logger {
 public:
  explicit Logger(Log& log) : log_(&log) {}
  Logger(Log& log, LogScope scope) : log_(&log), scope_(std::make_shared<const LogScope>(std::move(scope))) {}

  bool enabled(LogLevel level) const { return log_->enabled(level); }

  using Fields = std::initializer_list<LogField>;
  void log(LogLevel level, std::string_view text, Fields fields = {}, Where where = Where::here()) const {
    log(level, text, std::span<const LogField>(fields.begin(), fields.size()), where);
  }
  void log(LogLevel level, std::string_view text, std::span<const LogField> fields, Where where = Where::here()) const {
    if (enabled(level)) log_->write(level, text, fields, where, scope_.get());
  }
  void debug(std::string_view text, Fields fields = {}, Where where = Where::here()) const {
    log(LogLevel::debug, text, fields, where);
  }
  void info(std::string_view text, Fields fields = {}, Where where = Where::here()) const {
    log(LogLevel::info, text, fields, where);
  }
  void warn(std::string_view text, Fields fields = {}, Where where = Where::here()) const {
    log(LogLevel::warn, text, fields, where);
  }
  void error(std::string_view text, Fields fields = {}, Where where = Where::here()) const {
    log(LogLevel::error, text, fields, where);
  }

  // What a plugin logs.
  void log(const sluice_log& entry) const;

 private:
  Log* log_;
  std::shared_ptr<const LogScope> scope_;
};

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_LOG_H
