// SPDX-License-Identifier: Apache-2.0
// The bases of components. A component is a class with a `Config` (see settings.h) and a constructor of (Host, Config);
// what it overrides is called by the core as sluice_plugin.h says at each slot of sluice_instance. entry.h turns the
// class into a plugin. Exceptions may leave any of these functions: they are logged and answered as failures (R31).
//
//   class Batch final : public sluice::Processor {
//    public:
//     using Config = BatchConfig;
//     Batch(sluice::Host host, Config config) : Processor(host), config_(std::move(config)) {}
//     sluice_status consume(const sluice::Call& call) override;
//   };
#ifndef SLUICE_PLUGINS_SDK_COMPONENT_H
#define SLUICE_PLUGINS_SDK_COMPONENT_H

#include <cstdint>
#include <string_view>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/answer.h"
#include "plugins/sdk/batch.h"
#include "plugins/sdk/context.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/settings.h"
#include "plugins/sdk/status.h"

namespace sluice {

namespace detail {
template <class T>
struct Face;
}

// One call of consume(), lent until it returns.
class Call {
 public:
  Call(Host host, const sluice_call& call) : host_(host), call_(call) {}
  const sluice_batch& batch() const { return *call_.batch; }
  const sluice_context& context() const { return *call_.context; }
  sluice_signal signal() const { return call_.batch->signal; }
  uint32_t input() const { return call_.input; }  // index into Host::inputs()
  sluice_token token() const { return call_.token; }
  uint64_t deadline_mono_ns() const { return call_.deadline_mono_ns; }  // 0: none

  BatchRef keep_batch() const { return host_.keep(call_.batch); }
  ContextRef keep_context() const { return host_.keep(call_.context); }
  // To answer later: keep it and return SLUICE_PENDING.
  [[nodiscard]] Answer answer_later() const { return Answer(host_, call_.token); }
  // To answer now, with all details: `return call.reply(Result::permanent(...))`.
  sluice_status reply(const Result& result) const {
    if (result.plain()) return result.status();
    host_.complete(call_.token, result);
    return SLUICE_PENDING;
  }

 private:
  Host host_;
  const sluice_call& call_;
};

// Threads: init, start, stop and the destructor one at a time; consume, sent, resume, timer and drain from any thread
// and at once, unless the component has SLUICE_SERIAL.
class Instance {
 public:
  explicit Instance(Host host) : host_(host) {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  virtual ~Instance() = default;

  // Look-ups, metrics, limits. To fail: `return host().fail("why")`.
  virtual sluice_status init() { return SLUICE_DONE; }
  // Threads and sockets.
  virtual sluice_status start() { return SLUICE_DONE; }
  // Take nothing new of your own and hold nothing back from now on; returns at once.
  virtual void drain() {}
  // Join threads, close sockets. May come in every state, and twice.
  virtual void stop([[maybe_unused]] uint64_t deadline_mono_ns) {}

  // DONE, FAILED_*, BUSY (nothing taken, then host().writable()), or PENDING with an answer that follows once.
  virtual sluice_status consume([[maybe_unused]] const Call& call) { return SLUICE_UNIMPLEMENTED; }
  // The answer to a send() that said PENDING.
  virtual void sent([[maybe_unused]] void* user, [[maybe_unused]] const sluice_result& result) {}
  // A send() that said BUSY may now do better.
  virtual void resume([[maybe_unused]] uint32_t output) {}
  virtual void timer([[maybe_unused]] uint32_t index) {}
  // A declared interface. Its functions get this object as `self`: static_cast<MyExtension*>(self).
  virtual const void* get_interface([[maybe_unused]] std::string_view id) { return nullptr; }

  Host host() const { return host_; }

 private:
  template <class T>
  friend struct detail::Face;

  const Host host_;
  sluice_instance face_{};  // what the core sees of this
};

class Receiver : public Instance {
 public:
  static constexpr sluice_kind kKind = SLUICE_RECEIVER;
  using Instance::Instance;
};

class Processor : public Instance {
 public:
  static constexpr sluice_kind kKind = SLUICE_PROCESSOR;
  using Instance::Instance;
  sluice_status consume(const Call& call) override = 0;
};

class Connector : public Instance {
 public:
  static constexpr sluice_kind kKind = SLUICE_CONNECTOR;
  using Instance::Instance;
  sluice_status consume(const Call& call) override = 0;
};

class Exporter : public Instance {
 public:
  static constexpr sluice_kind kKind = SLUICE_EXPORTER;
  using Instance::Instance;
  sluice_status consume(const Call& call) override = 0;
};

class Extension : public Instance {
 public:
  static constexpr sluice_kind kKind = SLUICE_EXTENSION;
  using Instance::Instance;
};

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_COMPONENT_H
