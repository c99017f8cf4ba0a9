// SPDX-License-Identifier: Apache-2.0
#include "core/graph/node.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "core/batch/context.h"
#include "core/flow/decide.h"
#include "core/graph/frame.h"
#include "core/graph/host.h"

namespace sluice::graph {
namespace {

telemetry::LogScope scope_of(const Node::About& about) {
  return {static_cast<sluice_kind>(about.kind), about.id, "", about.pipeline};
}

sluice_port view(const Node::Port& port) {
  return {{port.pipeline.data(), port.pipeline.size()}, port.signal, port.to_all ? 1u : 0u};
}

bool is_signal(sluice_signal signal) {
  return signal >= SLUICE_TRACES && signal <= SLUICE_LOGS;
}

bool may_return(sluice_status status) {
  return status >= SLUICE_DONE && status <= SLUICE_INVALID;
}

}  // namespace

struct Node::Door {
  std::string transport;
  telemetry::DoorBook* book;
  Door* next;
};

// One send() until it is answered.
struct alignas(64) Node::Send {
  uint32_t output = 0;
  void* user = nullptr;
  telemetry::DoorBook* door = nullptr;
  bool early = false;
  telemetry::Load load;
  // Of a receiver's send with a deadline: the answer and the timer race for it.
  std::atomic<bool> answered{false};
  std::atomic<uint32_t> references{1};
  std::atomic<uint64_t> timer_number{0};
  uint64_t deadline_mono_ns = 0;

