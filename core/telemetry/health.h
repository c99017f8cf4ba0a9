// SPDX-License-Identifier: Apache-2.0
// How the components say they are, and what that makes of the whole. Components set their own state; the process as a
// whole is as bad as its worst component, and ready only between "everything is started" and "begins to stop".
#ifndef SLUICE_CORE_TELEMETRY_HEALTH_H
#define SLUICE_CORE_TELEMETRY_HEALTH_H

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::telemetry {

enum class HealthState : uint8_t { ok, degraded, broken, fatal };  // the values of SLUICE_HEALTH_*
std::string_view health_name(HealthState state);

enum class Phase : uint8_t { starting, running, stopping, stopped };
std::string_view phase_name(Phase phase);

struct HealthKey {
  sluice_kind kind = 0;
  std::string id;
  std::string pipeline;  // of a processor's instance; empty for the rest
  friend auto operator<=>(const HealthKey&, const HealthKey&) = default;
};

struct HealthEntry {
  HealthKey key;
  HealthState state = HealthState::ok;
  std::string text;
  uint64_t since_unix_ns = 0;  // of the last change of `state`
};

// Thread-safe.
class Health {
 public:
  explicit Health(const base::Clock& clock) : clock_(clock), phase_since_unix_ns_(clock.unix_ns()) {}

  // Makes the component known. A fatal component asks the process to end: see on_change().
  void set(const HealthKey& key, HealthState state, std::string_view text = {});
  void forget(const HealthKey& key);
  void set_phase(Phase phase);

  // Called after a change of a component's state, on the thread that brought it, without locks. Set once, before
  // threads.
  using Listener = std::function<void(const HealthEntry&)>;
  void on_change(Listener listener) { listener_ = std::move(listener); }

  Phase phase() const;
  uint64_t phase_since_unix_ns() const;
  HealthState worst() const;
  bool ready() const;  // running, and no component fatal
  std::vector<HealthEntry> entries() const;

  // {"phase":"running","since":..,"ready":true,"status":"ok",
  //  "components":[{"kind":..,"id":..,"status":..,"text":..,"since":..}]}; plugins/formats/health_report reads it.
  std::string json() const;

 private:
  struct State {
    HealthState state;
    std::string text;
    uint64_t since_unix_ns;
  };

  const base::Clock& clock_;
  Listener listener_;
  mutable std::mutex mutex_;
  Phase phase_ = Phase::starting;
  uint64_t phase_since_unix_ns_;
  std::map<HealthKey, State> states_;
};

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_HEALTH_H
