// SPDX-License-Identifier: Apache-2.0
// A receiver for counting instructions: sends the requests of a payload file into the pipelines, one after the other,
// then ends the process as a signal would. No sockets, no waiting: what runs is the data path and nothing else.
#include <unistd.h>

#include <csignal>
#include <semaphore>
#include <string>
#include <thread>

#include "benchmarks/payload.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/entry.h"

namespace sluice::benchmarks {
namespace {

struct ReplayConfig {
  std::string file;
  uint64_t requests = 0;
  void settings(Settings& s) {
    s("file", file, "Payload file.").required();
    s("requests", requests, "How many to send.");
  }
};

class Replay final : public Receiver {
 public:
  using Config = ReplayConfig;
  Replay(Host host, Config config) : Receiver(host), config_(std::move(config)) {}

  sluice_status start() override {
    try {
      payload_ = Payload::read(config_.file);
    } catch (const std::exception& error) {
      return host().fail(error.what());
    }
    thread_ = std::thread([this] { run(); });
    return SLUICE_DONE;
  }
  void sent(void*, const sluice_result&) override { answered_.release(); }
  void stop(uint64_t) override {
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    const auto signal = static_cast<sluice_signal>(signal_of(payload_.shape.kind));
    const auto output = host().output(signal);
    for (uint64_t i = 0; output && i < config_.requests; ++i) {
      const NewBatch made = host().copy(signal, payload_.requests[i % payload_.requests.size()]);
      if (made && host().send(*output, made.batch.get(), nullptr).pending()) answered_.acquire();
    }
    kill(getpid(), SIGTERM);
  }

  const ReplayConfig config_;
  Payload payload_;
  std::thread thread_;
  std::binary_semaphore answered_{0};
};

}  // namespace
}  // namespace sluice::benchmarks

SLUICE_ENTRY("replay", "0",
             sluice::component<sluice::benchmarks::Replay>({.type = "replay", .outputs = sluice::kAllSignals}))
