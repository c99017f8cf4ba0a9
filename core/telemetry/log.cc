// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/log.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <functional>
#include <iterator>

#include "core/telemetry/balance.h"
#include "core/telemetry/json.h"
#include "core/telemetry/log_output.h"

namespace sluice::telemetry {

namespace {

constexpr std::string_view kLevelNames[] = {"trace", "debug", "info", "warn", "error", "fatal"};

std::string_view level_name(LogLevel level) {
  return kLevelNames[static_cast<size_t>(level)];
}

LogLevel threshold(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::debug:
      return LogLevel::debug;
    case config::LogLevel::info:
      return LogLevel::info;
    case config::LogLevel::warn:
      return LogLevel::warn;
    case config::LogLevel::error:
      return LogLevel::error;
    default:
      return LogLevel::fatal;
  }
}

// 2026-01-31T12:00:00.000Z, in local time with its offset where that is not UTC.
std::string iso8601(uint64_t unix_ns) {
  time_t seconds = static_cast<time_t>(unix_ns / 1'000'000'000);
  tm local{};
  localtime_r(&seconds, &local);
  std::array<char, 64> text;
  size_t length = strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &local);
  std::string time(text.data(), length);
  std::string millis = std::to_string(1000 + unix_ns / 1'000'000 % 1000);
  time += '.' + millis.substr(1);
  if (local.tm_gmtoff == 0) return time + 'Z';
  length = strftime(text.data(), text.size(), "%z", &local);
  return time.append(text.data(), length);
}

bool has_place(Where where) {
  return where.file != nullptr && *where.file != '\0';
}

// Newlines stay, as in upstream's console form: what the debug exporter prints is one message of many lines. Every
// other control character is escaped.
void append_lines(std::string& out, std::string_view text) {
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    append_one_line(out, text.substr(0, end));
    out += '\n';
    text.remove_prefix(end + 1);
  }
  append_one_line(out, text);
}

// "telemetry/log.cc:42": the last two parts of the path.
std::string caller(Where where) {
  std::string_view file = where.file == nullptr ? "" : where.file;
  size_t slash = file.rfind('/');
  if (slash != std::string_view::npos && slash > 0) {
    slash = file.rfind('/', slash - 1);
    if (slash != std::string_view::npos) file.remove_prefix(slash + 1);
  }
  return std::string(file) + ':' + std::to_string(where.line);
}

// The fields of one line; with spaces in the console form, as upstream's.
class Members {
 public:
  Members(bool spaced, const Scrubber& scrubber) : spaced_(spaced), scrubber_(scrubber) {}

  void raw(std::string_view key, std::string_view json) {
    begin(key);
    text_ += json;
  }
  void text(std::string_view key, std::string_view value) {
    begin(key);
    std::string copy;
    append_json(text_, scrubber_.scrub(value, copy));
  }
  void field(const LogField& field) {
    if (const auto* value = std::get_if<std::string_view>(&field.value)) return text(field.key, *value);
    begin(field.key);
    if (const auto* number = std::get_if<int64_t>(&field.value))
      text_ += std::to_string(*number);
    else if (const auto* count = std::get_if<uint64_t>(&field.value))
      text_ += std::to_string(*count);
    else if (const auto* real = std::get_if<double>(&field.value))
      append_json(text_, *real);
    else
      text_ += std::get<bool>(field.value) ? "true" : "false";
  }
  bool empty() const { return text_.empty(); }
  std::string object() const { return '{' + text_ + '}'; }

 private:
  void begin(std::string_view key) {
    if (!text_.empty()) text_ += spaced_ ? ", " : ",";
    append_json(text_, key);
    text_ += spaced_ ? ": " : ":";
  }

  const bool spaced_;
  const Scrubber& scrubber_;
  std::string text_;
};

// Thins out equal lines: in each tick the first ones, then one in so many. Lines are told apart by a hash, so that two
// texts may rarely share a counter; that bounds the memory.
class Sampler {
 public:
  explicit Sampler(const config::LogSampling& settings) : settings_(settings) {}

