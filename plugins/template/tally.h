// SPDX-License-Identifier: Apache-2.0
// The smallest complete plugin: an exporter that appends a line for each batch, "traces 17", to a file.
#ifndef SLUICE_PLUGINS_TEMPLATE_TALLY_H
#define SLUICE_PLUGINS_TEMPLATE_TALLY_H

#include <fstream>
#include <mutex>
#include <string>

#include "plugins/sdk/component.h"

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

}  // namespace tally
#endif  // SLUICE_PLUGINS_TEMPLATE_TALLY_H
