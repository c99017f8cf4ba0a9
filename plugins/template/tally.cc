// SPDX-License-Identifier: Apache-2.0
// The smallest complete plugin: an exporter that appends a line for each batch, "traces 17", to a file.
#include <chrono>
#include <fstream>
#include <mutex>
#include <string>
#include <utility>

#include "plugins/sdk/entry.h"

namespace tally {

struct Config {
  std::string path;

  void settings(sluice::Settings& s) {
    s("path", path, "File that the lines are appended to.").format("path").required();
    s.delivery(/*queue=*/true, /*retry=*/true, /*timeout=*/std::chrono::seconds(5));
  }
};

class Tally final : public sluice::Exporter {
 public:
  using Config = tally::Config;
  Tally(sluice::Host host, Config config);
  sluice_status start() override;
  void stop(uint64_t deadline_mono_ns) override;
  sluice_status consume(const sluice::Call& call) override;

 private:
  const Config config_;
  std::mutex mutex_;  // consume() may come from several threads at once
  std::ofstream file_;
};

Tally::Tally(sluice::Host host, Config config) : Exporter(host), config_(std::move(config)) {}

sluice_status Tally::start() {
  file_.open(config_.path, std::ios::app);
  return file_ ? SLUICE_DONE : host().fail("cannot open \"" + config_.path + "\" for writing");
}

void Tally::stop(uint64_t) {
  file_.close();
}

sluice_status Tally::consume(const sluice::Call& call) {
  const std::lock_guard lock(mutex_);
  file_ << sluice::signal_name(call.signal()) << ' ' << call.batch().item_count << std::endl;
  if (file_) return SLUICE_DONE;
  file_.clear();
  return call.reply(sluice::Result::retryable(sluice::Code::unavailable, "cannot write to \"" + config_.path + "\""));
}

}  // namespace tally

SLUICE_ENTRY(
    "exporter_tally", "0.1.0",
    sluice::component<tally::Tally>({.type = "tally", .inputs = sluice::kAllSignals, .stability = SLUICE_DEVELOPMENT}))