  bool passes(LogLevel level, std::string_view text, uint64_t now_ns) {
    size_t hash = std::hash<std::string_view>()(text);
    Slot& slot = slots_[static_cast<size_t>(level)][hash % kSlots];
    uint64_t n = count(slot, now_ns);
    if (n <= settings_.initial) return true;
    return settings_.thereafter != 0 && (n - settings_.initial) % settings_.thereafter == 0;
  }

 private:
  static constexpr size_t kSlots = 512;
  struct Slot {
    std::atomic<uint64_t> reset_ns{0};
    std::atomic<uint64_t> count{0};
  };

  uint64_t count(Slot& slot, uint64_t now_ns) const {
    uint64_t reset_ns = slot.reset_ns.load();
    if (reset_ns > now_ns) return ++slot.count;
    slot.count = 1;
    uint64_t next_ns = now_ns + static_cast<uint64_t>(settings_.tick.count());
    return slot.reset_ns.compare_exchange_strong(reset_ns, next_ns) ? 1 : ++slot.count;
  }

  const config::LogSampling settings_;
  std::array<std::array<Slot, kSlots>, std::size(kLevelNames)> slots_;
};

std::string resource_json(const Resource& resource, bool spaced, const Scrubber& scrubber) {
  Members members(spaced, scrubber);
  for (const auto& [key, value] : resource) members.text(key, value);
  return members.object();
}

bool open_outputs(const std::vector<std::string>& paths, std::vector<std::shared_ptr<LogOutput>>& outputs,
                  std::string& error) {
  for (const auto& path : paths) {
    auto output = LogOutput::open(path, Log::kBacklogBytes, error);
    if (!output) return false;
    outputs.push_back(std::move(output));
  }
  return true;
}

}  // namespace

// All that a line depends on: replaced as a whole when the configuration is read.
struct Log::State {
  config::LogTelemetry settings;
  Resource resource;
  std::vector<std::shared_ptr<LogOutput>> outputs, error_outputs;
  std::unique_ptr<Sampler> sampler;
  const Scrubber* scrubber;

  std::string line(uint64_t unix_ns, LogLevel level, std::string_view text, std::span<const LogField> fields,
                   Where where, const LogScope* scope) const {
    std::string copy;
    std::string_view scrubbed = scrubber->scrub(text, copy);
    return settings.encoding == config::LogEncoding::json
               ? json_line(unix_ns, level, scrubbed, fields, where, scope)
               : console_line(unix_ns, level, scrubbed, fields, where, scope);
  }

  void add_members(Members& members, std::span<const LogField> fields, const LogScope* scope, bool spaced) const {
    for (const auto& [key, value] : settings.initial_fields) {
      std::string json;
      append_json(json, value, spaced);
      members.raw(key, json);
    }
    if (!settings.disable_zap_resource) members.raw("resource", resource_json(resource, spaced, *scrubber));
    if (scope != nullptr && scope->kind != 0) {
      members.text("otelcol.component.id", scope->component_id);
      members.text("otelcol.component.kind", kind_name(scope->kind));
      if (!scope->pipeline.empty()) members.text("otelcol.pipeline.id", scope->pipeline);
      if (!scope->signal.empty()) members.text("otelcol.signal", scope->signal);
    }
    for (const LogField& field : fields) members.field(field);
  }

  std::string console_line(uint64_t unix_ns, LogLevel level, std::string_view text, std::span<const LogField> fields,
                           Where where, const LogScope* scope) const {
    std::string line = iso8601(unix_ns);
    line.append("\t").append(level_name(level));
    if (!settings.disable_caller && has_place(where)) line.append("\t").append(caller(where));
    line += '\t';
    append_lines(line, text);
    Members members(true, *scrubber);
    add_members(members, fields, scope, true);
    if (!members.empty()) line.append("\t").append(members.object());
    return line + '\n';
  }

