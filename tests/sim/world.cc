// SPDX-License-Identifier: Apache-2.0
// The world's time, its settings, and its senders.
#include "tests/sim/world.h"

#include <algorithm>

namespace sluice::sim {
namespace {

constexpr uint64_t kHeader = 20;  // bytes of a message besides its items

Duration duration(uint64_t ns) {
  return Duration(static_cast<int64_t>(ns));
}

}  // namespace

World::World(uint64_t seed, const Rules& rules) : rules_(rules), random_(seed) {
  uint64_t limit = chance(35) ? between(600, 6000) : 0;
  budget_ = std::make_unique<flow::Budget>(limit);
  uint32_t branches = chance(55) ? 1 : chance(70) ? 2 : 3;
  for (uint32_t b = 0; b < branches; ++b) make_branch(b, branches == 1);
  uint32_t senders = static_cast<uint32_t>(between(1, 6));
  for (uint32_t s = 0; s < senders; ++s) make_sender(s);
  uint64_t heal_in = between(5, 90) * kSecond;
  schedule(heal_in, What::heal, 0);
  if (chance(30)) {
    stops_ = true;
    grace_ = one_of({kSecond, 5 * kSecond, 30 * kSecond});
    schedule(between(10, heal_in / kMillisecond) * kMillisecond, What::drain, 0);
  }
}

World::~World() = default;

void World::make_branch(uint32_t index, bool alone) {
  branches_.push_back(std::make_unique<Branch>());
  Branch& b = *branches_.back();
  config::Delivery& s = b.settings;
  s.timeout = duration(chance(10) ? 0 : between(20, 2000) * kMillisecond);
  s.sending_queue.on = !chance(15);
  config::SendingQueue& q = s.sending_queue.value;
  q.num_consumers = static_cast<uint32_t>(chance(40) ? 1 : between(2, 5));
  q.sizer = one_of({config::Sizer::requests, config::Sizer::requests, config::Sizer::items, config::Sizer::bytes});
  q.queue_size = between(1, 12) * (q.sizer == config::Sizer::requests ? 1 : q.sizer == config::Sizer::items ? 8 : 150);
  q.wait_for_result = chance(35);
  q.block_on_overflow = chance(30);
  if (chance(20)) q.when_full = one_of({config::WhenFull::drop_newest, config::WhenFull::drop_oldest});
  q.batch.on = chance(50);
  config::QueueBatch& batch = q.batch.value;
  batch.flush_timeout = duration(between(5, 400) * kMillisecond);
  batch.sizer = one_of({config::Sizer::items, config::Sizer::bytes});
  uint64_t unit = batch.sizer == config::Sizer::items ? 1 : 15;
  batch.min_size = between(0, 40) * unit;
  if (chance(50)) batch.max_size = batch.min_size + between(1, 30) * unit;
  if (chance(40)) batch.partition.metadata_keys = {"tenant"};
  s.retry_on_failure.on = !chance(10);
  config::RetryOnFailure& r = s.retry_on_failure.value;
  r.initial_interval = duration(between(5, 500) * kMillisecond);
  r.max_interval = r.initial_interval * static_cast<int64_t>(between(1, 8));
  r.max_elapsed_time = chance(60) ? duration(0) : std::max(r.max_interval, duration(between(1, 40) * kSecond));
  if (chance(30)) b.limits.max_in_flight = 1;
  if (chance(25)) b.limits.max_items = between(1, 12);
  if (chance(25)) b.limits.max_bytes = between(40, 400);
  uint64_t places = s.sending_queue.on ? q.num_consumers : kNever;
  if (b.limits.max_in_flight == 1) places = 1;
  b.ordered = places == 1 && (!s.sending_queue.on || !q.batch.on || batch.partition.metadata_keys.empty());
  if (b.ordered) rare(Rare::ordered);

  if (chance(20)) b.max_request_bytes = between(60, 300);
  if (chance(35)) b.poison_in = static_cast<uint32_t>(one_of({3, 10, 40, 200}));
  bool answers_early = s.sending_queue.on && !q.wait_for_result;  // else its sender would send it again for ever
  if (chance(25) && answers_early && alone && !b.ordered && r.max_elapsed_time.count() != 0) {
    b.killer_in = static_cast<uint32_t>(between(10, 100));
  }
  if (chance(15)) b.bad_partition = 1;
  b.stores_the_rest = chance(35);
  b.names_ranges = chance(50);
  b.gives_hints = chance(60);
  b.lies = chance(10);
  b.delivery = std::make_unique<flow::Delivery>(s, *this, budget_.get(), random_.next());
  flow::Rules rules = rules_.flow;
  if (chance(60)) rules.paces_above_bytes = between(0, 600);
  b.delivery->set_rules_for_test(rules);
  b.delivery->set_limits(b.limits, now_, actions_);
  actions_.clear();
  schedule(0, What::mode, index);
}

void World::make_sender(uint32_t index) {
  Sender& s = senders_.emplace_back();
  s.early = chance(25);
  s.trusts_resume = chance(50);
  s.deadline = chance(40) ? between(50, 5000) * kMillisecond : 0;
  s.is_patient = chance(50);
  if (!s.is_patient) s.deadline = between(1000, 3000) * kMillisecond;
  uint64_t count = between(2, 30);
  bool big = s.is_patient && chance(8);
  for (uint64_t i = 0; i < count; ++i) {
    Batch batch;
    batch.content = next_content_++;
    batch.items = big && chance(20) ? between(60, 300) : chance(4) ? 0 : between(1, 20);
    batch.item_bytes = between(5, 25);
    batch.bytes = kHeader + batch.items * batch.item_bytes;
    batch.sender = index;
    batch.partition = static_cast<uint32_t>(random_.below(3));
    batch.sensitive_dropped = chance(5);
    s.todo.push_back(batch);
  }
  send_in(between(0, 3000) * kMillisecond, index);
}

uint64_t World::bytes(uint64_t source, uint64_t, uint64_t count) const {
  return kHeader + count * batches_.at(source).item_bytes;
}

uint64_t World::items_within(uint64_t source, uint64_t, uint64_t max_bytes) const {
  return max_bytes <= kHeader ? 0 : (max_bytes - kHeader) / batches_.at(source).item_bytes;
}

// ---- time ----------------------------------------------------------------------------------------------------------
void World::schedule(uint64_t in, What what, uint32_t who, uint64_t which) {
  events_.push({now_ + in, next_event_++, what, who, which});
}

Report World::run() {
  constexpr uint64_t kTooManyEvents = 500'000;
  while (!events_.empty() && report_.failure.empty() && !stopped_) {
    Event event = events_.top();
    events_.pop();
    now_ = event.at;
    handle(event);
    check_always();
    if (++report_.events > kTooManyEvents) fail("no end in sight");
  }
  if (report_.failure.empty()) check_end();
  for (auto& branch : branches_) {
    for (size_t i = 0; i < flow::kSeen; ++i) report_.seen[i] += branch->delivery->seen()[i];
  }
  return report_;
}

void World::handle(const Event& event) {
  switch (event.what) {
    case What::send:
      if (event.which != senders_[event.who].send_number) return;  // replaced
      return send(event.who);
    case What::answer:
      return answer_call(event.who, event.which);
    case What::timer: {
      Branch& b = *branches_[event.who];
      if (b.timer != event.which) return;  // replaced
      b.timer = 0;
      b.delivery->timer(now_, actions_);
      return run_actions(event.who);
    }
    case What::mode: {
      Branch& b = *branches_[event.who];
      if (healed_) return;
      b.mode = one_of({Mode::healthy, Mode::mixed, Mode::mixed, Mode::down, Mode::hanging, Mode::locked});
      schedule(between(100, 15'000) * kMillisecond, What::mode, event.who);
      return;
    }
    case What::writable:
      branches_[event.who]->delivery->writable(now_, actions_);
      return run_actions(event.who);
    case What::heal:
      healed_ = true;
      for (uint32_t i = 0; i < branches_.size(); ++i) {
        branches_[i]->mode = Mode::healthy;
        for (auto& [number, call] : branches_[i]->calls) {
          if (call.answer_at == kNever) schedule(between(0, 100) * kMillisecond, What::answer, i, number);
        }
      }
      return;
    case What::drain:
      stopping_ = true;
      rare(Rare::stopped);
      schedule(flow::cut_after_ns(grace_), What::cut, 0);
      for (uint32_t i = 0; i < branches_.size(); ++i) {
        branches_[i]->delivery->drain(flow::drain_backoff_cap_ns(grace_), now_, actions_);
        run_actions(i);
      }
      return;
    case What::cut:
      for (uint32_t i = 0; i < branches_.size(); ++i) {
        branches_[i]->delivery->cut(now_, actions_);
        run_actions(i);
      }
      stopped_ = true;
      return;
  }
}

// ---- senders -------------------------------------------------------------------------------------------------------
// Replaces an earlier one: a sender does one thing at a time.
void World::send_in(uint64_t in, uint32_t sender) {
  schedule(in, What::send, sender, ++senders_[sender].send_number);
}

void World::send(uint32_t index) {
  Sender& s = senders_[index];
  if (s.batch != 0 || s.todo.empty() || (stopping_ && chance(70))) return;
  s.waits_for_resume = false;
  const Batch& next = s.todo.front();
  if (!budget_->enter(next.bytes)) {
    rare(Rare::entry_refused);
    return send_in(between(10, 200) * kMillisecond, index);
  }
  largest_batch_ = std::max(largest_batch_, next.bytes);
  uint64_t number = next_batch_++;
  Batch& batch = batches_[number] = next;
  batch.references = 1;
  s.batch = number;
  if (s.owed == 0) s.owed = (1u << branches_.size()) - 1;
  s.outcomes.clear();
  s.outcome_branches.clear();
  hand_out(index, number);
}

void World::hand_out(uint32_t index, uint64_t number) {
  Sender& s = senders_[index];
  const Batch& batch = batches_[number];
  std::vector<uint32_t> to;
  for (uint32_t b = 0; b < branches_.size(); ++b) {
    if (s.owed >> b & 1) to.push_back(b);
  }
  std::vector<flow::Room> rooms(to.size(), flow::Room::always);
  bool reserves = to.size() > 1 || chance(30);
  if (reserves && rules_.reserve_first) {
    for (size_t i = 0; i < to.size(); ++i)
      rooms[i] = branches_[to[i]]->delivery->reserve(batch.items, batch.bytes, now_);
  }
  flow::Plan plan = flow::plan(rooms);
  s.pending = static_cast<uint32_t>(to.size());
  if (plan.refuse) {
    if (to.size() > 1) rare(Rare::fan_out_refused);
    for (size_t i = 0; i < to.size(); ++i) {
      if (rooms[i] != flow::Room::reserved) continue;
      branches_[to[i]]->delivery->cancel(batch.items, batch.bytes, now_, actions_);
      run_actions(to[i]);
    }
    for (uint32_t b : to) {
      flow::Outcome refused;
      refused.status = SLUICE_BUSY;
      refused.retry_after_ns = branches_[b]->delivery->retry_hint_ns(now_);
      outcome(index, b, refused);
    }
    return;
  }
  for (size_t i = 0; i < to.size(); ++i) {
    if (plan.hands[i] == flow::Hand::out) {
      offer(index, number, to[i], rooms[i], to.size() > 1);
    } else {
      Branch& b = *branches_[to[i]];
      b.offered += batch.items;
      (s.early ? b.passed_early : b.refused) += batch.items;
      rare(s.early ? Rare::passed_over_early : Rare::passed_over_waiting);
      flow::Outcome passed;
      passed.status = s.early ? SLUICE_DONE : SLUICE_FAILED_RETRYABLE;
      passed.retry_after_ns = b.delivery->pass_over(batch.items, s.early, now_, actions_);
      run_actions(to[i]);
      outcome(index, to[i], passed);
    }
  }
}

void World::offer(uint32_t index, uint64_t number, uint32_t branch, flow::Room room, bool beside_others) {
  static constexpr std::string_view kPartitions[] = {"a", "b", "c"};
  Sender& s = senders_[index];
  Branch& b = *branches_[branch];
  Batch& batch = batches_[number];
  Copy copy;
  copy.sequence = b.next_sequence++;
  copy.stored.assign(batch.items, 0);
  copy.at_exporter.assign(batch.items, 0);
  copy.kept.assign(batch.items, 1);
  bool others_wait = !b.line.empty();
  b.copies[number] = std::move(copy);
  ++batch.references;

  flow::Offer o;
  o.source = number;
  o.items = batch.items;
  o.bytes = batch.bytes;
  o.deadline_mono_ns = s.deadline != 0 ? now_ + s.deadline * s.patience : 0;
  if (!b.settings.sending_queue->batch->partition.metadata_keys.empty()) o.partition = kPartitions[batch.partition];
  o.sensitive_dropped = batch.sensitive_dropped;
  o.reserved = room == flow::Room::reserved;
  uint64_t waiting_before = b.delivery->book().waiting;
  b.offered += batch.items;
  // The offer's own dispatches run after its answer is known, as in the real shell.
  flow::Offered offered = b.delivery->offer(o, now_, actions_);
  Copy& placed = b.copies[number];
  flow::Outcome told;
  switch (offered.verdict) {
    case flow::Verdict::taken:
      if (others_wait && batch.items != 0 && !o.reserved && b.delivery->book().waiting != 0 &&
          std::find(actions_.released.begin(), actions_.released.end(), number) == actions_.released.end()) {
        fail("taken while others wait for a place");
      }
      placed.state = Copy::State::early;
      placed.told_ok = true;
      told.flags = SLUICE_RESULT_EARLY;
      b.told_early += batch.items;
      break;
    case flow::Verdict::pending:
      if (b.delivery->book().waiting > waiting_before && b.settings.sending_queue->block_on_overflow) {
        placed.state = Copy::State::waiting_for_place;
        b.line.push_back(number);
      } else {
        placed.state = Copy::State::pending;
        if (!b.delivery->waits_for_result()) {
          placed.paced_until = now_ + kLongestPace;
          b.paced += batch.items;
        }
      }
      break;
    case flow::Verdict::busy:
      if (beside_others) fail("a full branch refuses what others have been handed");
      [[fallthrough]];
    case flow::Verdict::failed:
      told.status = offered.verdict == flow::Verdict::busy ? SLUICE_BUSY : SLUICE_FAILED_RETRYABLE;
      told.retry_after_ns = offered.retry_after_ns;
      b.refused += batch.items;
      b.copies.erase(number);
      dereference(number);
      break;
  }
  run_actions(branch);
  if (offered.verdict != flow::Verdict::pending) outcome(index, branch, told);
}

void World::outcome(uint32_t index, uint32_t branch, const flow::Outcome& outcome) {
  Sender& s = senders_[index];
  s.outcomes.push_back(outcome);
  s.outcome_branches.push_back(branch);
  if (--s.pending == 0) finish(index);
}

// All branches have answered: what the fan-out tells the sender, and what the sender makes of it.
void World::finish(uint32_t index) {
  Sender& s = senders_[index];
  Batch batch = batches_[s.batch];
  flow::Joined joined = flow::join(s.outcomes, batch.items);
  dereference(s.batch);
  s.batch = 0;
  bool again = joined.status == SLUICE_BUSY || joined.status == SLUICE_FAILED_RETRYABLE;
  if (joined.status == SLUICE_DONE && joined.rejected_items == batch.items && batch.items != 0) {
    for (const flow::Outcome& o : s.outcomes) {
      if (o.status == SLUICE_FAILED_PERMANENT) rare(Rare::delivered_elsewhere);
    }
  }
  if (joined.status == SLUICE_DONE && joined.rejected_items != 0) rare(Rare::joined_partial);
  if (again && s.early) {  // it keeps the batch, and offers it again only to those that did not take it
    for (size_t i = 0; i < s.outcomes.size(); ++i) {
      sluice_status status = s.outcomes[i].status;
      if (status == SLUICE_DONE || status == SLUICE_FAILED_PERMANENT) s.owed &= ~(1u << s.outcome_branches[i]);
    }
  }
  if (!again) {
    s.owed = 0;
    s.patience = 1;
    s.todo.pop_front();
    return send_in(between(0, 400) * kMillisecond, index);
  }
  if (!s.early) s.owed = 0;
  rare(Rare::resent_by_sender);
  if (s.is_patient && joined.status != SLUICE_BUSY) s.patience = std::min<uint64_t>(s.patience * 2, 1024);
  if (joined.status == SLUICE_BUSY) {
    s.waits_for_resume = true;
    if (s.trusts_resume) return;
  }
  uint64_t pause = std::max<uint64_t>(joined.retry_after_ns, kMillisecond);
  send_in(std::min(pause, between(50, 3000) * kMillisecond), index);
}

void World::dereference(uint64_t number) {
  auto found = batches_.find(number);
  if (--found->second.references != 0) return;
  budget_->release(found->second.bytes);
  batches_.erase(found);
}

// A call that is still inside the exporter keeps the batch.
void World::forget_if_over(uint32_t index, uint64_t batch) {
  Branch& b = *branches_[index];
  auto found = b.copies.find(batch);
  if (found == b.copies.end() || !found->second.released) return;
  for (auto& [number, call] : b.calls) {
    for (const flow::Slice& slice : call.slices) {
      if (slice.source == batch) return;
    }
  }
  b.copies.erase(found);
  dereference(batch);
}

// ---- what a step asks for ------------------------------------------------------------------------------------------
void World::run_actions(uint32_t index) {
  Branch& b = *branches_[index];
  // Everything here only schedules or looks, so the actions are not touched meanwhile; senders are told at the end.
  struct Told {
    uint32_t sender;
    flow::Answer answer;
  };
  std::vector<Told> told;
  for (const flow::Dispatch& dispatch : actions_.dispatches) begin_call(index, dispatch);
  for (flow::Answer& answer : actions_.answers) {
    check_answer(b, answer);
    if (!report_.failure.empty()) return actions_.clear();
    told.push_back({batches_[answer.source].sender, std::move(answer)});
  }
  for (const flow::Keep& kept : actions_.keeps) keep(b, kept);
  for (uint64_t source : actions_.released) {
    auto found = b.copies.find(source);
    if (found == b.copies.end() || found->second.released) {
      fail("released twice, or what was never taken");
      return actions_.clear();
    }
    if (found->second.state == Copy::State::pending || found->second.state == Copy::State::waiting_for_place) {
      fail("released without an answer");
    }
    found->second.released = true;
    forget_if_over(index, source);
  }
  if (actions_.timer_mono_ns != 0) {
    if (actions_.timer_mono_ns <= now_) fail("a timer in the past");
    b.timer = actions_.timer_mono_ns;
    schedule(b.timer - now_, What::timer, index, b.timer);
  }
  if (actions_.resume) {
    for (uint32_t s = 0; s < senders_.size(); ++s) {
      if (senders_[s].waits_for_resume) send_in(between(0, 3) * kMillisecond, s);
    }
  }
  actions_.clear();
  for (Told& t : told) {
    flow::Outcome o;
    o.status = t.answer.status == SLUICE_CANCELLED ? SLUICE_FAILED_RETRYABLE : t.answer.status;
    o.code = t.answer.code;
    o.flags = t.answer.flags;
    o.rejected_items = t.answer.rejected_items;
    o.retry_after_ns = t.answer.retry_after_ns;
    outcome(t.sender, index, o);
  }
}

void World::fail(const std::string& what) {
  if (report_.failure.empty()) report_.failure = what + " at " + std::to_string(now_ / kMillisecond) + " ms";
}

}  // namespace sluice::sim
