// SPDX-License-Identifier: Apache-2.0
// Outbox: sends batches that the component itself owns, and keeps those that are not taken until they are. Made for
// components that answer early or that pull (a file, a topic). It deals with the two races of back-pressure: resume()
// may come before the send() that said BUSY has returned, and sent() may run before the send() that said PENDING has.
//
//                      .-- BUSY, or retryable --> parked --.
//   offer() --> send()-+                          ^        | resume(), retry(), an answer that makes room
//                ^     '-- PENDING --> in flight -'        |
//                '-----------------------------------------'
//   everything else ends: `ended(parcel, result)` is called once for each parcel.
//
// No lock is held while one of the component's functions or send() runs.
// Parked parcels go out in the order in which they were offered, before new ones; the same batch pointer is offered
// again, so that the core can tell which branches of a fan-out took it the first time. All calls from any thread.
#ifndef SLUICE_PLUGINS_SDK_OUTBOX_H
#define SLUICE_PLUGINS_SDK_OUTBOX_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/batch.h"
#include "plugins/sdk/context.h"
#include "plugins/sdk/host.h"

namespace sluice {

// `Tag` is whatever the component wants back when a parcel ends.
template <class Tag>
class Outbox {
 public:
  struct Parcel {
    BatchRef batch;
    ContextRef context;
    Tag tag;
    uint64_t deadline_mono_ns = 0;
  };
  struct Events {
    std::function<void(Parcel parcel, const sluice_result& result)> ended;
    // True: a parcel that failed with FAILED_RETRYABLE or CANCELLED is parked; retry() or resume() offers it again.
    // BUSY always parks.
    std::function<bool(const sluice_result& result)> keep = [](const sluice_result&) { return false; };
    // A parcel was parked: the place to set a timer for retry().
    std::function<void()> parked = [] {};
  };

  Outbox(Host host, uint32_t output, size_t max_in_flight, Events events)
      : host_(host), output_(output), max_in_flight_(max_in_flight), events_(std::move(events)) {}
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Sends it now, or parks it behind what is parked already. Call without locks.
  void offer(Parcel parcel) {
    auto owned = std::make_unique<Numbered>(Numbered{std::move(parcel), this, 0});
    {
      std::lock_guard lock(mutex_);
      owned->number = next_number_++;
      if (!parked_.empty() || !may_send()) {
        parked_.push_back(std::move(owned));
        return;
      }
      ++in_flight_;
    }
    dispatch(std::move(owned));
    pump();
  }

  // To be called by Instance::sent(): `user` knows which outbox of the component it belongs to.
  static void sent(void* user, const sluice_result& result) {
    std::unique_ptr<Numbered> numbered(static_cast<Numbered*>(user));
    Outbox& outbox = *numbered->owner;
    outbox.settle(std::move(numbered), result);
    outbox.pump();
  }

  // To be called by Instance::resume() for this output.
  void resume() { retry(); }

  // Offers what is parked again: after a pause of the component's choice.
  void retry() {
    {
      std::lock_guard lock(mutex_);
      ++resumes_;
      blocked_ = false;
    }
    pump();
  }

  size_t parked() const {
    std::lock_guard lock(mutex_);
    return parked_.size();
  }
  size_t in_flight() const {
    std::lock_guard lock(mutex_);
    return in_flight_;
  }

  // Gives up what is parked: at stop().
  std::vector<Parcel> take_parked() {
    std::deque<std::unique_ptr<Numbered>> taken;
    {
      std::lock_guard lock(mutex_);
      taken.swap(parked_);
    }
    std::vector<Parcel> parcels;
    for (auto& numbered : taken) parcels.push_back(std::move(numbered->parcel));
    return parcels;
  }

 private:
  struct Numbered {
    Parcel parcel;
    Outbox* owner;
    uint64_t number;
  };

  bool may_send() const { return !blocked_ && in_flight_ < max_in_flight_; }

  // Sends what is parked while it is taken.
  void pump() {
    for (;;) {
      std::unique_ptr<Numbered> next;
      {
        std::lock_guard lock(mutex_);
        if (parked_.empty() || !may_send()) return;
        next = std::move(parked_.front());
        parked_.pop_front();
        ++in_flight_;
      }
      dispatch(std::move(next));
    }
  }

  void dispatch(std::unique_ptr<Numbered> numbered) {
    for (;;) {
      uint64_t seen;
      {
        std::lock_guard lock(mutex_);
        seen = resumes_;
      }
      // From here to the return of send() the parcel is reached only through `user`: sent() may end it meanwhile.
      const BatchRef batch = numbered->parcel.batch;
      const ContextRef context = numbered->parcel.context;
      const uint64_t deadline = numbered->parcel.deadline_mono_ns;
      Numbered* user = numbered.release();
      const Sent sent = host_.send(output_, batch.get(), context.get(), user, deadline);
      if (sent.pending()) return;
      numbered.reset(user);
      if (!sent.busy()) {
        // A copy: what the host lent is good only until this thread sends again, and `ended` may do so.
        const Result result = sent.copy();
        return settle(std::move(numbered), result.view());
      }
      {
        std::lock_guard lock(mutex_);
        if (resumes_ != seen) continue;
        park(std::move(numbered));
      }
      events_.parked();
      return;
    }
  }

  void settle(std::unique_ptr<Numbered> numbered, const sluice_result& result) {
    const bool again = result.status == SLUICE_FAILED_RETRYABLE || result.status == SLUICE_CANCELLED;
    if (again && events_.keep(result)) {
      {
        std::lock_guard lock(mutex_);
        park(std::move(numbered));
      }
      events_.parked();
      return;
    }
    {
      std::lock_guard lock(mutex_);
      --in_flight_;
    }
    events_.ended(std::move(numbered->parcel), result);
  }

  void park(std::unique_ptr<Numbered> numbered) {
    --in_flight_;
    blocked_ = true;
    auto place = parked_.begin();
    while (place != parked_.end() && (*place)->number < numbered->number) ++place;
    parked_.insert(place, std::move(numbered));
  }

  const Host host_;
  const uint32_t output_;
  const size_t max_in_flight_;
  const Events events_;

  mutable std::mutex mutex_;
  std::deque<std::unique_ptr<Numbered>> parked_;
  size_t in_flight_ = 0;
  uint64_t next_number_ = 0;
  uint64_t resumes_ = 0;
  bool blocked_ = false;  // until the next resume() or retry()
};

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_OUTBOX_H
