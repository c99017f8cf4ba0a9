// SPDX-License-Identifier: Apache-2.0
#include "tally.h"

namespace tally {

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
