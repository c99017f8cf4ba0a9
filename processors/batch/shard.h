// SPDX-License-Identifier: Apache-2.0
// One partition of the batch processor: what it holds, when that is due, and the outbox for what has been formed.
//
//   add() --> held --(size, time, drain)--> formed --> outbox --> taken, or refused for good
//                                                        ^ '-- refused for now: parked, at most kMaxParked, then BUSY
//                                                        '---- offered again on resume() or after 100 ms
//
// Where senders are answered early (`acknowledge: accepted`) the items are HELD in the core's books from add() until
// they are taken below. While more than kPacesAboveBytes are offered below and have no answer, senders get theirs late,
// but after kPace: so those that wait for answers send no faster than what comes behind takes it. All calls from any
// thread; nothing of the border but accounts and timers is called under a lock.
#ifndef SLUICE_PROCESSORS_BATCH_SHARD_H
#define SLUICE_PROCESSORS_BATCH_SHARD_H

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "plugins/sdk/answer.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/log.h"
#include "plugins/sdk/outbox.h"
#include "processors/batch/config.h"
#include "processors/batch/forming.h"

namespace sluice::processors {

struct BatchMetrics {
  Metric send_size, send_size_bytes, size_trigger, timeout_trigger, cardinality;
};

// The level of held items of one signal, which all shards of it share.
class HeldLevel {
 public:
  HeldLevel(Host host, sluice_signal signal) : host_(host), signal_(signal) {}
  void change(int64_t items) {
    std::lock_guard lock(mutex_);  // around the call too: the last level reported must be the last one reached
    level_ += static_cast<uint64_t>(items);
    host_.held(signal_, level_);
  }

 private:
  const Host host_;
  const sluice_signal signal_;
  std::mutex mutex_;
  uint64_t level_ = 0;
};

class Shard {
 public:
  using Tag = std::vector<Slice>;
  static constexpr size_t kMaxParked = 2;
  static constexpr size_t kMaxInFlight = 64;
  static constexpr uint64_t kPacesAboveBytes = 4 << 20;
  static constexpr std::chrono::milliseconds kPace{20};

  struct Shared {
    Host host;
    const BatchConfig& config;
    const BatchMetrics& metrics;
    HeldLevel& held;
    LogLimit& log_limit;
    std::function<void()> retry_later;  // sees to it that retry() is called in a while
    sluice_signal signal;
    uint32_t output;
  };
  Shard(Shared shared, ContextRef context);

  // Answers the call, or PENDING. `due` is when run_due() must be called, 0: not because of this call.
  sluice_status add(const Call& call, uint64_t& due);
  // Sends and answers what is due, and says when the rest is; 0: nothing is held or owed.
  uint64_t run_due(uint64_t now_mono_ns);
  // Sends and answers all, and from now on at once what comes.
  void drain();
  void retry() { outbox_.retry(); }
  // For the shard that sent `user`.
  static void sent(void* user, const sluice_result& result) { Outbox<Tag>::sent(user, result); }
  uint32_t output() const { return shared_.output; }
  // Gives up what is left: no answer will come any more.
  void abandon();

 private:
  enum class Trigger { size, timeout };
  struct Paced {
    uint64_t until_mono_ns;
    Answer answer;
  };

  bool early() const { return shared_.config.acknowledge == Acknowledge::accepted; }
  bool waits() const {
    return !draining_ && shared_.config.timeout.count() != 0 && shared_.config.send_batch_size != 0;
  }
  // With the lock: takes what can go by size.
  std::vector<Formed> take_full();
  void send(std::vector<Formed> all, Trigger trigger);
  // False: nobody needs to be held back. Else the call is answered later, at `due` if not before.
  bool pace(const Call& call, uint64_t& due);
  static void answer(std::vector<Paced> paced);
  void ended(Outbox<Tag>::Parcel parcel, const sluice_result& result);
  void give_up(uint64_t items, const std::vector<Slice>& slices, const Result& result);

  const Shared shared_;
  const ContextRef context_;
  std::mutex mutex_;
  Held held_;
  uint64_t due_ = 0;          // of what is held; 0: nothing is, or it goes at once
  std::vector<Paced> paced_;  // the first is due first
  bool refused_ = false;      // somebody was told BUSY
  bool draining_ = false;
  std::atomic<uint64_t> offered_bytes_{0};  // below, without an answer
  Outbox<Tag> outbox_;
};

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_BATCH_SHARD_H
