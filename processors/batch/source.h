// SPDX-License-Identifier: Apache-2.0
// A call that is answered when all of its items have ended, for `acknowledge: delivered`. Its items may leave in
// several batches, and one batch may hold items of several calls.
#ifndef SLUICE_PROCESSORS_BATCH_SOURCE_H
#define SLUICE_PROCESSORS_BATCH_SOURCE_H

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "plugins/sdk/answer.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/status.h"

namespace sluice::processors {

class Source {
 public:
  Source(Answer answer, sluice_signal signal, uint64_t items)
      : answer_(std::move(answer)), signal_(signal), items_(items), left_(items) {}

  // How `delivered` + `rejected` + `retryable` of its items ended. After the last one the call is answered.
  struct Ended {
    uint64_t delivered = 0, rejected = 0, retryable = 0;
  };
  void end(Host host, const Ended& ended, const sluice_result& result, uint32_t flags);

 private:
  Result answer_of_all() const;

  std::mutex mutex_;
  Answer answer_;
  const sluice_signal signal_;
  const uint64_t items_;
  uint64_t left_;
  Ended sum_;
  uint32_t flags_ = 0;
  std::optional<Result> retryable_, rejected_;  // the first of each kind: for code, text and hint
};

// Items of a call in a batch; the slices of a batch stand in the order of its items.
struct Slice {
  std::shared_ptr<Source> source;
  uint64_t items;
};

// Distributes the answer to a batch over the calls in it. A mere count of rejected items cannot be distributed over
// several calls: each is told that it was taken, flagged UNATTRIBUTED, and the count is accounted as dropped here.
void end_slices(Host host, sluice_signal signal, const std::vector<Slice>& slices, const sluice_result& result);

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_BATCH_SOURCE_H
