// SPDX-License-Identifier: Apache-2.0
// Built with the SDK; throws in the function and of the type that its settings say. No exception may reach the core.
#include <stdexcept>
#include <string>

#include "plugins/sdk/entry.h"

namespace {

struct ThrowsConfig {
  std::string in = "consume";
  std::string what = "std";
  void settings(sluice::Settings& s) {
    s("in", in, "The function that throws: create, init, start, consume, drain or stop.");
    s("what", what, "What is thrown: std, int, pointer or null.");
  }
};

class Throws final : public sluice::Exporter {
 public:
  using Config = ThrowsConfig;
  Throws(sluice::Host host, Config config) : Exporter(host), config_(std::move(config)) { maybe("create"); }
  sluice_status init() override { return maybe("init"); }
  sluice_status start() override { return maybe("start"); }
  sluice_status consume(const sluice::Call&) override { return maybe("consume"); }
  void drain() override { maybe("drain"); }
  void stop(uint64_t) override { maybe("stop"); }

 private:
  sluice_status maybe(std::string_view in) const {
    if (in != config_.in) return SLUICE_DONE;
    if (config_.what == "int") throw 42;
    if (config_.what == "pointer") throw "text";
    if (config_.what == "null") throw nullptr;
    throw std::runtime_error("broken on purpose");
  }
  Config config_;
};

}  // namespace

SLUICE_ENTRY("broken_throws", "1.2.3", sluice::component<Throws>({.type = "throws", .inputs = sluice::kAllSignals}))
