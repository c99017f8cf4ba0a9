// SPDX-License-Identifier: Apache-2.0
#include "plugins/testing/fake_host.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <thread>

#include "plugins/testing/fake_state.h"

namespace sluice::testing {

FakeHost::State& state_of(const sluice_host* host) {
  return *static_cast<FakeHost::State*>(host->impl);
}

namespace {

bool is_signal(sluice_signal signal) {
  return signal >= SLUICE_TRACES && signal <= SLUICE_LOGS;
}

int32_t log_enabled(const sluice_host* host, int32_t level) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  return level >= state.log_level;
}

std::string text_of(const sluice_value& value) {
  switch (value.kind) {
    case SLUICE_BOOL:
      return value.integer ? "true" : "false";
    case SLUICE_INT:
      return std::to_string(value.integer);
    case SLUICE_DOUBLE: {
      char text[32];
      return {text, std::to_chars(text, text + sizeof text, value.number).ptr};
    }
    default:
      return std::string(view(value.string));
  }
}

void log(const sluice_host* host, const sluice_log* entry) {
  LogRecord record{entry->level, std::string(view(entry->text)), {}};
  for (uint32_t i = 0; i < entry->field_count; ++i)
    record.fields.emplace_back(view(entry->fields[i].key), text_of(entry->fields[i]));
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  state.logs.push_back(std::move(record));
}

void set_error(const sluice_host* host, int32_t, sluice_str text) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  state.error = view(text);
}

void config_problem(const sluice_host* host, const sluice_value* at, int32_t severity, sluice_str id, sluice_str text) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  state.problems.push_back({at, severity, std::string(view(id)), std::string(view(text))});
}

void set_health(const sluice_host* host, int32_t health, sluice_str text) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  state.health = {health, std::string(view(text))};
}

void account(const sluice_host* host, sluice_signal signal, int32_t what, const char* reason, uint64_t items) {
  FakeHost::State& state = state_of(host);
  if (!is_signal(signal)) return state.violation("accounted items of an unknown signal");
  std::lock_guard lock(state.mutex);
  Accounts& accounts = state.accounts[static_cast<size_t>(signal)];
  if (what == SLUICE_ITEMS_HELD) accounts.held = items;
  if (what == SLUICE_ITEMS_FILTERED) accounts.filtered[reason] += items;
  if (what == SLUICE_ITEMS_DROPPED) accounts.dropped[reason] += items;
  if (what == SLUICE_ITEMS_ADDED) accounts.added[reason] += items;
}

uint64_t now_mono_ns(const sluice_host* host) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  return state.mono;
}

uint64_t now_unix_ns(const sluice_host* host) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  return state.wall;
}

sluice_status send(const sluice_host* host, const sluice_send* send, const sluice_result** result) {
  return state_of(host).send(*send, result);
}

sluice_status complete(const sluice_host* host, sluice_token token, const sluice_result* result) {
  return state_of(host).complete(token, result);
}

void writable(const sluice_host* host) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  ++state.writable_calls;
}

void set_timer(const sluice_host* host, uint32_t timer, uint64_t due) {
  FakeHost::State& state = state_of(host);
  if (timer >= state.timers.size())
    return state.violation("set timer " + std::to_string(timer) + "; there are 0 to 15");
  std::lock_guard lock(state.mutex);
  if (!state.refusing) state.timers[timer] = due;
}

sluice_status set_limits(const sluice_host* host, const sluice_limits* limits) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  state.limits = *limits;
  return SLUICE_DONE;
}

// States outlive their FakeHost: a late thread of a component may still read the host struct (R32).
std::shared_ptr<FakeHost::State> make_state(FakeHost::Options options) {
  static std::mutex mutex;
  static auto* const all = new std::vector<std::shared_ptr<FakeHost::State>>;
  auto state = std::make_shared<FakeHost::State>(std::move(options));
  std::lock_guard lock(mutex);
  return all->emplace_back(std::move(state));
}

}  // namespace

