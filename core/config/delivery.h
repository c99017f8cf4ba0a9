// SPDX-License-Identifier: Apache-2.0
// The delivery keys that the core owns in front of every exporter: sending_queue, retry_on_failure, timeout.
// Defaults are upstream's; an exporter's own defaults come through `x-delivery` of its schema.
#ifndef SLUICE_CORE_CONFIG_DELIVERY_H
#define SLUICE_CORE_CONFIG_DELIVERY_H

#include <cstdint>
#include <string>
#include <vector>

#include "plugins/sdk/settings.h"

namespace sluice::config {

using namespace sluice::literals;

enum class Sizer { requests, items, bytes };
enum class WhenFull { refuse, drop_newest, drop_oldest };

struct QueuePartition {
  std::vector<std::string> metadata_keys;

  void settings(Settings& s) {
    s("metadata_keys", metadata_keys, "One batch for each combination of these request headers.").unique();
  }
};

struct QueueBatch {
  Duration flush_timeout = 200ms;
  uint64_t min_size = 8192;
  uint64_t max_size = 0;
  Sizer sizer = Sizer::items;
  QueuePartition partition;

  void settings(Settings& s) {
    s("flush_timeout", flush_timeout, "Send what has been gathered after this long.").above(0s);
    s("min_size", min_size, "Send as soon as so much is gathered, in units of sizer.");
    s("max_size", max_size, "Cut larger requests to this size; 0: never.");
    s("sizer", sizer, "What min_size and max_size count.", {{"items", Sizer::items}, {"bytes", Sizer::bytes}});
    s("partition", partition, "What is never merged with each other.");
    s.check(max_size == 0 || max_size >= min_size, "max_size",
            "must be 0, or at least min_size (" + std::to_string(min_size) + ")");
  }
};

struct SendingQueue {
  uint32_t num_consumers = 10;
  uint64_t queue_size = 1000;
  Sizer sizer = Sizer::requests;
  bool wait_for_result = false;
  bool block_on_overflow = false;
  WhenFull when_full = WhenFull::refuse;
  Section<QueueBatch> batch;

  void settings(Settings& s) {
    s("num_consumers", num_consumers, "So many requests are in flight at once.").min(1).unit("requests");
    s("queue_size", queue_size, "Refuse what comes when so much is held, in units of sizer.").min(1);
    s("sizer", sizer, "What queue_size counts.",
      {{"requests", Sizer::requests}, {"items", Sizer::items}, {"bytes", Sizer::bytes}});
    s("wait_for_result", wait_for_result, "Answer the sender only when the destination has answered.");
    s("block_on_overflow", block_on_overflow, "Let the sender wait for a place instead of refusing.");
    s("when_full", when_full, "What happens when the queue is full; not in upstream.",
      {{"refuse", WhenFull::refuse}, {"drop_newest", WhenFull::drop_newest}, {"drop_oldest", WhenFull::drop_oldest}});
    s("batch", batch, "Merge what is queued into larger requests.");
    s.unsupported("storage", "queues on disk are not supported yet; leave storage out to queue in memory");
    s.check(!batch || batch->sizer != sizer || batch->min_size <= queue_size, "queue_size",
            "must be at least batch::min_size when both count the same");
  }
};

struct RetryOnFailure {
  Duration initial_interval = 5s;
  double randomization_factor = 0.5;
  double multiplier = 1.5;
  Duration max_interval = 30s;
  Duration max_elapsed_time = 5min;

  void settings(Settings& s) {
    s("initial_interval", initial_interval, "Wait this long after the first failure.").min(0s);
    s("randomization_factor", randomization_factor, "Spread each wait by this fraction.").min(0).max(1);
    s("multiplier", multiplier, "Each wait is so many times the one before.").min(0);
    s("max_interval", max_interval, "Wait at most this long.").min(0s);
    s("max_elapsed_time", max_elapsed_time, "Give up when the next try would pass this age; 0: never.").min(0s);
    s.check(max_elapsed_time.count() == 0 || (max_elapsed_time >= initial_interval && max_elapsed_time >= max_interval),
            "max_elapsed_time", "must be 0, or at least initial_interval and max_interval");
  }
};

struct Delivery {
  Section<SendingQueue> sending_queue;
  Section<RetryOnFailure> retry_on_failure;
  Duration timeout = 5s;  // of one attempt; 0: none

  void settings(Settings& s) {
    s("sending_queue", sending_queue, "Queue in front of the destination.");
    s("retry_on_failure", retry_on_failure, "What happens after a failure that may pass.");
    s("timeout", timeout, "Longest time of one attempt; 0: no limit.").min(0s);
  }
};

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_DELIVERY_H