  std::string json_line(uint64_t unix_ns, LogLevel level, std::string_view text, std::span<const LogField> fields,
                        Where where, const LogScope* scope) const {
    Members members(false, *scrubber);
    members.text("level", level_name(level));
    members.text("ts", iso8601(unix_ns));
    if (!settings.disable_caller && has_place(where)) members.text("caller", caller(where));
    members.text("msg", text);
    add_members(members, fields, scope, false);
    return members.object() + '\n';
  }
};

Log::Log(const base::Clock& clock) : clock_(clock) {
  std::string error;
  configure({}, {}, error);
}

Log::~Log() = default;

bool Log::configure(const config::LogTelemetry& settings, const Resource& resource, std::string& error) {
  auto next = std::make_shared<State>();
  next->settings = settings;
  next->resource = resource;
  next->scrubber = &scrubber_;
  if (!open_outputs(settings.output_paths, next->outputs, error) ||
      !open_outputs(settings.error_output_paths, next->error_outputs, error)) {
    return false;
  }
  if (settings.sampling) next->sampler = std::make_unique<Sampler>(settings.sampling.value);
  std::shared_ptr<const State> before;
  {
    std::lock_guard lock(mutex_);
    before = std::exchange(state_, next);
  }
  level_.store(static_cast<int32_t>(threshold(settings.level)), std::memory_order_relaxed);
  return true;
}

std::shared_ptr<const Log::State> Log::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

void Log::write(LogLevel level, std::string_view text, std::span<const LogField> fields, Where where,
                const LogScope* scope) {
  auto state = this->state();
  uint64_t now_ns = clock_.unix_ns();
  if (state->sampler && !state->sampler->passes(level, text, clock_.mono_ns())) return;
  std::string line = state->line(now_ns, level, text, fields, where, scope);
  auto gap = [&](uint64_t lines) {
    LogField field("lines", lines);
    return state->line(now_ns, LogLevel::warn, "log lines were dropped because this output is slow", {&field, 1},
                       Where::here(), nullptr);
  };
  for (const auto& output : state->outputs) {
    int error = output->write(line, gap);
    if (error == 0) continue;
    LogField fields_of_error[] = {{"output", output->name()}, {"error", std::strerror(error)}};
    std::string told =
        state->line(now_ns, LogLevel::error, "cannot write the log", fields_of_error, Where::here(), nullptr);
    for (const auto& other : state->error_outputs) {
      if (other->name() != output->name()) other->write(told, gap);
    }
  }
}

void Log::flush(uint64_t patience_ms) {
  for (const auto& output : state()->outputs) output->flush(patience_ms);
}

uint64_t Log::dropped_lines() const {
  uint64_t lines = 0;
  for (const auto& output : state()->outputs) lines += output->dropped_lines();
  return lines;
}

void Logger::log(const sluice_log& entry) const {
  LogLevel level = static_cast<LogLevel>(std::clamp(entry.level, SLUICE_TRACE + 0, SLUICE_ERROR + 0));
  if (!enabled(level)) return;
  auto view = [](sluice_str s) { return s.ptr == nullptr ? std::string_view() : std::string_view(s.ptr, s.len); };
  std::vector<LogField> fields;
  fields.reserve(entry.field_count);
  for (uint32_t i = 0; i < entry.field_count; ++i) {
    const sluice_value& field = entry.fields[i];
    switch (field.kind) {
      case SLUICE_BOOL:
        fields.emplace_back(view(field.key), field.integer != 0);
        break;
      case SLUICE_INT:
        fields.emplace_back(view(field.key), field.integer);
        break;
      case SLUICE_DOUBLE:
        fields.emplace_back(view(field.key), field.number);
        break;
      default:
        fields.emplace_back(view(field.key), view(field.string));
    }
  }
  log_->write(level, view(entry.text), fields, {entry.file, entry.line}, scope_.get());
}

}  // namespace sluice::telemetry
