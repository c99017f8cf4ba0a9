// SPDX-License-Identifier: Apache-2.0
// The wrapper's settings, its public face, and what can be looked at.
#include "core/flow/delivery.h"

#include <algorithm>
#include <limits>

#include "core/flow/core.h"

namespace sluice::flow {
namespace {

uint64_t ns(Duration d) {
  return d.count() > 0 ? static_cast<uint64_t>(d.count()) : 0;
}

RetrySettings retry_of(const Section<config::RetryOnFailure>& section) {
  RetrySettings r;
  r.on = section.on;
  r.initial_interval_ns = ns(section->initial_interval);
  r.randomization_factor = section->randomization_factor;
  r.multiplier = section->multiplier;
  r.max_interval_ns = ns(section->max_interval);
  r.max_elapsed_ns = ns(section->max_elapsed_time);
  return r;
}

}  // namespace

std::string_view message(Notice::Kind kind) {
  switch (kind) {
    case Notice::Kind::retrying:
      return "Exporting failed. Will retry the request after interval.";
    case Notice::Kind::dropping:
      return "Exporting failed. Dropping data.";
    case Notice::Kind::rejecting:
      return "Exporting failed. Rejecting data.";
    case Notice::Kind::paused:
      return "The destination fails. Nothing is sent until a probe passes.";
    case Notice::Kind::opened:
      return "The destination answers again.";
    case Notice::Kind::holding:
      return "The destination refuses our credentials or address. Will try again slowly until that is repaired.";
    case Notice::Kind::splitting:
      return "The request is too large. Sending smaller ones.";
    case Notice::Kind::halving:
      return "The request fails while others pass. Sending it in halves.";
    case Notice::Kind::bisecting:
      return "The request was refused. Searching for the items that are to blame.";
    case Notice::Kind::searched:
      return "The search for refused items has ended.";
    case Notice::Kind::stuck:
      return "The queue is full and nothing has been delivered for 5 seconds.";
    case Notice::Kind::silent:
      return "The exporter does not answer calls that passed their deadline.";
    case Notice::Kind::misbehaves:
      return "The exporter's answer breaks a rule.";
    case Notice::Kind::partial:
      return "The destination took the request without some of its items.";
    case Notice::Kind::overflow:
      return "The queue is full. Dropping data.";
  }
  return "";
}

Delivery::Core::Core(const config::Delivery& settings, const Payload& payload, Budget* budget, uint64_t seed)
    : queue_(settings.sending_queue.on),
      waits_(!queue_ || settings.sending_queue->wait_for_result),
      capacity_(queue_ ? settings.sending_queue->queue_size : kNever),
      block_on_overflow_(settings.sending_queue->block_on_overflow),
      batch_(queue_ && settings.sending_queue->batch.on),
      partitioned_(batch_ && !settings.sending_queue->batch->partition.metadata_keys.empty()),
      batch_by_bytes_(settings.sending_queue->batch->sizer == config::Sizer::bytes),
      when_full_(waits_ ? config::WhenFull::refuse : settings.sending_queue->when_full),
      sizer_(queue_ ? settings.sending_queue->sizer : config::Sizer::requests),
      consumers_(queue_ ? settings.sending_queue->num_consumers : kNever),
      timeout_(ns(settings.timeout)),
      flush_timeout_(ns(settings.sending_queue->batch->flush_timeout)),
      min_size_(settings.sending_queue->batch->min_size),
      max_size_(settings.sending_queue->batch->max_size),
      retry_(retry_of(settings.retry_on_failure)),
      payload_(payload),
      budget_(budget),
      random_(seed) {}

// ---- looking -------------------------------------------------------------------------------------------------------
Delivery::Levels Delivery::Core::recount() const {
  Levels levels;
  std::vector<bool> placed(sources_.capacity());
  auto count = [&](const std::vector<Part>& parts, uint64_t& level) {
    for (const Part& part : parts) {
      level += part.count;
      if (!placed[part.source]) levels.used += sources_[part.source].units;
      placed[part.source] = true;
    }
  };
  for (uint32_t index : waiters_) levels.waiting += sources_[index].items;
  for (const Forming& forming : forming_) count(forming.parts, levels.queued);
  for (uint32_t index = 0; index < requests_.capacity(); ++index) {
    const Request& request = requests_[index];
    if (request.state == State::unused) continue;
    count(request.parts, request.started ? levels.in_flight : levels.queued);
    levels.in_flight_requests += request.started;
  }
  return levels;
}

uint64_t Delivery::Core::imbalance() const {
  Levels real = recount();
  auto apart = [](uint64_t a, uint64_t b) { return a > b ? a - b : b - a; };
  return book_.imbalance() + apart(book_.waiting, real.waiting) + apart(book_.queued, real.queued) +
         apart(book_.in_flight, real.in_flight) + apart(used_, real.used) +
         apart(in_flight_requests_, real.in_flight_requests);
}

Health Delivery::Core::health() const {
  if (silent_.size() >= kSilentAlarm) return {true, std::string(message(Notice::Kind::silent))};
  if (gate_ == Gate::open) return {};
  Notice::Kind kind = holding_ ? Notice::Kind::holding : Notice::Kind::paused;
  return {true, std::string(message(kind)) + (last_error_.empty() ? "" : " " + last_error_)};
}

// ---- the public face -----------------------------------------------------------------------------------------------
Delivery::Delivery(const config::Delivery& settings, const Payload& payload, Budget* budget, uint64_t seed)
    : core_(std::make_unique<Core>(settings, payload, budget, seed)) {}
Delivery::~Delivery() = default;

Offered Delivery::offer(const Offer& offer, uint64_t now, Actions& out) {
  return core_->offer(offer, now, out);
}
Room Delivery::reserve(uint64_t items, uint64_t bytes, uint64_t now) {
  return core_->reserve(items, bytes, now);
}
void Delivery::cancel(uint64_t items, uint64_t bytes, uint64_t now, Actions& out) {
  core_->cancel(items, bytes, now, out);
}
uint64_t Delivery::pass_over(uint64_t items, bool owner_is_early, uint64_t now, Actions& out) {
  return core_->pass_over(items, owner_is_early, now, out);
}
uint64_t Delivery::retry_hint_ns(uint64_t now) {
  return core_->retry_hint(now);
}
sluice_status Delivery::result(uint64_t attempt, const sluice_result& result, uint64_t now, Actions& out) {
  return core_->result(attempt, result, now, out);
}
void Delivery::busy(uint64_t attempt, uint64_t now, Actions& out) {
  core_->busy(attempt, now, out);
}
void Delivery::writable(uint64_t now, Actions& out) {
  core_->writable(now, out);
}
void Delivery::set_limits(const Limits& limits, uint64_t now, Actions& out) {
  core_->set_limits(limits, now, out);
}
void Delivery::timer(uint64_t now, Actions& out) {
  core_->timer(now, out);
}
void Delivery::drain(uint64_t backoff_cap_ns, uint64_t now, Actions& out) {
  core_->drain(backoff_cap_ns, now, out);
}
void Delivery::cut(uint64_t now, Actions& out) {
  core_->end_now(now, out);
}
const Book& Delivery::book() const {
  return core_->book_;
}
const SeenCounts& Delivery::seen() const {
  return core_->seen_;
}
uint64_t Delivery::queue_size() const {
  return core_->used_;
}
uint64_t Delivery::queue_capacity() const {
  return core_->queue_ ? core_->capacity_ : 0;
}
uint64_t Delivery::in_flight_requests() const {
  return core_->in_flight_requests_;
}
bool Delivery::empty() const {
  return core_->sources_.size() == 0;
}
bool Delivery::waits_for_result() const {
  return core_->waits_;
}
Health Delivery::health() const {
  return core_->health();
}
Delivery::Levels Delivery::recount() const {
  return core_->recount();
}
uint64_t Delivery::imbalance() const {
  return core_->imbalance();
}
void Delivery::set_rules_for_test(const Rules& rules) {
  core_->rules_ = rules;
}

}  // namespace sluice::flow
