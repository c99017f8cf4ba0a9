// SPDX-License-Identifier: Apache-2.0
// Host: what a component may ask of the core, as C++. A thin value over the C functions: copying it is free, and it
// stays usable until the process ends, so a late thread is refused and never crashes. All calls may come from any
// thread unless a comment says otherwise.
#ifndef SLUICE_PLUGINS_SDK_HOST_H
#define SLUICE_PLUGINS_SDK_HOST_H

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/batch.h"
#include "plugins/sdk/context.h"
#include "plugins/sdk/log.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/str.h"

namespace sluice {

// Bytes of the process' budget, given back when this object goes. Empty: refused, or nothing reserved.
class Reservation {
 public:
  Reservation() = default;
  Reservation(const sluice_host* host, uint64_t bytes) : host_(host), bytes_(bytes) {}
  Reservation(Reservation&& other) noexcept : host_(other.host_), bytes_(std::exchange(other.bytes_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Reservation() { reset(); }
  void reset() {
    if (bytes_) host_->unreserve(host_, std::exchange(bytes_, 0));
  }
  uint64_t bytes() const { return bytes_; }

 private:
  const sluice_host* host_ = nullptr;
  uint64_t bytes_ = 0;
};

// A new batch, or why there is none: BUSY (over budget) or FAILED_PERMANENT (not a message of that signal).
struct NewBatch {
  sluice_status status = SLUICE_INVALID;
  BatchRef batch;
  std::string error;  // in words that its sender understands: what is wrong, in which field, at which byte

  static NewBatch of(const sluice_host* host, sluice_status status, const sluice_batch* batch) {
    NewBatch made{status, BatchRef::take(host, batch), {}};
    if (!batch && SLUICE_HAS(host, sluice_host, batch_error)) made.error = view(host->batch_error(host));
    return made;
  }
  explicit operator bool() const { return static_cast<bool>(batch); }
};

// Writable memory of the core that becomes a batch without a copy.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const sluice_host* host, uint8_t* data, uint64_t capacity) : host_(host), data_(data), capacity_(capacity) {}
  Buffer(Buffer&& other) noexcept
      : host_(other.host_), data_(std::exchange(other.data_, nullptr)), capacity_(other.capacity_) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Buffer() {
    if (data_) host_->buffer_free(host_, data_);
  }
  explicit operator bool() const { return data_ != nullptr; }
  uint8_t* data() const { return data_; }
  uint64_t capacity() const { return capacity_; }
  // The first `length` bytes, one whole OTLP message, become a batch. The buffer is used up, also on failure.
  NewBatch seal(sluice_signal signal, uint64_t length) {
    const sluice_batch* batch = nullptr;
    sluice_status status = host_->batch_seal(host_, signal, std::exchange(data_, nullptr), length, &batch);
    return NewBatch::of(host_, status, batch);
  }

 private:
  const sluice_host* host_ = nullptr;
  uint8_t* data_ = nullptr;
  uint64_t capacity_ = 0;
};

// What send() said. `result` has the details of an immediate answer; it is the host's, until this thread's next
// send().
struct Sent {
  sluice_status status = SLUICE_INVALID;
  const sluice_result* result = nullptr;
  bool pending() const { return status == SLUICE_PENDING; }
  bool busy() const { return status == SLUICE_BUSY; }
  Result copy() const { return result ? Result(*result) : Result(status); }
};

// A metric defined in init(). Adding is wait-free and never fails; one that was refused or never defined does nothing.
class Metric {
 public:
  Metric() = default;
  Metric(const sluice_host* host, const sluice_metrics* api, uint32_t id) : host_(host), api_(api), id_(id) {}
  void add(int64_t value = 1) const {
    if (id_) api_->add(host_, id_, value);
  }
  void record(double value) const {
    if (id_) api_->record(host_, id_, value);
  }

