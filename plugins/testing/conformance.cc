// SPDX-License-Identifier: Apache-2.0
#include "plugins/testing/conformance.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

namespace sluice::testing {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kStep{100};  // of the fake clock
constexpr int kSteps = 100;                      // enough for every timeout that settings have by default

// One component, one host, and what was found wrong.
class Bench {
 public:
  Bench(const sluice_component& component, const ConformanceOptions& options, std::vector<std::string>& problems)
      : component_(component), options_(options), problems_(problems), host_(ports(component)) {
    host_.set_log_level(SLUICE_ERROR);
  }
  ~Bench() { finish(); }

  void problem(const std::string& text) { problems_.push_back(text); }

  bool create() {
    subject_ = std::make_unique<Subject>(host_, component_, options_.settings);
    if (!subject_->created()) problem("create() fails with the given settings: " + host_.last_error());
    return subject_->created();
  }
  bool start() {
    if (!create()) return false;
    if (subject_->start() == SLUICE_DONE) return true;
    problem("start() fails with the given settings: " + host_.last_error());
    return false;
  }
  void drain() {
    const auto begin = steady_clock::now();
    subject_->drain();
    if (steady_clock::now() - begin > options_.patience) problem("drain() does not return at once");
  }
  // Stops and destroys; what is left behind then is a problem.
  void finish() {
    if (!subject_) return;
    subject_.reset();
    for (const std::string& violation : host_.violations()) problem(violation);
    host_.clear_sends();
    calls_.clear();
    if (host_.live_batches()) problem(std::to_string(host_.live_batches()) + " batches are left after destroy()");
    if (host_.live_contexts()) problem(std::to_string(host_.live_contexts()) + " contexts are left after destroy()");
    if (host_.used_bytes()) problem(std::to_string(host_.used_bytes()) + " bytes stay charged after destroy()");
  }

  // A few calls of each signal that it takes.
  void feed(int calls, uint64_t items) {
    for (const sluice_signal signal : kSignals) {
      if (!(component_.input_signals & SLUICE_MASK(signal))) continue;
      for (int i = 0; i < calls; ++i) keep(subject_->consume(signal, message(signal, items)));
    }
  }
  void keep(std::shared_ptr<const CallRecord> call) {
    std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
  }
  // Lets time pass until every call is answered and nothing is held, as the core does before it stops an instance.
  void settle() {
    drain();
    const auto until = steady_clock::now() + options_.patience;
    for (int i = 0; !settled() && (i < kSteps || steady_clock::now() < until); ++i) {
      host_.advance(kStep);
      for (uint32_t output = 0; output < Host(host_).outputs().size(); ++output) host_.resume(output);
      if (i >= kSteps) std::this_thread::yield();
    }
    const auto open = [](const auto& call) { return !call->answer(); };
    if (const auto first = std::find_if(calls_.begin(), calls_.end(), open); first != calls_.end()) {
      problem(std::to_string(std::count_if(first, calls_.end(), open)) + " of " + std::to_string(calls_.size()) +
              " calls are not answered, though all is taken behind; the first is call " +
              std::to_string((*first)->token));
    }
    const bool passes_on = component_.kind == SLUICE_PROCESSOR || component_.kind == SLUICE_CONNECTOR;
    for (const sluice_signal signal : kSignals) {
      if (const uint64_t held = host_.accounts(signal).held)
        problem(std::to_string(held) + " items are still held after drain()");
      const bool same_signal = component_.output_signals & component_.input_signals & SLUICE_MASK(signal);
      if (!passes_on || !same_signal) continue;
      if (const std::string off = host_.imbalance(signal); !off.empty()) problem("items do not add up: " + off);
    }
  }

  FakeHost& host() { return host_; }
  Subject& subject() { return *subject_; }
  const sluice_component& component() const { return component_; }

 private:
  static FakeHost::Options ports(const sluice_component& component) {
    FakeHost::Options options;
    for (const sluice_signal signal : kSignals) {
      if (component.input_signals & SLUICE_MASK(signal)) options.inputs.push_back(signal);
      if (component.output_signals & SLUICE_MASK(signal)) options.outputs.push_back(signal);
    }
    return options;
  }
  bool settled() const {
    const bool answered = std::all_of(calls_.begin(), calls_.end(), [](const auto& call) { return call->answer(); });
    return answered && std::all_of(std::begin(kSignals), std::end(kSignals),
                                   [this](sluice_signal signal) { return host_.accounts(signal).held == 0; });
  }

