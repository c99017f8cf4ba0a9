// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/component.h"

#include <algorithm>
#include <utility>

namespace sluice::processors {
namespace {

constexpr double kItemBounds[] = {10,   25,   50,   75,   100,  250,  500,   750,   1000,  2000,  3000,
                                  4000, 5000, 6000, 7000, 8000, 9000, 10000, 20000, 30000, 50000, 100000};
constexpr double kByteBounds[] = {
    10,     25,     50,     75,     100,     250,     500,     750,     1000,    2000,    3000,    4000,    5000,
    6000,   7000,   8000,   9000,   10000,   20000,   30000,   50000,   100000,  200000,  300000,  400000,  500000,
    600000, 700000, 800000, 900000, 1000000, 2000000, 3000000, 4000000, 5000000, 6000000, 7000000, 8000000, 9000000};

constexpr std::chrono::milliseconds kRetryPause{100};

}  // namespace

Batch::Batch(Host host, Config config)
    : Processor(host), config_(std::move(config)), partitioner_(config_.metadata_keys) {}

sluice_status Batch::init() {
  for (const sluice_signal signal : kSignals)
    if (const auto output = host().output(signal))
      signals_[static_cast<size_t>(signal)] = std::make_unique<Signal>(host(), signal, *output);
  metrics_.send_size = host().define({.type = SLUICE_HISTOGRAM,
                                      .name = "otelcol_processor_batch_batch_send_size",
                                      .unit = "{unit}",
                                      .help = "Number of units in the batch",
                                      .bounds = kItemBounds});
  metrics_.send_size_bytes = host().define({.type = SLUICE_HISTOGRAM,
                                            .name = "otelcol_processor_batch_batch_send_size_bytes",
                                            .unit = "By",
                                            .help = "Number of bytes in batch that was sent. Only available on "
                                                    "detailed level.",
                                            .level = SLUICE_METRIC_DETAILED,
                                            .bounds = kByteBounds});
  metrics_.size_trigger = host().define({.name = "otelcol_processor_batch_batch_size_trigger_send",
                                         .unit = "{time}",
                                         .help = "Number of times the batch was sent due to a size trigger"});
  metrics_.timeout_trigger = host().define({.name = "otelcol_processor_batch_timeout_trigger_send",
                                            .unit = "{time}",
                                            .help = "Number of times the batch was sent due to a timeout trigger"});
  metrics_.cardinality = host().define({.type = SLUICE_UP_DOWN_COUNTER,
                                        .name = "otelcol_processor_batch_metadata_cardinality",
                                        .unit = "{combination}",
                                        .help = "Number of distinct metadata value combinations being processed"});
  return SLUICE_DONE;
}

sluice_status Batch::consume(const Call& call) {
  if (call.batch().item_count == 0) return SLUICE_DONE;
  Shard* shard = shard_of(call);
  if (!shard) return call.reply(Result::permanent(Code::internal, "too many batcher metadata-value combinations"));
  uint64_t due = 0;
  const sluice_status status = shard->add(call, due);
  if (due) arm(due);
  return status;
}

Shard* Batch::find(const Signal& signal, const std::string& key) const {
  const auto found = signal.shards.find(key);
  return found == signal.shards.end() ? nullptr : found->second.get();
}

Shard* Batch::shard_of(const Call& call) {
  Signal& signal = *signals_.at(static_cast<size_t>(call.signal()));
  const std::string key = partitioner_.key_of(call.context());
  {
    std::shared_lock lock(shards_mutex_);
    if (Shard* shard = find(signal, key)) return shard;
  }
  std::unique_lock lock(shards_mutex_);
  if (Shard* shard = find(signal, key)) return shard;
  const uint32_t limit = config_.metadata_cardinality_limit;
  if (!partitioner_.single() && limit && signal.shards.size() >= limit) return nullptr;
  auto shard = std::make_unique<Shard>(Shard::Shared{.host = host(),
                                                     .config = config_,
                                                     .metrics = metrics_,
                                                     .held = signal.held,
                                                     .log_limit = log_limit_,
                                                     .retry_later = [this] { retry_later(); },
                                                     .signal = call.signal(),
                                                     .output = signal.output},
                                       partitioner_.context_of(host().get(), call.context()));
  if (draining_) shard->drain();
  metrics_.cardinality.add(1);
  return signal.shards.emplace(key, std::move(shard)).first->second.get();
}

std::vector<Shard*> Batch::all_shards() const {
  std::vector<Shard*> all;
  std::shared_lock lock(shards_mutex_);
  for (const auto& signal : signals_)
    if (signal)
      for (const auto& [key, shard] : signal->shards) all.push_back(shard.get());
  return all;
}

void Batch::sent(void* user, const sluice_result& result) {
  Shard::sent(user, result);
}

void Batch::resume(uint32_t output) {
  for (Shard* shard : all_shards())
    if (shard->output() == output) shard->retry();
}

void Batch::timer(uint32_t index) {
  if (index == kRetryTimer) {
    retry_armed_ = false;
    for (Shard* shard : all_shards()) shard->retry();
    return;
  }
  {
    std::lock_guard lock(timer_mutex_);
    timer_due_ = 0;
  }
  const uint64_t now = host().now_mono_ns();
  uint64_t next = 0;
  for (Shard* shard : all_shards())
    if (const uint64_t due = shard->run_due(now)) next = next ? std::min(next, due) : due;
  if (next) arm(next);
}

void Batch::arm(uint64_t due_mono_ns) {
  std::lock_guard lock(timer_mutex_);
  if (timer_due_ && timer_due_ <= due_mono_ns) return;
  timer_due_ = due_mono_ns;
  host().set_timer(kDueTimer, due_mono_ns);
}

void Batch::retry_later() {
  if (!retry_armed_.exchange(true)) host().set_timer_in(kRetryTimer, kRetryPause);
}

void Batch::drain() {
  {
    std::unique_lock lock(shards_mutex_);
    draining_ = true;
  }
  for (Shard* shard : all_shards()) shard->drain();
}

void Batch::stop(uint64_t) {
  for (Shard* shard : all_shards()) shard->abandon();
}

}  // namespace sluice::processors