 private:
  const sluice_host* host_ = nullptr;
  const sluice_metrics* api_ = nullptr;
  uint32_t id_ = 0;
};

struct MetricAbout {
  int32_t type = SLUICE_COUNTER;
  const char* name = "";  // with the prefix otelcol_ or sluice_, as it is exposed
  const char* unit = "";
  const char* help = "";
  int32_t level = SLUICE_METRIC_NORMAL;
  std::span<const double> bounds{};     // of a histogram
  std::span<const sluice_kv> labels{};  // the component's own label is added by the core
};

// An interface of an extension: call api->f(self, ...).
template <class Interface>
struct Service {
  const Interface* api = nullptr;
  void* self = nullptr;
  explicit operator bool() const { return api != nullptr; }
};

class Host {
 public:
  using Fields = std::initializer_list<LogField>;

  Host(const sluice_host* host) : h_(host) {}  // NOLINT(google-explicit-constructor): it is the same thing
  const sluice_host* get() const { return h_; }

  std::string_view component_id() const { return view(h_->component_id); }
  std::string_view collector_version() const { return view(h_->collector_version); }
  // Valid from init() on.
  std::span<const sluice_port> inputs() const { return {h_->inputs, h_->input_count}; }
  std::span<const sluice_port> outputs() const { return {h_->outputs, h_->output_count}; }
  // The output that reaches all pipelines of a signal; nothing if no pipeline with it follows.
  std::optional<uint32_t> output(sluice_signal signal) const {
    for (uint32_t i = 0; i < h_->output_count; ++i)
      if (h_->outputs[i].to_all && h_->outputs[i].signal == signal) return i;
    return std::nullopt;
  }

  // ---- say ------------------------------------------------------------------------------------------------------
  bool log_enabled(int32_t level) const { return h_->log_enabled(h_, level) != 0; }
  void log(int32_t level, std::string_view text, std::span<const LogField> fields, const char* file,
           uint32_t line) const {
    if (!log_enabled(level)) return;
    std::vector<sluice_value> values;
    values.reserve(fields.size());
    for (const LogField& field : fields) values.push_back(field.value());
    sluice_log entry{};
    entry.struct_size = sizeof entry;
    entry.level = level;
    entry.text = str(text);
    entry.file = file;
    entry.line = line;
    entry.fields = values.data();
    entry.field_count = static_cast<uint32_t>(values.size());
    h_->log(h_, &entry);
  }
  void log(int32_t level, std::string_view text, Fields fields = {}, Where where = Where::here()) const {
    log(level, text, std::span(fields.begin(), fields.size()), where.file, where.line);
  }
  void debug(std::string_view text, Fields fields = {}, Where where = Where::here()) const {
    log(SLUICE_DEBUG, text, fields, where);
  }
  void info(std::string_view text, Fields fields = {}, Where where = Where::here()) const {
    log(SLUICE_INFO, text, fields, where);
  }
  void warn(std::string_view text, Fields fields = {}, Where where = Where::here()) const {
    log(SLUICE_WARN, text, fields, where);
  }
  void error(std::string_view text, Fields fields = {}, Where where = Where::here()) const {
    log(SLUICE_ERROR, text, fields, where);
  }
  // Why init(), start() or create() fails; the returned status is what they then answer:
  //   return host().fail("cannot listen on " + endpoint + ": " + error);
  sluice_status fail(std::string_view text, Code code = Code::unknown) const {
    h_->set_error(h_, static_cast<int32_t>(code), str(text));
    return SLUICE_FAILED_PERMANENT;
  }
  void set_health(int32_t health, std::string_view text) const { h_->set_health(h_, health, str(text)); }
  // Accounts of what the core's edges cannot see (R41). `held` is the level now, the others add up.
  void filtered(sluice_signal signal, const char* reason, uint64_t items) const {
    h_->account(h_, signal, SLUICE_ITEMS_FILTERED, reason, items);
  }
  void dropped(sluice_signal signal, const char* reason, uint64_t items) const {
    h_->account(h_, signal, SLUICE_ITEMS_DROPPED, reason, items);
  }
  void added(sluice_signal signal, const char* reason, uint64_t items) const {
    h_->account(h_, signal, SLUICE_ITEMS_ADDED, reason, items);
  }
  void held(sluice_signal signal, uint64_t items) const { h_->account(h_, signal, SLUICE_ITEMS_HELD, "", items); }