  const sluice_component& component_;
  const ConformanceOptions& options_;
  std::vector<std::string>& problems_;
  FakeHost host_;
  std::unique_ptr<Subject> subject_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const CallRecord>> calls_;
};

bool takes_batches(const sluice_component& component) {
  return component.kind != SLUICE_RECEIVER && component.kind != SLUICE_EXTENSION;
}

// ---- the cases ------------------------------------------------------------------------------------------------------

void describes_itself(Bench& bench) {
  const sluice_component& component = bench.component();
  const auto need = [&bench](bool ok, const char* text) {
    if (!ok) bench.problem(text);
  };
  need(component.struct_size >= offsetof(sluice_component, create) + sizeof component.create,
       "struct_size is too small");
  need(component.kind >= SLUICE_RECEIVER && component.kind <= SLUICE_EXTENSION, "the kind is none that there is");
  const std::string_view type = component.type ? component.type : "";
  need(!type.empty() && type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos,
       "the type must be of lower-case letters, digits and _");
  need(component.stability >= SLUICE_DEVELOPMENT && component.stability <= SLUICE_DEPRECATED, "unknown stability");
  need(takes_batches(component) == (component.input_signals != 0), "input signals do not suit the kind");
  const bool sends = component.kind != SLUICE_EXPORTER && component.kind != SLUICE_EXTENSION;
  need(sends == (component.output_signals != 0), "output signals do not suit the kind");
  const char* schema = component.schema ? component.schema() : nullptr;
  need(schema && schema[0] == '{', "schema() gives no JSON object");
  need(schema && std::string_view(schema) == component.schema(), "schema() gives another text when it is called again");
}

// `sluice validate` does no more than this.
void created_and_destroyed(Bench& bench) {
  if (!bench.create()) return;
  if (!bench.host().sends().empty()) bench.problem("create() sends");
  for (uint32_t i = 0; i < 16; ++i)
    if (bench.host().timer_due(i)) bench.problem("create() sets a timer");
  if (bench.host().used_bytes()) bench.problem("create() takes memory of the budget");
  const sluice_instance* face = bench.subject().get();
  if (face->struct_size < offsetof(sluice_instance, get_interface) + sizeof face->get_interface)
    bench.problem("the instance's struct_size is too small");
  if (!face->init || !face->start || !face->drain || !face->stop || !face->destroy || !face->sent || !face->resume ||
      !face->timer || !face->get_interface)
    bench.problem("a function other than consume is null");
  if ((face->consume != nullptr) != takes_batches(bench.component())) bench.problem("consume does not suit the kind");
}

void stopped_in_every_state(Bench& bench) {
  if (!bench.create()) return;
  bench.subject().stop();
  bench.subject().stop();
}

void stopped_after_init(Bench& bench) {
  if (!bench.create()) return;
  if (bench.subject().init() != SLUICE_DONE) return bench.problem("init() fails: " + bench.host().last_error());
  bench.subject().stop();
  bench.subject().stop();
}

void started_and_stopped_twice(Bench& bench) {
  if (!bench.start()) return;
  bench.subject().stop();
  bench.subject().stop();
}

void stopped_without_drain(Bench& bench) {
  if (!bench.start()) return;
  bench.host().on_send([](const auto&) { return Reply::pending(); });
  bench.feed(3, 4);
  // As the core at its deadline: open sends are answered for it, then it is stopped.
  bench.host().answer_all(Result::cancelled("the collector stops"));
  bench.subject().stop();
}

void drained_twice(Bench& bench) {
  if (!bench.start()) return;
  bench.feed(1, 2);
  bench.drain();
  bench.feed(1, 2);  // consume() still comes after drain()
  bench.settle();
}

void two_instances(Bench& bench) {
  if (!bench.start()) return;
  bench.feed(2, 3);
  bench.settle();
  bench.finish();
  if (!bench.start()) return;
}

void answers_when_all_is_taken(Bench& bench) {
  if (!bench.start()) return;
  bench.feed(20, 7);
  bench.feed(1, 0);
  bench.settle();
}

// `script` is what is behind for the first calls; then everything is taken.
void heals(Bench& bench, std::function<Reply()> script, const Result* answer = nullptr) {
  if (!bench.start()) return;
  bench.host().on_send([script](const auto&) { return script(); });
  bench.feed(6, 5);
  for (int i = 0; i < 10; ++i) bench.host().advance(kStep);
  if (answer) bench.host().answer_all(*answer);
  bench.host().on_send(nullptr);
  bench.settle();
}

void busy_behind(Bench& bench) {
  heals(bench, [] { return Reply::busy(); });
}

void resumed_before_busy_returned(Bench& bench) {
  auto count = std::make_shared<std::atomic<int>>(0);
  heals(bench, [count] {
    Reply reply = Reply::busy();
    reply.early_resume = true;
    return ++*count % 2 ? reply : Reply::done();
  });
}

void answered_later(Bench& bench) {
  const Result done = Result::done();
  heals(
      bench, [] { return Reply::pending(); }, &done);
}

void answered_before_send_returned(Bench& bench) {
  heals(bench, [] {
    Reply reply = Reply::pending();
    reply.early_answer = Result::done();
    return reply;
  });
}

void refused_for_good(Bench& bench) {
  heals(bench, [] { return Reply::answer(Result::permanent(Code::invalid_argument, "never")); });
}

void refused_for_now(Bench& bench) {
  heals(bench, [] { return Reply::answer(Result::retryable(Code::unavailable, "later")); });
}

void refused_for_now_later(Bench& bench) {
  const Result failed = Result::retryable(Code::unavailable, "later");
  heals(
      bench, [] { return Reply::pending(); }, &failed);
}

void taken_in_part(Bench& bench) {
  heals(bench, [] { return Reply::answer(Result::partial(2, "two were bad")); });
}

void called_without_need(Bench& bench) {
  if (!bench.start()) return;
  const sluice_instance* face = bench.subject().get();
  for (uint32_t output = 0; output < Host(bench.host()).outputs().size(); ++output) face->resume(face->self, output);
  for (uint32_t timer = 0; timer < 16; ++timer) face->timer(face->self, timer);
  bench.feed(1, 1);
  bench.settle();
}

void gives_its_interfaces(Bench& bench) {
  if (!bench.create()) return;
  if (bench.subject().init() != SLUICE_DONE) return bench.problem("init() fails: " + bench.host().last_error());
  const sluice_instance* face = bench.subject().get();
  if (face->get_interface(face->self, "sluice.no-such-interface/0"))
    bench.problem("get_interface() answers an id that does not exist");
  for (const char* const* id = bench.component().interfaces; id && *id; ++id)
    if (!face->get_interface(face->self, *id)) bench.problem(std::string("declared interface is not there: ") + *id);
}

void called_from_threads(Bench& bench) {
  if (!takes_batches(bench.component()) || !bench.start()) return;
  std::atomic<int> running = 4;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&bench, &running] {
      for (int k = 0; k < 25; ++k)
        for (const sluice_signal signal : kSignals)
          if (bench.component().input_signals & SLUICE_MASK(signal))
            bench.keep(bench.subject().consume(signal, message(signal, 3)));
      --running;
    });
  }
  while (running) bench.host().advance(std::chrono::milliseconds(10));
  for (std::thread& thread : threads) thread.join();
  bench.settle();
}