FakeHost::State::State(Options given) : options(std::move(given)) {
  const auto port = [this](sluice_signal signal, uint32_t to_all) {
    return sluice_port{to_all ? sluice_str{} : str(pipelines.emplace_back(std::string(signal_name(signal)) + "/test")),
                       signal, to_all};
  };
  for (sluice_signal signal : options.inputs) inputs.push_back(port(signal, 0));
  for (sluice_signal signal : options.outputs) outputs.push_back(port(signal, 0));
  for (sluice_signal signal : options.outputs) outputs.push_back(port(signal, 1));

  host.struct_size = sizeof host;
  host.abi_minor = options.abi_minor;
  host.impl = this;
  host.collector_version = str(version);
  host.component_id = str(options.component_id);
  host.inputs = inputs.data();
  host.outputs = outputs.data();
  host.input_count = static_cast<uint32_t>(inputs.size());
  host.output_count = static_cast<uint32_t>(outputs.size());
  host.log_enabled = &testing::log_enabled;
  host.log = &testing::log;
  host.set_error = &testing::set_error;
  host.config_problem = &testing::config_problem;
  host.set_health = &testing::set_health;
  host.account = &testing::account;
  host.now_mono_ns = &testing::now_mono_ns;
  host.now_unix_ns = &testing::now_unix_ns;
  fill_memory_slots(host);
  host.send = &testing::send;
  host.complete = &testing::complete;
  host.writable = &testing::writable;
  host.set_timer = &testing::set_timer;
  host.set_limits = &testing::set_limits;
  fill_interface_slots(*this);
}

void FakeHost::State::violation(std::string text) {
  std::lock_guard lock(mutex);
  violations.push_back(std::move(text));
}

void FakeHost::State::enter(std::function<void()> call, bool wait) {
  if (!serial) return call();
  std::unique_lock lock(mutex);
  if (running && !wait) {
    lined_up.push_back(std::move(call));
    return;
  }
  idle.wait(lock, [this] { return !running; });
  running = true;
  lock.unlock();
  call();
  for (lock.lock(); !lined_up.empty(); lock.lock()) {
    auto next = std::move(lined_up.front());
    lined_up.pop_front();
    lock.unlock();
    next();
  }
  running = false;
  idle.notify_all();
}

sluice_status FakeHost::State::complete(sluice_token token, const sluice_result* result) {
  const std::string name = "call " + std::to_string(token);
  std::unique_lock lock(mutex);
  const auto found = calls.find(token);
  if (found == calls.end()) {
    violations.push_back("completed a call that never was: " + std::to_string(token));
    return SLUICE_INVALID;
  }
  if (cancelled.contains(token)) return SLUICE_CANCELLED;
  CallRecord& call = *found->second;
  if (++call.completions > 1) {
    violations.push_back("completed " + name + " twice");
    return SLUICE_INVALID;
  }
  if (result->status == SLUICE_PENDING || result->status == SLUICE_BUSY)
    violations.push_back("completed " + name + " with PENDING or BUSY");
  if (result->rejected_items > call.items) violations.push_back("rejected more items than " + name + " had");
  uint64_t end = 0;
  for (uint32_t i = 0; i < result->range_count; ++i) {
    const sluice_range& range = result->ranges[i];
    if (range.first < end || range.first + range.count > call.items)
      violations.push_back("ranges of " + name + " overlap, or lie outside of it");
    end = range.first + range.count;
  }
  call.completed = Result(*result);
  call.is_completed.store(true, std::memory_order_release);
  return SLUICE_DONE;
}

