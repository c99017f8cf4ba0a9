// SPDX-License-Identifier: Apache-2.0
// The debug exporter prints what reaches it: counts, a line an item, or every field.
#ifndef SLUICE_EXPORTERS_DEBUG_COMPONENT_H
#define SLUICE_EXPORTERS_DEBUG_COMPONENT_H

#include <string>

#include "exporters/debug/config.h"
#include "exporters/debug/output.h"
#include "exporters/debug/sampler.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/log.h"

namespace sluice::exporters {

class Debug final : public Exporter {
 public:
  using Config = DebugConfig;
  Debug(Host host, Config config);
  sluice_status start() override;
  void stop(uint64_t deadline_mono_ns) override;
  sluice_status consume(const Call& call) override;

 private:
  void say(sluice_signal signal, std::string_view message, const Counts& counts);

  const Config config_;
  Sampler sampler_;
  Output output_;
  LogLimit write_errors_;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_DEBUG_COMPONENT_H
