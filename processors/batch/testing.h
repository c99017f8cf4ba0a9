// SPDX-License-Identifier: Apache-2.0
// What the tests of the batch processor share.
#ifndef SLUICE_PROCESSORS_BATCH_TESTING_H
#define SLUICE_PROCESSORS_BATCH_TESTING_H

#include <memory>
#include <string>
#include <vector>

#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

extern "C" const sluice_entry processor_batch_sluice_plugin_entry_v0;

namespace sluice::testing {

using namespace std::chrono_literals;

// A started batch processor. When the test ends it must have kept the rules, the books and no memory.
struct BatchFixture {
  void start(Tree settings = Tree::map({})) {
    batch = std::make_unique<Subject>(host, processor_batch_sluice_plugin_entry_v0, "batch", std::move(settings));
    if (batch->start() != SLUICE_DONE) throw std::runtime_error("the batch processor did not start");
  }
  std::shared_ptr<const CallRecord> consume(uint64_t items, const ContextRef& context = {}) {
    return batch->consume(host.batch(SLUICE_TRACES, message(SLUICE_TRACES, items)), context);
  }
  std::vector<uint64_t> sizes() const {
    std::vector<uint64_t> all;
    for (const SendRecord& send : host.sends()) all.push_back(send.batch.item_count());
    return all;
  }
  uint64_t held() const { return host.accounts(SLUICE_TRACES).held; }
  int64_t counter(const char* name) const { return host.metric(name)->sum; }
  // Ends the processor and says what it left behind; empty if it left nothing.
  std::string finish() {
    batch.reset();
    std::string problems = host.imbalance(SLUICE_TRACES);
    for (const std::string& violation : host.violations()) problems += violation + "\n";
    host.clear_sends();
    if (host.live_batches() || host.live_contexts() || host.used_bytes()) problems += "memory is left";
    return problems;
  }

  FakeHost host;
  std::unique_ptr<Subject> batch;
};

}  // namespace sluice::testing
#endif  // SLUICE_PROCESSORS_BATCH_TESTING_H