void FakeHost::State::settle(size_t index, const sluice_result& result) {
  // Called with the lock held: the books of one ended send.
  SendRecord& send = sends[index];
  const auto signal = static_cast<size_t>(send.batch.signal());
  const uint64_t items = send.batch.item_count();
  uint64_t lost = 0;
  if (result.status == SLUICE_DONE) {
    lost = std::min(result.rejected_items, items);
    passed[signal] += items - lost;
  } else if (result.status != SLUICE_FAILED_RETRYABLE && result.status != SLUICE_CANCELLED) {
    lost = items;
  }
  // What a component kept after it had answered is the core's to drop (F3); what it merely passes on is returned.
  const uint64_t dropped = std::min(lost, accounts[signal].held);
  accounts[signal].held -= dropped;
  lost_of_held[signal] += dropped;
}

sluice_status FakeHost::State::send(const sluice_send& send, const sluice_result** result) {
  thread_local std::optional<Result> details;
  thread_local sluice_result handed_out;
  if (result) *result = nullptr;
  std::unique_lock lock(mutex);
  if (send.output >= outputs.size() || !send.batch || !send.context) {
    violations.push_back("sent to an output that is not there, or without batch or context");
    return SLUICE_INVALID;
  }
  if (send.batch->signal != outputs[send.output].signal)
    violations.push_back("sent " + std::string(signal_name(send.batch->signal)) + " to an output of another signal");
  if (refusing) return SLUICE_CANCELLED;
  SendRecord record{send.output,
                    BatchRef(&host, send.batch),
                    ContextRef(&host, send.context),
                    send.deadline_mono_ns,
                    send.user,
                    SLUICE_PENDING,
                    true};
  const auto speak = script;
  lock.unlock();
  Reply reply = speak ? speak(record) : Reply::done();
  lock.lock();

  record.status = reply.status;
  record.open = reply.status == SLUICE_PENDING;
  const size_t index = sends.size();
  sends.push_back(std::move(record));
  if (reply.status == SLUICE_PENDING) {
    lock.unlock();
    if (reply.early_answer) {
      const sluice_result early = reply.early_answer->view();
      {
        std::lock_guard again(mutex);
        sends[index].open = false;
        settle(index, early);
      }
      std::thread([&] { enter([&] { instance->sent(instance->self, send.user, &early); }, false); }).join();
    }
    return SLUICE_PENDING;
  }
  details = reply.details ? std::move(*reply.details) : Result(reply.status);
  handed_out = details->view();
  if (reply.status != SLUICE_BUSY) settle(index, handed_out);
  lock.unlock();
  if (reply.early_resume)
    std::thread([&] { enter([&] { instance->resume(instance->self, send.output); }, false); }).join();
  if (result && (reply.status != SLUICE_DONE || !details->plain())) *result = &handed_out;
  return reply.status;
}

FakeHost::FakeHost()
    : FakeHost(Options{.inputs = {SLUICE_TRACES, SLUICE_METRICS, SLUICE_LOGS},
                       .outputs = {SLUICE_TRACES, SLUICE_METRICS, SLUICE_LOGS}}) {}
FakeHost::FakeHost(Options options) : state_(make_state(std::move(options))) {}
FakeHost::~FakeHost() {
  clear_sends();
}

const sluice_host* FakeHost::get() const {
  return &state_->host;
}

uint32_t FakeHost::output(sluice_signal signal) const {
  for (uint32_t i = 0; i < state_->outputs.size(); ++i)
    if (state_->outputs[i].to_all && state_->outputs[i].signal == signal) return i;
  throw std::invalid_argument("no output of this signal");
}

void FakeHost::advance(std::chrono::nanoseconds by) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  const uint64_t until = state.mono + static_cast<uint64_t>(by.count());
  for (;;) {
    uint32_t first = 16;
    for (uint32_t i = 0; i < state.timers.size(); ++i)
      if (state.timers[i] && state.timers[i] <= until && (first == 16 || state.timers[i] < state.timers[first]))
        first = i;
    if (first == 16) break;
    const uint64_t due = std::max(std::exchange(state.timers[first], 0), state.mono);
    state.wall += due - state.mono;
    state.mono = due;
    lock.unlock();
    state.enter([&state, first] { state.instance->timer(state.instance->self, first); }, false);
    lock.lock();
  }
  state.wall += until - state.mono;
  state.mono = until;
}

