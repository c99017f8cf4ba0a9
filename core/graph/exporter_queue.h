// SPDX-License-Identifier: Apache-2.0
// The shell around flow::Delivery: it has the lock, the memory and the calls that the pure logic does without. Stands
// between the edges and one exporter, for one signal: takes batches, makes requests of what the logic chose, and gives
// them to the exporter's consume(). Whoever brings an event runs the logic under the lock and what comes of it without.
#ifndef SLUICE_CORE_GRAPH_EXPORTER_QUEUE_H
#define SLUICE_CORE_GRAPH_EXPORTER_QUEUE_H

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/batch/batch.h"
#include "core/batch/context.h"
#include "core/flow/delivery.h"
#include "core/flow/slab.h"
#include "core/graph/cuts.h"
#include "core/graph/edge.h"
#include "core/graph/node.h"
#include "core/graph/services.h"
#include "core/telemetry/request_sizes.h"

namespace sluice::graph {

class ExporterQueue final : public Target, public Waiter, private flow::Payload {
 public:
  // `input`: the exporter's input for this signal. All of them outlive this.
  ExporterQueue(Services& services, Node& exporter, uint32_t input, sluice_signal signal,
                const config::Delivery& settings, std::vector<std::string> pipelines);
  ~ExporterQueue() override;

  Outcome offer(const Parcel& parcel, const Reply& reply) override;
  flow::Room reserve(telemetry::Load load) override;
  void cancel_reservation(telemetry::Load load) override;
  Outcome pass_over(const Parcel& parcel) override;
  uint64_t retry_hint_ns() override;
  uint64_t counted_below(const Outcome&, uint64_t not_taken) override { return not_taken; }  // this has its own book

  void answered(uint64_t attempt, telemetry::Load load, Outcome outcome) override;

  // After the exporter's init(), which may have set limits.
  void apply_limits();
  void writable();

  // The end, see flow::Delivery. cut() leaves no call of the exporter open.
  void drain(uint64_t backoff_cap_ns);
  void cut();
  bool empty() const;
  bool exporter_idle() const { return calls_.load() == 0; }
  bool waits_for_result() const { return delivery_.waits_for_result(); }

 private:
  struct Job;
  struct Spare;
  struct Work;

  struct Piece {  // items [first, first + count) of a source
    uint64_t first, count;
    batch::BatchPtr batch;
  };
  // One batch that was offered and is not over.
  struct Source {
    batch::BatchPtr batch;
    std::vector<Piece> pieces;  // instead of the batch, once only little of it is still needed
    batch::ContextPtr context;
    Reply reply;
    uint64_t bytes = 0;       // that batch or pieces keep in use
    uint32_t generation = 0;  // of the use of this record

    void reset() {
      const uint32_t next = generation + 1;
      *this = Source{};
      generation = next;
    }
    Cut cut(uint64_t first, uint64_t count) const;
  };
  // The flow's name for a source: number and generation of its record.
  uint64_t name_of(uint32_t index) const { return static_cast<uint64_t>(sources_[index].generation) << 32 | index; }
  Source& source(uint64_t name) { return sources_[static_cast<uint32_t>(name)]; }
  const Source& source(uint64_t name) const { return sources_[static_cast<uint32_t>(name)]; }

  template <class F>
  auto step(F&& event);
  Work collect(flow::Actions& actions);
  void run(Work work);
  void arm(uint64_t due_mono_ns);
  void fire();
  void dispatch(Job job);
  void keep_only(Spare spare);
  void report(const flow::Notice& notice);
  std::string partition_of(const sluice_context& context) const;
  telemetry::WrapperSum read() const;

  uint64_t bytes(uint64_t source, uint64_t first, uint64_t count) const override;
  uint64_t items_within(uint64_t source, uint64_t first, uint64_t max_bytes) const override;

  Services& services_;
  Node& exporter_;
  const uint32_t input_;
  const sluice_signal signal_;
  const std::vector<std::string> metadata_keys_;
  telemetry::Logger log_;
  std::atomic<uint32_t> calls_{0};  // into the exporter, not answered

  mutable std::mutex mutex_;  // guards all below
  flow::Delivery delivery_;
  flow::Slab<Source> sources_;
  uint64_t held_bytes_ = 0;  // memory that the sources keep in use
  base::TimerHandle timer_;
  uint64_t wanted_mono_ns_ = 0;
  bool closed_ = false;

  telemetry::RequestSizes sizes_;
  telemetry::Ledger::Registration registration_;
};

}  // namespace sluice::graph
#endif  // SLUICE_CORE_GRAPH_EXPORTER_QUEUE_H