  // ---- time -----------------------------------------------------------------------------------------------------
  uint64_t now_mono_ns() const { return h_->now_mono_ns(h_); }
  uint64_t now_unix_ns() const { return h_->now_unix_ns(h_); }
  // Until a time that the core named; 0 once it has passed.
  std::chrono::nanoseconds time_left(uint64_t deadline_mono_ns) const {
    const uint64_t now = now_mono_ns();
    return std::chrono::nanoseconds(deadline_mono_ns > now ? deadline_mono_ns - now : 0);
  }
  // timer(index) is called once at or after `due`; setting it again replaces it, 0 switches it off. 16 timers, 0..15.
  void set_timer(uint32_t index, uint64_t due_mono_ns) const { h_->set_timer(h_, index, due_mono_ns); }
  void set_timer_in(uint32_t index, std::chrono::nanoseconds delay) const {
    set_timer(index, now_mono_ns() + static_cast<uint64_t>(delay.count()));
  }

  // ---- bytes ----------------------------------------------------------------------------------------------------
  // Ask before a body is read. Nothing: over budget, refuse the request.
  std::optional<Reservation> reserve(uint64_t bytes) const {
    if (h_->reserve(h_, bytes) != SLUICE_DONE) return std::nullopt;
    return Reservation(h_, bytes);
  }
  Buffer buffer(uint64_t capacity) const { return Buffer(h_, h_->buffer_new(h_, capacity), capacity); }
  // A copy of one whole OTLP message becomes a batch.
  NewBatch copy(sluice_signal signal, std::span<const uint8_t> message) const {
    Buffer memory = buffer(message.size());
    if (!memory) return {SLUICE_BUSY, {}, "the memory budget is used up"};
    std::copy(message.begin(), message.end(), memory.data());
    return memory.seal(signal, message.size());
  }
  // Foreign memory becomes a batch without a copy. `owner` keeps the memory alive: any movable object whose destructor
  // frees it (a vector, a unique_ptr, a lambda that captured a slice). It is destroyed once, on any thread, maybe
  // after this component is gone, so it must not touch the component; on failure it is destroyed before this returns.
  // `pinned_bytes` is what stays allocated, 0: the sum of the lengths.
  template <class Owner>
  NewBatch adopt(sluice_signal signal, std::span<const sluice_segment> messages, Owner owner,
                 uint64_t pinned_bytes = 0) const {
    return adopt_chunks(signal, messages, {}, std::move(owner), pinned_bytes);
  }
  template <class Owner>
  NewBatch adopt(sluice_signal signal, std::span<const uint8_t> message, Owner owner, uint64_t pinned_bytes = 0) const {
    const sluice_segment segment{message.data(), message.size(), 0};
    return adopt_chunks(signal, {&segment, 1}, {}, std::move(owner), pinned_bytes);
  }
  // As above for messages that came in pieces: message i is the next message_chunks[i] of `chunks`.
  template <class Owner>
  NewBatch adopt_chunks(sluice_signal signal, std::span<const sluice_segment> chunks,
                        std::span<const uint32_t> message_chunks, Owner owner, uint64_t pinned_bytes = 0) const {
    auto kept = std::make_unique<Owner>(std::move(owner));
    sluice_adopt adopt{};
    adopt.struct_size = sizeof adopt;
    adopt.signal = signal;
    adopt.segments = chunks.data();
    adopt.segment_count = static_cast<uint32_t>(chunks.size());
    adopt.message_chunks = message_chunks.empty() ? nullptr : message_chunks.data();
    adopt.message_count = static_cast<uint32_t>(message_chunks.empty() ? chunks.size() : message_chunks.size());
    adopt.pinned_bytes = pinned_bytes;
    adopt.release = [](void* owner_of_memory) { delete static_cast<Owner*>(owner_of_memory); };
    adopt.release_arg = kept.get();
    const sluice_batch* batch = nullptr;
    sluice_status status = h_->batch_adopt(h_, &adopt, &batch);
    if (batch) static_cast<void>(kept.release());
    return NewBatch::of(h_, status, batch);
  }
  // One batch of all pieces, in order. Shares their memory; the pieces may be released afterwards.
  BatchRef gather(std::span<const sluice_piece> pieces) const {
    return BatchRef::take(h_, h_->batch_gather(h_, pieces.data(), static_cast<uint32_t>(pieces.size())));
  }
  BatchRef keep(const sluice_batch* batch) const { return BatchRef(h_, batch); }
  ContextRef keep(const sluice_context* context) const { return ContextRef(h_, context); }