uint64_t FakeHost::now_mono_ns() const {
  return testing::now_mono_ns(get());
}

std::optional<uint64_t> FakeHost::timer_due(uint32_t index) const {
  std::lock_guard lock(state_->mutex);
  const uint64_t due = state_->timers.at(index);
  return due ? std::optional(due) : std::nullopt;
}

void FakeHost::on_send(std::function<Reply(const SendRecord&)> script) {
  std::lock_guard lock(state_->mutex);
  state_->script = std::move(script);
}

std::vector<SendRecord> FakeHost::sends() const {
  std::lock_guard lock(state_->mutex);
  return {state_->sends.begin(), state_->sends.end()};
}

void FakeHost::clear_sends() {
  std::deque<SendRecord> gone;
  std::lock_guard lock(state_->mutex);
  gone.swap(state_->sends);
}

void FakeHost::answer(size_t send, const Result& result) {
  State& state = *state_;
  const sluice_result view = result.view();
  void* user = nullptr;
  {
    std::lock_guard lock(state.mutex);
    SendRecord& record = state.sends.at(send);
    if (!record.open) throw std::logic_error("this send is not open");
    record.open = false;
    user = record.user;
    state.settle(send, view);
  }
  state.enter([&] { state.instance->sent(state.instance->self, user, &view); }, true);
}

void FakeHost::answer_all(const Result& result) {
  for (size_t i = 0; i < sends().size(); ++i)
    if (sends()[i].open) answer(i, result);
}

void FakeHost::resume(uint32_t output) {
  State& state = *state_;
  state.enter([&] { state.instance->resume(state.instance->self, output); }, true);
}

void FakeHost::attach(const sluice_instance* instance, uint32_t flags) {
  std::lock_guard lock(state_->mutex);
  state_->instance = instance;
  state_->serial = (flags & SLUICE_SERIAL) != 0;
}

std::shared_ptr<const CallRecord> FakeHost::consume(const sluice_batch& batch, const sluice_context* context,
                                                    uint64_t deadline_mono_ns, uint32_t input) {
  State& state = *state_;
  const ContextRef nobody = context ? ContextRef() : this->context();
  auto record = std::make_shared<CallRecord>();
  record->items = batch.item_count;
  record->signal = batch.signal;
  {
    std::lock_guard lock(state.mutex);
    record->token = ++state.next_token;
    state.calls[record->token] = record;
  }
  sluice_call call{};
  call.struct_size = sizeof call;
  call.input = input;
  call.token = record->token;
  call.deadline_mono_ns = deadline_mono_ns;
  call.batch = &batch;
  call.context = context ? context : nobody.get();
  sluice_status returned = SLUICE_INVALID;
  state.enter([&] { returned = state.instance->consume(state.instance->self, &call); }, true);
  std::lock_guard lock(state.mutex);
  record->returned = returned;
  if (returned != SLUICE_PENDING && record->completions)
    state.violations.push_back("call " + std::to_string(record->token) + " was completed and returned " +
                               std::string(status_name(returned)));
  if (returned == SLUICE_CANCELLED || returned == SLUICE_INVALID || returned < 0 || returned > SLUICE_INVALID)
    state.violations.push_back("consume() returned status " + std::to_string(returned));
  return record;
}

void FakeHost::cancel(const CallRecord& call) {
  std::lock_guard lock(state_->mutex);
  state_->cancelled[call.token] = true;
}

void FakeHost::refuse_all() {
  std::lock_guard lock(state_->mutex);
  state_->refusing = true;
  state_->timers.fill(0);
}

BatchRef FakeHost::batch(sluice_signal signal, std::string_view message) {
  return batch(signal, std::vector<std::string>{std::string(message)});
}