struct Case {
  std::string_view name;
  void (*run)(Bench&);
};
constexpr Case kCases[] = {
    {"describes itself", describes_itself},
    {"created and destroyed", created_and_destroyed},
    {"stopped before init, twice", stopped_in_every_state},
    {"stopped after init, twice", stopped_after_init},
    {"started, stopped twice", started_and_stopped_twice},
    {"stopped without drain, answered by the core", stopped_without_drain},
    {"drained, consume after drain, drained again", drained_twice},
    {"two instances, one after the other", two_instances},
    {"all is taken behind", answers_when_all_is_taken},
    {"busy behind, then resume", busy_behind},
    {"resume before busy has returned", resumed_before_busy_returned},
    {"answered later behind", answered_later},
    {"answered before send has returned", answered_before_send_returned},
    {"refused for good behind", refused_for_good},
    {"refused for now behind", refused_for_now},
    {"refused for now behind, later", refused_for_now_later},
    {"taken in part behind", taken_in_part},
    {"resume and timers that it did not ask for", called_without_need},
    {"interfaces", gives_its_interfaces},
    {"called from several threads", called_from_threads},
};
constexpr auto kCaseNames = [] {
  std::array<std::string_view, std::size(kCases)> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kCases[i].name;
  return names;
}();

}  // namespace

std::span<const std::string_view> conformance_cases() {
  return kCaseNames;
}

std::vector<std::string> run_conformance_case(std::string_view name, const sluice_component& component,
                                              const ConformanceOptions& options) {
  std::vector<std::string> problems;
  const auto found =
      std::find_if(std::begin(kCases), std::end(kCases), [name](const Case& c) { return c.name == name; });
  if (found == std::end(kCases)) return {"there is no case \"" + std::string(name) + "\""};
  try {
    Bench bench(component, options, problems);
    found->run(bench);
  } catch (const std::exception& e) {
    problems.push_back(e.what());
  }
  for (std::string& problem : problems) problem = std::string(name) + ": " + problem;
  return problems;
}

std::vector<std::string> conformance_problems(const sluice_entry& entry, std::string_view type,
                                              const ConformanceOptions& options) {
  std::vector<std::string> all;
  const sluice_component& component = component_of(entry, type);
  for (const std::string_view name : conformance_cases())
    for (std::string& problem : run_conformance_case(name, component, options)) all.push_back(std::move(problem));
  return all;
}

}  // namespace sluice::testing
