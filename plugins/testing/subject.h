// SPDX-License-Identifier: Apache-2.0
// Subject: one instance of a component under test, from its entry, in the care of a FakeHost. It is led through its
// life in the order of the border; what a test leaves out, the destructor does.
//
//   extern "C" const sluice_entry processor_batch_sluice_plugin_entry_v0;
//   FakeHost host;
//   Subject batch(host, processor_batch_sluice_plugin_entry_v0, "batch", Tree::map({{"timeout", 1s}}));
//   REQUIRE(batch.start() == SLUICE_DONE);
#ifndef SLUICE_PLUGINS_TESTING_SUBJECT_H
#define SLUICE_PLUGINS_TESTING_SUBJECT_H

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/tree.h"

namespace sluice::testing {

// The component of this type, or an std::invalid_argument.
inline const sluice_component& component_of(const sluice_entry& entry, std::string_view type) {
  for (auto* at = entry.components; *at; ++at)
    if (type == (*at)->type) return **at;
  throw std::invalid_argument("the plugin has no component " + std::string(type));
}

class Subject {
 public:
  Subject(FakeHost& host, const sluice_component& component, Tree settings = Tree::map({}))
      : host_(host), settings_(std::move(settings)), instance_(component.create(host.get(), &settings_.value())) {
    if (instance_) host_.attach(instance_, component.flags);
  }
  Subject(FakeHost& host, const sluice_entry& entry, std::string_view type, Tree settings = Tree::map({}))
      : Subject(host, component_of(entry, type), std::move(settings)) {}
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  ~Subject() { destroy(); }

  // False: create() failed; the host has the reasons.
  bool created() const { return instance_ != nullptr; }
  const sluice_instance* get() const { return instance_; }

  sluice_status init() {
    inited_ = true;
    return instance_->init(instance_->self);
  }
  sluice_status start() {
    if (!inited_)
      if (const sluice_status status = init(); status != SLUICE_DONE) return status;
    return instance_->start(instance_->self);
  }
  void drain() { instance_->drain(instance_->self); }
  void stop() {
    instance_->stop(instance_->self, host_.now_mono_ns() + 1'000'000'000);
    host_.refuse_all();
  }
  void destroy() {
    if (!instance_) return;
    stop();
    instance_->destroy(instance_->self);
    instance_ = nullptr;
    host_.attach(nullptr, 0);
  }

  std::shared_ptr<const CallRecord> consume(const BatchRef& batch, const ContextRef& context = {},
                                            uint64_t deadline_mono_ns = 0) {
    return host_.consume(*batch, context.get(), deadline_mono_ns);
  }
  std::shared_ptr<const CallRecord> consume(sluice_signal signal, std::string_view message) {
    return consume(host_.batch(signal, message));
  }

 private:
  FakeHost& host_;
  Tree settings_;
  const sluice_instance* instance_;
  bool inited_ = false;
};

}  // namespace sluice::testing
#endif  // SLUICE_PLUGINS_TESTING_SUBJECT_H