BatchRef FakeHost::batch(sluice_signal signal, const std::vector<std::string>& messages) {
  auto kept = std::make_shared<const std::vector<std::string>>(messages);
  std::vector<sluice_segment> segments;
  for (const std::string& message : *kept)
    segments.push_back({reinterpret_cast<const uint8_t*>(message.data()), message.size(), 0});
  NewBatch made = Host(get()).adopt(signal, segments, kept);
  if (!made) throw std::invalid_argument("not a message of " + std::string(signal_name(signal)) + ", or over budget");
  return made.batch;
}

ContextRef FakeHost::context(std::initializer_list<std::pair<const char*, const char*>> metadata) {
  ContextBuilder builder;
  builder.peer("127.0.0.1:1234").received_unix_ns(testing::now_unix_ns(get()));
  for (const auto& [key, value] : metadata) builder.metadata(key, value);
  return builder.build(get());
}

std::vector<LogRecord> FakeHost::logs() const {
  std::lock_guard lock(state_->mutex);
  return state_->logs;
}

void FakeHost::set_log_level(int32_t level) {
  std::lock_guard lock(state_->mutex);
  state_->log_level = level;
}

std::string FakeHost::last_error() const {
  std::lock_guard lock(state_->mutex);
  return state_->error;
}

std::vector<ProblemRecord> FakeHost::problems() const {
  std::lock_guard lock(state_->mutex);
  return state_->problems;
}

std::pair<int32_t, std::string> FakeHost::health() const {
  std::lock_guard lock(state_->mutex);
  return state_->health;
}

Accounts FakeHost::accounts(sluice_signal signal) const {
  std::lock_guard lock(state_->mutex);
  return state_->accounts.at(static_cast<size_t>(signal));
}

uint64_t FakeHost::writable_calls() const {
  std::lock_guard lock(state_->mutex);
  return state_->writable_calls;
}

std::optional<sluice_limits> FakeHost::limits() const {
  std::lock_guard lock(state_->mutex);
  return state_->limits;
}

uint64_t FakeHost::used_bytes() const {
  return state_->used;
}

void FakeHost::set_used_by_others(uint64_t bytes) {
  state_->used_by_others = bytes;
}
uint64_t FakeHost::live_batches() const {
  return state_->live_batches;
}
uint64_t FakeHost::live_contexts() const {
  return state_->live_contexts;
}

std::vector<std::string> FakeHost::violations() const {
  std::lock_guard lock(state_->mutex);
  return state_->violations;
}

std::string FakeHost::imbalance(sluice_signal signal) const {
  std::lock_guard lock(state_->mutex);
  const auto index = static_cast<size_t>(signal);
  const auto sum = [](const std::map<std::string, uint64_t>& items) {
    uint64_t total = 0;
    for (const auto& [reason, count] : items) total += count;
    return total;
  };
  uint64_t taken = 0;
  for (const auto& [token, call] : state_->calls) {
    const auto answer = call->answer();
    if (!answer && !state_->cancelled.contains(token)) return "call " + std::to_string(token) + " is open";
    if (call->signal == signal && answer == SLUICE_DONE)
      taken += call->items - (call->completed ? call->completed->rejected_items() : 0);
  }
  for (const SendRecord& send : state_->sends)
    if (send.open) return "a send is open";
  const Accounts& accounts = state_->accounts[index];
  const uint64_t in = taken + sum(accounts.added);
  const uint64_t out = state_->passed[index] + sum(accounts.filtered) + sum(accounts.dropped) + accounts.held +
                       state_->lost_of_held[index];
  if (in == out) return {};
  return "taken " + std::to_string(taken) + " + added " + std::to_string(sum(accounts.added)) + " is not passed on " +
         std::to_string(state_->passed[index]) + " + filtered " + std::to_string(sum(accounts.filtered)) +
         " + dropped " + std::to_string(sum(accounts.dropped) + state_->lost_of_held[index]) + " + held " +
         std::to_string(accounts.held);
}

}  // namespace sluice::testing