  // A thread keeps a few: most sends end on the stack that made them.
  static constexpr uint32_t kMostKept = 64;
  struct Kept {
    Send* first = nullptr;
    uint32_t count = 0;
    bool end_is_watched = false;
  };
  Send* next = nullptr;  // while it is kept
  static Kept& kept() {
    static constinit thread_local Kept sends;
    return sends;
  }
  static Send* make() {
    Kept& mine = kept();
    if (!mine.first) return new Send;
    Send* send = std::exchange(mine.first, mine.first->next);
    --mine.count;
    send->answered.store(false, std::memory_order_relaxed);
    send->references.store(1, std::memory_order_relaxed);
    send->timer_number.store(0, std::memory_order_relaxed);
    return send;
  }
  void drop() {
    // A reader of 1 is the last to hold it, and spares itself the locked operation.
    if (references.load(std::memory_order_acquire) != 1 && references.fetch_sub(1, std::memory_order_acq_rel) != 1)
      return;
    keep();
  }
  void keep() {
    Kept& mine = kept();
    if (mine.count == kMostKept) {
      delete this;
      return;
    }
    if (!mine.end_is_watched) watch_end_of_thread();
    next = std::exchange(mine.first, this);
    ++mine.count;
  }
  static void watch_end_of_thread() {
    struct AtThreadEnd {
      ~AtThreadEnd() {
        while (Send* send = kept().first) delete std::exchange(kept().first, send->next);
        kept().count = kMostKept;  // what ends later on this thread is not kept
      }
    };
    static thread_local AtThreadEnd at_thread_end;
    kept().end_is_watched = true;
  }
};

Node::Node(Services& services, About about)
    : services_(services),
      about_(std::move(about)),
      log_(services.log, scope_of(about_)),
      metrics_(services.metrics, static_cast<sluice_kind>(about_.kind), about_.id),
      lane_((about_.component->flags & SLUICE_SERIAL) != 0) {}

Node::~Node() {
  for (auto& first : doors_) {
    for (Door* door = first.load(); door;) delete std::exchange(door, door->next);
  }
}

std::string Node::name() const {
  return std::string(config::name_of(about_.kind)) + " \"" + about_.id + "\"";
}

uint32_t Node::add_input(Port port) {
  inputs_.push_back(std::move(port));
  inputs_taken_.push_back(std::make_unique<Input>(*this, static_cast<uint32_t>(inputs_.size() - 1)));
  return static_cast<uint32_t>(inputs_.size() - 1);
}

uint32_t Node::input_of(std::string_view pipeline) const {
  uint32_t index = 0;
  while (inputs_[index].pipeline != pipeline) ++index;
  return index;
}

uint32_t Node::add_output(Port port) {
  outputs_.push_back(std::move(port));
  edges_.emplace_back();
  return static_cast<uint32_t>(outputs_.size() - 1);
}

void Node::connect(uint32_t output, telemetry::EdgeBook& book, Target& target) {
  edges_[output] = std::make_unique<Edge>(book, target, *this);
}

// ---- life -----------------------------------------------------------------------------------------------------------

std::string Node::last_error(std::string_view what) {
  std::string text = std::exchange(error_, {});
  return text.empty() ? name() + " failed to " + std::string(what) + " and did not say why" : text;
}

std::string Node::create(const sluice_value* settings, const ConfigProblem& problem) {
  for (const Port& port : inputs_) input_views_.push_back(view(port));
  for (const Port& port : outputs_) output_views_.push_back(view(port));
  host_ = make_host(*this, services_.version);
  host_.component_id = {about_.id.data(), about_.id.size()};
  host_.inputs = input_views_.data();
  host_.outputs = output_views_.data();
  host_.input_count = static_cast<uint32_t>(input_views_.size());
  host_.output_count = static_cast<uint32_t>(output_views_.size());
  problem_ = problem;
  instance_ = about_.component->create(&host_, settings);
  problem_ = nullptr;
  return instance_ ? std::string() : last_error("be created");
}

std::string Node::init(const FindService& find_service) {
  services_.health.set({static_cast<sluice_kind>(about_.kind), about_.id, about_.pipeline}, telemetry::HealthState::ok);
  find_service_ = find_service;
  const sluice_status status = instance_->init ? instance_->init(instance_->self) : SLUICE_DONE;
  find_service_ = nullptr;
  if (status != SLUICE_DONE) return last_error("initialise");
  life_.store(Life::inited);
  return {};
}

std::string Node::start() {
  // Threads of the component may send before its start() has returned.
  life_.store(Life::started);
  const sluice_status status = instance_->start ? instance_->start(instance_->self) : SLUICE_DONE;
  return status == SLUICE_DONE ? std::string() : last_error("start");
}

void Node::drain() {
  if (life() != Life::started) return;
  life_.store(Life::draining);
  if (!instance_->drain) return;
  Frame::Entry entry;
  run_callback([this] { instance_->drain(instance_->self); });
}

bool Node::idle() const {
  if (callbacks_.load() != 0) return false;
  auto closed = [](const Edge* edge) { return !edge || edge->open_items() == 0; };
  return std::all_of(edges_.begin(), edges_.end(), [&](const auto& edge) { return closed(edge.get()); }) &&
         std::all_of(inputs_taken_.begin(), inputs_taken_.end(), [&](const auto& input) {
           return std::all_of(input->incoming().begin(), input->incoming().end(), closed);
         });
}

uint64_t Node::held() const {
  uint64_t sum = 0;
  for (const auto& level : held_) sum += level.load();
  return sum;
}

void Node::stop(uint64_t deadline_mono_ns) {
  if (at_least(Life::stopped)) return;
  life_.store(Life::stopped);
  {
    std::lock_guard lock(mutex_);
    for (Timer& timer : timers_) {
      ++timer.generation;
      services_.tasks.cancel(timer.handle);
    }
  }
  // From here on no callback begins; those that run are waited for, since the component's stop() ends what they use.
  while (callbacks_.load() != 0 && services_.clock.mono_ns() < deadline_mono_ns) std::this_thread::yield();
  if (instance_ && instance_->stop) instance_->stop(instance_->self, deadline_mono_ns);
}

void Node::destroy() {
  if (life_.exchange(Life::destroyed) == Life::destroyed || !instance_) return;
  instance_->destroy(std::exchange(instance_, nullptr)->self);
}

// ---- data -----------------------------------------------------------------------------------------------------------

Outcome Node::call(uint32_t input, const Parcel& parcel, const Reply& reply) {
  if (!running()) return Outcome(SLUICE_CANCELLED, flow::Reason::stopping);
  if (!instance_->consume) {
    misbehaving("it takes no batches, but stands in a pipeline");
    return Outcome(SLUICE_FAILED_PERMANENT, flow::Reason::plugin_error);
  }
  const sluice_token token = services_.calls.open(this, reply);
  sluice_call call{};
  call.struct_size = sizeof call;
  call.input = input;
  call.token = token;
  call.deadline_mono_ns = parcel.deadline_mono_ns;
  call.batch = parcel.batch;
  call.context = parcel.context;
  const sluice_status status = lane_.wait_and_run([&] { return instance_->consume(instance_->self, &call); });
  bool completed_too = false;
  Outcome outcome = services_.calls.returned(token, status, completed_too);
  if (completed_too) misbehaving("consume() completed the call and returned something else than PENDING");
  if (!may_return(outcome.status)) {
    misbehaving("consume() returned a status that does not exist");
    outcome.status = SLUICE_INVALID;
  }
  if (outcome.status == SLUICE_BUSY) {
    // It was full because of what is behind it: the hint from there goes on to the sender.
    outcome = Outcome::failed(SLUICE_BUSY, flow::kUnavailable, flow::Reason::queue_full, name() + " takes nothing now",
                              busy_hint_ns_.exchange(0, std::memory_order_relaxed));
  }
  const bool broken = outcome.status == SLUICE_INVALID || outcome.status == SLUICE_UNIMPLEMENTED;
  if (broken && about_.kind != config::Kind::exporter) {  // an exporter's queue has its own way with such answers
    outcome.status = SLUICE_FAILED_PERMANENT;
    outcome.reason = flow::Reason::plugin_error;
  }
  return outcome;
}

void Node::notify_room() {
  for (auto& input : inputs_taken_) input->notify_room();
}

uint64_t Node::give_back(uint64_t not_taken) {
  uint64_t there = came_back_.load(std::memory_order_relaxed), taken;
  do {
    taken = std::min(there, not_taken);
  } while (taken && !came_back_.compare_exchange_weak(there, there - taken, std::memory_order_relaxed));
  return taken;
}

Outcome Node::send(const sluice_send& send) {
  if (!running()) return Outcome(at_least(Life::stopped) ? SLUICE_CANCELLED : SLUICE_INVALID);
  if (send.output >= edges_.size() || !edges_[send.output] || !send.batch ||
      send.batch->signal != outputs_[send.output].signal) {
    misbehaving("send() to an output that it does not have, or of another signal");
    return Outcome(SLUICE_INVALID);
  }
  if (send.batch->item_count == 0) return Outcome(SLUICE_DONE);
  const Parcel parcel{send.batch, send.context ? send.context : batch::empty_context(), send.deadline_mono_ns,
                      early() && held_[send.batch->signal].load(std::memory_order_relaxed) >= send.batch->item_count};
  Send* record = Send::make();
  record->output = send.output;
  record->user = send.user;
  record->early = parcel.owner_is_early;
  record->load = parcel.load();
  record->deadline_mono_ns = send.deadline_mono_ns;
  record->door = nullptr;
  const bool receiver = about_.kind == config::Kind::receiver;
  const bool timed = receiver && send.deadline_mono_ns != 0;
  if (receiver) {
    const sluice_str transport = parcel.context->transport;
    record->door = &door(send.batch->signal, {transport.ptr, transport.len});
    record->door->receive(record->load);
  }
  if (timed) record->references.store(2);  // the timer's, should there be one
  Outcome outcome = edges_[send.output]->offer(parcel, *this, reinterpret_cast<uint64_t>(record));
  if (outcome.answered()) {
    if (outcome.status == SLUICE_BUSY && outcome.details) {
      busy_hint_ns_.store(outcome.details->retry_after_ns, std::memory_order_relaxed);
    }
    settle(*record, outcome);
    if (timed) record->drop();
    record->drop();
  } else if (timed) {
    arm(record);
  }
  return outcome;
}

// The sender is answered at its deadline, the books are not: what is under way ends as it ends.
void Node::arm(Send* record) {
  const base::TimerHandle timer = services_.tasks.at(record->deadline_mono_ns, [this, record] {
    Frame::Entry entry;
    if (!record->answered.exchange(true)) {
      record->door->refuse(record->load, flow::Reason::deadline);
      tell(record->user, Outcome::failed(SLUICE_CANCELLED, flow::kDeadlineExceeded, flow::Reason::deadline,
                                         "the deadline of the request has passed"));
    }
    record->drop();
  });
  record->timer_number.store(timer.number);
  if (record->answered.load() && services_.tasks.cancel(timer)) record->drop();
}

void Node::answered(uint64_t mark, telemetry::Load, Outcome outcome) {
  auto* record = reinterpret_cast<Send*>(mark);
  if (!record->answered.exchange(true)) {
    const uint64_t number = record->timer_number.load();
    if (number && services_.tasks.cancel({record->deadline_mono_ns, number})) record->drop();
    settle(*record, outcome);
    tell(record->user, std::move(outcome));
  }
  record->drop();
}

void Node::tell(void* user, Outcome outcome) {
  Frame::later([this, user, outcome = std::move(outcome)]() mutable {
    run_callback([this, user, outcome = std::move(outcome)] {
      const sluice_result result = outcome.view();
      if (instance_->sent) instance_->sent(instance_->self, user, &result);
    });
  });
}

void Node::settle(const Send& record, const Outcome& outcome) {
  const uint64_t items = record.load.items, not_taken = outcome.not_taken(items);
  if (record.door) {
    if (outcome.status == SLUICE_DONE) {
      record.door->accept(record.load, not_taken);
    } else {
      record.door->refuse(record.load, outcome.why());
    }
    return;
  }
  if (not_taken == 0) return;
  if (!record.early) {
    came_back_.fetch_add(not_taken, std::memory_order_relaxed);
    return;
  }
  const sluice_signal signal = outputs_[record.output].signal;
  if (outcome.retryable()) {
    book(signal).regain(not_taken);
  } else {
    held_[signal].fetch_sub(not_taken, std::memory_order_relaxed);
    book(signal).regain_and_drop(not_taken, outcome.status == SLUICE_DONE ? flow::Reason::partial : outcome.why());
  }
}

telemetry::DoorBook& Node::door(sluice_signal signal, std::string_view transport) {
  auto find = [&]() -> Door* {
    Door* door = doors_[signal].load(std::memory_order_acquire);
    while (door && door->transport != transport) door = door->next;
    return door;
  };
  if (Door* door = find()) return *door->book;
  std::lock_guard lock(mutex_);
  if (Door* door = find()) return *door->book;
  auto* door = new Door{std::string(transport), &services_.ledger.door({about_.id, signal, std::string(transport)}),
                        doors_[signal].load()};
  doors_[signal].store(door, std::memory_order_release);
  return *door->book;
}

telemetry::ComponentBook& Node::book(sluice_signal signal) {
  if (auto* book = books_[signal].load(std::memory_order_acquire)) return *book;
  std::string pipeline = about_.pipeline;
  for (const auto* ports : {&outputs_, &inputs_}) {
    for (const Port& port : *ports) {
      if (port.signal == signal && !port.to_all && about_.pipeline.empty()) pipeline = port.pipeline;
    }
  }
  auto& book = services_.ledger.component({pipeline, signal, {static_cast<sluice_kind>(about_.kind), about_.id}});
  books_[signal].store(&book, std::memory_order_release);
  return book;
}

void Node::account(sluice_signal signal, int32_t what, flow::Reason reason, uint64_t items) {
  if (!is_signal(signal)) return misbehaving("account() for a signal that does not exist");
  if (about_.kind == config::Kind::receiver && what == SLUICE_ITEMS_DROPPED) {
    return door(signal, "").turn_away({items, 0}, reason);
  }
  if (about_.kind != config::Kind::processor && about_.kind != config::Kind::connector) {
    return misbehaving("account() is for processors and connectors; the core accounts for the rest itself");
  }
  switch (what) {
    case SLUICE_ITEMS_FILTERED:
      return book(signal).filter(items);
    case SLUICE_ITEMS_DROPPED:
      return book(signal).drop(items, reason);
    case SLUICE_ITEMS_ADDED:
      return book(signal).add(items);
    case SLUICE_ITEMS_HELD:
      held_[signal].store(items, std::memory_order_relaxed);
      return book(signal).hold(items);
    default:
      return misbehaving("account() of something that does not exist");
  }
}

void Node::room(Edge& edge) {
  uint32_t output = 0;
  while (edges_[output].get() != &edge) ++output;
  Frame::later([this, output] {
    run_callback([this, output] {
      if (instance_->resume) instance_->resume(instance_->self, output);
    });
    notify_room();  // whoever was told BUSY because of this one's BUSY
  });
}

// ---- timers and callbacks -------------------------------------------------------------------------------------------

void Node::run_callback(base::Task callback) {
  callbacks_.fetch_add(1);
  if (running()) {
    lane_.run_or_leave([this, callback = std::move(callback)]() mutable {
      if (running()) callback();
      callbacks_.fetch_sub(1);
    });
  } else {
    callbacks_.fetch_sub(1);
  }
}

void Node::set_timer(uint32_t timer, uint64_t due_mono_ns) {
  if (timer >= kTimers) return misbehaving("set_timer() of a timer that does not exist; there are 0 to 15");
  if (at_least(Life::stopped)) return;
  std::lock_guard lock(mutex_);
  Timer& t = timers_[timer];
  services_.tasks.cancel(t.handle);
  const uint64_t generation = ++t.generation;
  t.handle = {};
  if (due_mono_ns == 0) return;
  t.handle = services_.tasks.at(due_mono_ns, [this, timer, generation] {
    Frame::Entry entry;
    run_callback([this, timer, generation] { fire(timer, generation); });
  });
}

void Node::fire(uint32_t timer, uint64_t generation) {
  {
    std::lock_guard lock(mutex_);
    if (timers_[timer].generation != generation) return;  // reset while it was on its way
    timers_[timer].handle = {};
  }
  if (instance_->timer) instance_->timer(instance_->self, timer);
}

void Node::misbehaving(std::string_view what) {
  log_.error("plugin is misbehaving: " + std::string(what));
}

}  // namespace sluice::graph
