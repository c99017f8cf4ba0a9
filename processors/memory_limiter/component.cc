// SPDX-License-Identifier: Apache-2.0
#include "processors/memory_limiter/component.h"

#include <algorithm>
#include <string>
#include <utility>

#include "plugins/sdk/relay.h"

namespace sluice::processors {
namespace {

constexpr uint32_t kCheckTimer = 0;
constexpr uint64_t kHelps = 5;  // percent: giving less back than this did not help

uint64_t mib(uint64_t bytes) {
  return bytes >> 20;
}

struct Names {
  const char *accepted, *refused, *unit, *accepted_help, *refused_help;
};
constexpr std::array<Names, 3> kNames = {
    {{"otelcol_processor_memory_limiter_accepted_spans", "otelcol_processor_memory_limiter_refused_spans", "{span}",
      "Number of spans that were passed on.", "Number of spans that were refused, for want of memory."},
     {"otelcol_processor_memory_limiter_accepted_metric_points",
      "otelcol_processor_memory_limiter_refused_metric_points", "{datapoint}",
      "Number of data points that were passed on.", "Number of data points that were refused, for want of memory."},
     {"otelcol_processor_memory_limiter_accepted_log_records", "otelcol_processor_memory_limiter_refused_log_records",
      "{record}", "Number of log records that were passed on.",
      "Number of log records that were refused, for want of memory."}}};

}  // namespace

void MemoryLimiter::Pace::did_not_help(Duration check_interval) {
  if (max == 0s) {
    now = min;
    return;
  }
  // A little less than the interval of the checks, so that a check that comes a moment early still counts.
  const Duration least = std::max(min, check_interval / 20 * 19);
  now = std::min(std::max(now, least) * 2, std::max(max, min));
}

MemoryLimiter::MemoryLimiter(Host host, Config config, Memory& memory)
    : Processor(host),
      config_(config),
      memory_(memory),
      refusal_(Result::retryable(Code::unavailable, "data refused due to high memory usage")),
      soft_pace_{config.min_gc_interval_when_soft_limited, config.max_gc_interval_when_soft_limited},
      hard_pace_{config.min_gc_interval_when_hard_limited, config.max_gc_interval_when_hard_limited} {
  soft_pace_.helped();
  hard_pace_.helped();
}

sluice_status MemoryLimiter::init() {
  budget_ = host().core_interface<sluice_memory>(SLUICE_MEMORY_ID);
  for (const sluice_port& input : host().inputs()) {
    Signal& signal = signals_.at(static_cast<size_t>(input.signal));
    const Names& names = kNames.at(static_cast<size_t>(input.signal));
    signal.output = host().output(input.signal);
    signal.accepted = host().define(
        {.name = names.accepted, .unit = names.unit, .help = names.accepted_help, .level = SLUICE_METRIC_BASIC});
    signal.refused = host().define(
        {.name = names.refused, .unit = names.unit, .help = names.refused_help, .level = SLUICE_METRIC_BASIC});
  }
  return SLUICE_DONE;
}

sluice_status MemoryLimiter::start() {
  uint64_t total = 0;
  if (config_.limit_mib == 0) {
    total = memory_.total_bytes();
    if (total == 0) {
      return host().fail(
          "failed to get total memory, use fixed memory settings (limit_mib): neither a control group's "
          "limit nor /proc/meminfo could be read");
    }
    host().info("Using percentage memory limiter", {{"total_memory_mib", mib(total)},
                                                    {"limit_percentage", config_.limit_percentage},
                                                    {"spike_limit_percentage", config_.spike_limit_percentage}});
    if (config_.spike_limit_mib > 0) host().warn("spike_limit_mib is not used without limit_mib");
  } else if (config_.limit_percentage > 0 || config_.spike_limit_percentage > 0) {
    host().warn("limit_percentage and spike_limit_percentage are not used beside limit_mib");
  }
  limits_ = limits_of(config_, total);
  host().info("Memory limiter configured",
              {{"limit_mib", mib(limits_.hard)},
               {"spike_limit_mib", mib(limits_.hard - limits_.soft)},
               {"check_interval", std::chrono::duration<double>(config_.check_interval).count()}});
  check();
  return SLUICE_DONE;
}

sluice_status MemoryLimiter::consume(const Call& call) {
  const Signal& signal = signals_.at(static_cast<size_t>(call.signal()));
  const auto items = static_cast<int64_t>(call.batch().item_count);
  const uint64_t used = charged_bytes() + other_bytes_.load(std::memory_order_relaxed);
  if (used >= limits_.soft) {
    signal.refused.add(items);
    refuse_from_now_on(used);
    return call.reply(refusal_);
  }
  const sluice_status status = relay(host(), call, *signal.output, call.batch());
  if (status != SLUICE_BUSY) signal.accepted.add(items);
  return status;
}

void MemoryLimiter::sent(void* user, const sluice_result& result) {
  relay_answer(host(), user, result);
}

void MemoryLimiter::timer(uint32_t) {
  check();
}

uint64_t MemoryLimiter::measure() {
  const uint64_t resident = memory_.resident_bytes(), charged = charged_bytes();
  // Less is resident than charged where room was made for bodies that have not come yet.
  const uint64_t other = resident > charged ? resident - charged : 0;
  other_bytes_.store(other, std::memory_order_relaxed);
  return charged + other;
}

void MemoryLimiter::check() {
  uint64_t used = measure();
  host().debug("Currently used memory.", {{"cur_mem_mib", mib(used)}});
  if (used < limits_.soft || used <= last_used_ / 100 * (100 - kHelps)) {
    soft_pace_.helped();
    hard_pace_.helped();
  }
  if (used >= limits_.hard) {
    if (trim_is_due(hard_pace_)) {
      host().warn("Memory usage is above hard limit. Forcing a GC.", {{"cur_mem_mib", mib(used)}});
      used = trim(used);
    }
  } else if (used >= limits_.soft && trim_is_due(soft_pace_)) {
    host().info("Memory usage is above soft limit. Forcing a GC.", {{"cur_mem_mib", mib(used)}});
    used = trim(used);
  }
  last_used_ = used;
  if (used >= limits_.soft) {
    refuse_from_now_on(used);
  } else {
    accept_from_now_on(used);
  }
  host().set_timer_in(kCheckTimer, config_.check_interval);
}

bool MemoryLimiter::trim_is_due(const Pace& pace) const {
  const uint64_t last = memory_.trimmed_mono_ns.load(std::memory_order_relaxed);
  return last == 0 || host().now_mono_ns() - last >= static_cast<uint64_t>(pace.now.count());
}

uint64_t MemoryLimiter::trim(uint64_t used) {
  memory_.trimmed_mono_ns.store(host().now_mono_ns(), std::memory_order_relaxed);
  memory_.trim();
  const uint64_t left = measure();
  host().info("Memory usage after GC.", {{"cur_mem_mib", mib(left)}});
  if (left < limits_.soft || left <= used / 100 * (100 - kHelps)) {
    soft_pace_.helped();
    hard_pace_.helped();
    return left;
  }
  soft_pace_.did_not_help(config_.check_interval);
  hard_pace_.did_not_help(config_.check_interval);
  const auto seconds = [](Duration time) { return std::chrono::duration<double>(time).count(); };
  host().warn("Forced GC did not reclaim enough memory. Will back off GC frequency to preserve CPU for recovery.",
              {{"next_soft_gc_interval", seconds(soft_pace_.now)},
               {"next_hard_gc_interval", seconds(hard_pace_.now)},
               {"cur_mem_mib", mib(left)}});
  return left;
}

void MemoryLimiter::refuse_from_now_on(uint64_t used) {
  if (refusing_.load(std::memory_order_relaxed) || refusing_.exchange(true)) return;
  host().warn("Memory usage is above soft limit. Refusing data.", {{"cur_mem_mib", mib(used)}});
  host().set_health(SLUICE_HEALTH_DEGRADED, "data are refused: memory usage is above the soft limit");
}

void MemoryLimiter::accept_from_now_on(uint64_t used) {
  if (!refusing_.exchange(false)) return;
  host().info("Memory usage back within limits. Resuming normal operation.", {{"cur_mem_mib", mib(used)}});
  host().set_health(SLUICE_HEALTH_OK, "");
}

}  // namespace sluice::processors