  // ---- flow -----------------------------------------------------------------------------------------------------
  // Hands a batch to what is behind `output`; the core takes its own references. PENDING: sent(user, result) follows
  // once, maybe before this returns. BUSY: resume(output) follows, maybe before this returns (outbox.h deals with it).
  Sent send(uint32_t output, const sluice_batch* batch, const sluice_context* context, void* user = nullptr,
            uint64_t deadline_mono_ns = 0) const {
    sluice_send send{};
    send.struct_size = sizeof send;
    send.output = output;
    send.batch = batch;
    send.context = context;
    send.deadline_mono_ns = deadline_mono_ns;
    send.user = user;
    Sent sent;
    sent.status = h_->send(h_, &send, &sent.result);
    return sent;
  }
  // Answers a call whose consume() said or will say PENDING. Runs other components' code: hold no lock.
  sluice_status complete(sluice_token token, const sluice_result& result) const {
    return h_->complete(h_, token, &result);
  }
  sluice_status complete(sluice_token token, const Result& result) const { return complete(token, result.view()); }
  // After consume() said BUSY: it can take again.
  void writable() const { h_->writable(h_); }
  // What one request of this exporter may hold; the core splits before consume(). In init() only.
  sluice_status set_limits(uint64_t max_items, uint64_t max_bytes, uint32_t max_in_flight) const {
    sluice_limits limits{};
    limits.struct_size = sizeof limits;
    limits.max_items = max_items;
    limits.max_bytes = max_bytes;
    limits.max_in_flight = max_in_flight;
    return h_->set_limits(h_, &limits);
  }

  // ---- look-ups, in init() only ---------------------------------------------------------------------------------
  // An interface of the core; null: this core has none of that id.
  template <class Interface>
  const Interface* core_interface(const char* id) const {
    return static_cast<const Interface*>(h_->get_interface(h_, id));
  }
  // An interface of the extension that the configuration names.
  template <class Interface>
  Service<Interface> service(std::string_view component_id, const char* id) const {
    Service<Interface> found;
    found.api = static_cast<const Interface*>(h_->get_service(h_, str(component_id), id, &found.self));
    return found;
  }
  Metric define(const MetricAbout& about) const {
    const auto* api = core_interface<sluice_metrics>(SLUICE_METRICS_ID);
    if (!api) return {};
    sluice_metric metric{};
    metric.struct_size = sizeof metric;
    metric.type = about.type;
    metric.level = about.level;
    metric.name = about.name;
    metric.unit = about.unit;
    metric.help = about.help;
    metric.labels = about.labels.data();
    metric.label_count = static_cast<uint32_t>(about.labels.size());
    metric.bounds = about.bounds.data();
    metric.bound_count = static_cast<uint32_t>(about.bounds.size());
    return Metric(h_, api, api->define(h_, &metric));
  }

 private:
  const sluice_host* h_;
};

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_HOST_H
