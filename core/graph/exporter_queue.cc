// SPDX-License-Identifier: Apache-2.0
#include "core/graph/exporter_queue.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/flow/decide.h"
#include "core/graph/frame.h"
#include "core/telemetry/balance.h"

namespace sluice::graph {
namespace {

std::string_view view(sluice_str text) {
  return {text.ptr, text.len};
}

}  // namespace

struct ExporterQueue::Job {
  uint64_t attempt;
  uint64_t deadline_mono_ns;
  std::vector<Cut> cuts;
};

// A source of which only these slices are still needed.
struct ExporterQueue::Spare {
  uint64_t source;
  uint64_t bytes;  // that it keeps in use
  std::vector<flow::Slice> slices;
  std::vector<Cut> cuts;
};

// What one step asks for, taken out under the lock.
struct ExporterQueue::Work {
  std::vector<Job> jobs;
  std::vector<std::pair<Reply, Outcome>> answers;
  std::vector<Spare> spares;
  std::vector<Source> released;
  std::vector<flow::Notice> notices;
  bool resume = false;
  bool health_changed = false;
  flow::Health health;
};

ExporterQueue::ExporterQueue(Services& services, Node& exporter, uint32_t input, sluice_signal signal,
                             const config::Delivery& settings, std::vector<std::string> pipelines)
    : services_(services),
      exporter_(exporter),
      input_(input),
      signal_(signal),
      metadata_keys_(settings.sending_queue && settings.sending_queue->batch
                         ? settings.sending_queue->batch->partition.metadata_keys
                         : std::vector<std::string>()),
      log_(services.log, {SLUICE_EXPORTER, exporter.about().id, std::string(telemetry::signal_name(signal)), ""}),
      delivery_(settings, *this, &services.budget, services.seed ^ reinterpret_cast<uintptr_t>(this)),
      sizes_(services.metrics, exporter.about().id, signal),
      registration_(
          services.ledger.wrapper({exporter.about().id, signal, std::move(pipelines)}, [this] { return read(); })) {}

ExporterQueue::~ExporterQueue() {
  registration_.end();
}

Cut ExporterQueue::Source::cut(uint64_t first, uint64_t count) const {
  if (pieces.empty()) return {batch, context, first, count};
  auto piece = pieces.begin();
  while (first - piece->first >= piece->count) ++piece;
  return {piece->batch, context, first - piece->first, count};
}

// ---- steps ----------------------------------------------------------------------------------------------------------

template <class F>
auto ExporterQueue::step(F&& event) {
  // One set a thread: what a step asks for is taken out before the lock goes, and running it never steps again.
  static thread_local flow::Actions actions;
  Work work;
  std::unique_lock lock(mutex_);
  actions.clear();
  auto result = event(services_.clock.mono_ns(), actions);
  work = collect(actions);
  lock.unlock();
  run(std::move(work));
  return result;
}

ExporterQueue::Work ExporterQueue::collect(flow::Actions& actions) {
  Work work;
  for (const flow::Dispatch& dispatch : actions.dispatches) {
    if (dispatch.tries == 1) sizes_.sent({dispatch.items, dispatch.bytes});
    Job& job = work.jobs.emplace_back(Job{dispatch.attempt, dispatch.deadline_mono_ns, {}});
    job.cuts.reserve(dispatch.slice_count);
    for (uint32_t i = 0; i < dispatch.slice_count; ++i) {
      const flow::Slice& slice = actions.slices[dispatch.first_slice + i];
      job.cuts.push_back(source(slice.source).cut(slice.first, slice.count));
    }
  }
  for (flow::Answer& answer : actions.answers) {
    Outcome outcome =
        Outcome::failed(answer.status, answer.code, flow::Reason::none, std::move(answer.text), answer.retry_after_ns);
    outcome.flags = answer.flags;
    outcome.details->rejected_items = answer.rejected_items;
    for (const flow::Range& range : answer.ranges) {
      outcome.details->ranges.push_back({range.first, range.count, SLUICE_FAILED_PERMANENT, range.code});
    }
    work.answers.emplace_back(source(answer.source).reply, std::move(outcome));
  }
  for (const flow::Keep& keep : actions.keeps) {
    constexpr uint64_t kWorthCopying = 65'536;
    const uint64_t bytes = source(keep.source).bytes;
    if (bytes < kWorthCopying) continue;
    Spare& spare = work.spares.emplace_back(Spare{keep.source, bytes, {}, {}});
    for (uint32_t i = 0; i < keep.slice_count; ++i) {
      const flow::Slice& slice = actions.slices[keep.first_slice + i];
      spare.slices.push_back(slice);
      spare.cuts.push_back(source(slice.source).cut(slice.first, slice.count));
    }
  }
  for (const uint64_t name : actions.released) {
    Source& over = source(name);
    held_bytes_ -= over.bytes;
    work.released.push_back(std::move(over));  // freed without the lock
    sources_.give_back(static_cast<uint32_t>(name));
  }
  work.notices = std::move(actions.notices);
  work.resume = actions.resume;
  work.health_changed = actions.health_changed;
  if (work.health_changed) work.health = delivery_.health();
  if (actions.timer_mono_ns) arm(actions.timer_mono_ns);
  return work;
}

void ExporterQueue::run(Work work) {
  for (Job& job : work.jobs) {
    calls_.fetch_add(1);
    Frame::later_or_elsewhere(services_.tasks, [this, job = std::move(job)]() mutable {
      Frame::Entry entry;
      dispatch(std::move(job));
    });
  }
  for (auto& [reply, outcome] : work.answers) reply.deliver(std::move(outcome));
  work.released.clear();
  for (Spare& spare : work.spares) keep_only(std::move(spare));
  for (const flow::Notice& notice : work.notices) report(notice);
  if (work.health_changed) {
    services_.health.set({SLUICE_EXPORTER, exporter_.about().id, ""},
                         work.health.degraded ? telemetry::HealthState::degraded : telemetry::HealthState::ok,
                         work.health.text);
  }
  if (work.resume) notify_room();
}

// A timer that is due too early looks again; so moving the time on costs nothing but a store.
void ExporterQueue::arm(uint64_t due_mono_ns) {
  if (closed_) return;
  wanted_mono_ns_ = due_mono_ns;
  if (timer_ && timer_.due_mono_ns <= due_mono_ns) return;
  services_.tasks.cancel(timer_);
  timer_ = services_.tasks.at(due_mono_ns, [this] { fire(); });
}

void ExporterQueue::fire() {
  Frame::Entry entry;
  {
    std::lock_guard lock(mutex_);
    timer_ = {};
    if (closed_) return;
    if (services_.clock.mono_ns() < wanted_mono_ns_) {
      timer_ = services_.tasks.at(wanted_mono_ns_, [this] { fire(); });
      return;
    }
  }
  step([this](uint64_t now, flow::Actions& out) {
    delivery_.timer(now, out);
    return 0;
  });
}

// ---- upstream side --------------------------------------------------------------------------------------------------

Outcome ExporterQueue::offer(const Parcel& parcel, const Reply& reply) {
  sizes_.offered(parcel.load());
  const uint64_t bytes = batch::pinned_bytes(*parcel.batch);
  batch::BatchPtr whole = batch::BatchPtr::share(parcel.batch);
  batch::ContextPtr context = batch::ContextPtr::share(parcel.context);
  const std::string partition = metadata_keys_.empty() ? std::string() : partition_of(*parcel.context);
  const flow::Offered offered = step([&](uint64_t now, flow::Actions& out) {
    flow::Offer offer;
    const uint32_t index = sources_.take();
    Source& mine = sources_[index];
    mine.batch = std::move(whole);
    mine.context = std::move(context);
    mine.reply = reply;
    mine.bytes = bytes;
    held_bytes_ += bytes;
    offer.source = name_of(index);
    offer.items = parcel.batch->item_count;
    offer.bytes = parcel.batch->length_bytes;
    offer.deadline_mono_ns = parcel.deadline_mono_ns;
    offer.partition = partition;
    offer.sensitive_dropped = (parcel.context->flags & SLUICE_CONTEXT_SENSITIVE_DROPPED) != 0;
    offer.reserved = parcel.reserved;
    const flow::Offered answer = delivery_.offer(offer, now, out);
    if (answer.verdict == flow::Verdict::busy || answer.verdict == flow::Verdict::failed) {
      held_bytes_ -= bytes;
      sources_.give_back(index);  // the caller has references of its own
    }
    return answer;
  });
  switch (offered.verdict) {
    case flow::Verdict::taken: {
      Outcome outcome(SLUICE_DONE);
      outcome.flags = SLUICE_RESULT_EARLY;
      return outcome;
    }
    case flow::Verdict::pending:
      return Outcome(SLUICE_PENDING);
    case flow::Verdict::busy:
      return Outcome::failed(SLUICE_BUSY, flow::kUnavailable, flow::Reason::queue_full, "sending queue is full",
                             offered.retry_after_ns);
    default:
      return Outcome::failed(SLUICE_FAILED_RETRYABLE, flow::kUnavailable, flow::Reason::stopping,
                             "the exporter takes nothing more", offered.retry_after_ns);
  }
}

flow::Room ExporterQueue::reserve(telemetry::Load load) {
  std::lock_guard lock(mutex_);
  return delivery_.reserve(load.items, load.bytes, services_.clock.mono_ns());
}

void ExporterQueue::cancel_reservation(telemetry::Load load) {
  step([&](uint64_t now, flow::Actions& out) {
    delivery_.cancel(load.items, load.bytes, now, out);
    return 0;
  });
}

Outcome ExporterQueue::pass_over(const Parcel& parcel) {
  const uint64_t hint = step([&](uint64_t now, flow::Actions& out) {
    return delivery_.pass_over(parcel.batch->item_count, parcel.owner_is_early, now, out);
  });
  if (parcel.owner_is_early) return Outcome(SLUICE_DONE);
  return Outcome::failed(SLUICE_FAILED_RETRYABLE, flow::kUnavailable, flow::Reason::queue_full,
                         "sending queue is full and does not move", hint);
}

uint64_t ExporterQueue::retry_hint_ns() {
  std::lock_guard lock(mutex_);
  return delivery_.retry_hint_ns(services_.clock.mono_ns());
}

// The values of the keys, each with its length; an absent key differs from an empty value.
std::string ExporterQueue::partition_of(const sluice_context& context) const {
  std::string partition;
  for (const std::string& key : metadata_keys_) {
    for (uint32_t i = 0; i < context.metadata_count; ++i) {
      const sluice_kv& pair = context.metadata[i];
      if (view(pair.key) != key) continue;
      partition += std::to_string(pair.value.len);
      partition += ':';
      partition += view(pair.value);
    }
    partition += ';';
  }
  return partition;
}

// ---- exporter's side ------------------------------------------------------------------------------------------------

void ExporterQueue::dispatch(Job job) {
  batch::Made request = join(job.cuts, services_.budget);
  Outcome outcome;
  if (request.batch) {
    const batch::ContextPtr context = common_context(job.cuts);
    const Parcel parcel{request.batch.get(), context.get(), job.deadline_mono_ns};
    job.cuts.clear();  // the request has references of its own
    outcome = exporter_.call(input_, parcel, Reply{nullptr, this, job.attempt, parcel.load()});
  } else {
    outcome = Outcome::failed(SLUICE_FAILED_RETRYABLE, flow::kInternal, flow::Reason::none, request.error);
  }
  if (outcome.answered()) answered(job.attempt, {}, std::move(outcome));
}

void ExporterQueue::answered(uint64_t attempt, telemetry::Load, Outcome outcome) {
  step([&](uint64_t now, flow::Actions& out) {
    if (outcome.status == SLUICE_BUSY) {
      delivery_.busy(attempt, now, out);
    } else {
      delivery_.result(attempt, outcome.view(), now, out);
    }
    return 0;
  });
  calls_.fetch_sub(1);
}

void ExporterQueue::writable() {
  step([&](uint64_t now, flow::Actions& out) {
    delivery_.writable(now, out);
    return 0;
  });
}

void ExporterQueue::apply_limits() {
  const sluice_limits& limits = exporter_.limits();
  Frame::Entry entry;
  step([&](uint64_t now, flow::Actions& out) {
    delivery_.set_limits({limits.max_in_flight, limits.max_items, limits.max_bytes}, now, out);
    return 0;
  });
}

uint64_t ExporterQueue::bytes(uint64_t name, uint64_t first, uint64_t count) const {
  const Cut cut = source(name).cut(first, count);
  return bytes_of(*cut.batch.get(), cut.first, count);
}

uint64_t ExporterQueue::items_within(uint64_t name, uint64_t first, uint64_t max_bytes) const {
  const Cut cut = source(name).cut(first, 0);
  return graph::items_within(*cut.batch.get(), cut.first, max_bytes);
}

// What is still needed of a source is copied, if that frees most of what it keeps in use. Outside of the lock; what
// has happened to the source meanwhile only made it need less.
void ExporterQueue::keep_only(Spare spare) {
  uint64_t bytes = 0;
  std::vector<Piece> pieces;
  for (size_t i = 0; i < spare.cuts.size(); ++i) {
    batch::Made made = join({spare.cuts[i]}, services_.budget);
    if (made.batch) made = batch::compact(made.batch, services_.budget);
    if (!made.batch) return;
    bytes += batch::pinned_bytes(*made.batch.get());
    pieces.push_back({spare.slices[i].first, spare.slices[i].count, std::move(made.batch)});
  }
  spare.cuts.clear();
  if (bytes > spare.bytes / 2) return;
  batch::BatchPtr whole;
  std::lock_guard lock(mutex_);  // after what has the old memory in the end: it is freed without the lock
  Source& kept = source(spare.source);
  if (name_of(static_cast<uint32_t>(spare.source)) != spare.source) return;
  held_bytes_ = held_bytes_ - kept.bytes + bytes;
  kept.bytes = bytes;
  kept.pieces.swap(pieces);
  std::swap(kept.batch, whole);
}

// ---- the end, and looking
// ---------------------------------------------------------------------------------------------

void ExporterQueue::drain(uint64_t backoff_cap_ns) {
  Frame::Entry entry;
  step([&](uint64_t now, flow::Actions& out) {
    delivery_.drain(backoff_cap_ns, now, out);
    return 0;
  });
}

void ExporterQueue::cut() {
  Frame::Entry entry;
  step([&](uint64_t now, flow::Actions& out) {
    closed_ = true;
    services_.tasks.cancel(timer_);
    delivery_.cut(now, out);
    return 0;
  });
}

bool ExporterQueue::empty() const {
  std::lock_guard lock(mutex_);
  return delivery_.empty();
}

telemetry::WrapperSum ExporterQueue::read() const {
  std::lock_guard lock(mutex_);
  telemetry::WrapperSum sum = telemetry::read_wrapper(delivery_);
  sum.held_bytes = held_bytes_;
  return sum;
}

void ExporterQueue::report(const flow::Notice& notice) {
  using Kind = flow::Notice::Kind;
  const bool lost = notice.kind == Kind::dropping || notice.kind == Kind::rejecting || notice.kind == Kind::overflow ||
                    notice.kind == Kind::misbehaves || (notice.kind == Kind::searched && notice.items != 0);
  const bool plain = notice.kind == Kind::retrying || notice.kind == Kind::opened || notice.kind == Kind::splitting ||
                     notice.kind == Kind::bisecting || notice.kind == Kind::halving || notice.kind == Kind::searched;
  const auto level = lost ? telemetry::LogLevel::error : plain ? telemetry::LogLevel::info : telemetry::LogLevel::warn;
  if (!log_.enabled(level)) return;
  std::vector<telemetry::LogField> fields;
  if (!notice.text.empty()) fields.emplace_back("error", notice.text);
  if (notice.code) fields.emplace_back("code", notice.code);
  if (notice.reason != flow::Reason::none) fields.emplace_back("reason", flow::name(notice.reason));
  if (notice.items) fields.emplace_back(lost ? "dropped_items" : "items", notice.items);
  if (notice.untried_items) fields.emplace_back("untried_items", notice.untried_items);
  if (notice.kind == Kind::searched) {
    fields.emplace_back("of_items", notice.of_items);
    fields.emplace_back("requests", notice.requests);
  }
  std::string interval;
  if (notice.delay_ns) {
    const uint64_t milliseconds = notice.delay_ns / 1'000'000;
    interval = std::to_string(static_cast<double>(milliseconds) / 1000.0);
    interval.erase(interval.size() - 3);
    interval += 's';
    fields.emplace_back("interval", interval);
  }
  log_.log(level, flow::message(notice.kind), std::span<const telemetry::LogField>(fields));
}

}  // namespace sluice::graph
