// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/health.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "core/telemetry/balance.h"
#include "core/telemetry/json.h"

namespace sluice::telemetry {

namespace {

// RFC 3339, with as many decimals as there are.
std::string utc(uint64_t unix_ns) {
  time_t seconds = static_cast<time_t>(unix_ns / 1'000'000'000);
  tm time{};
  gmtime_r(&seconds, &time);
  std::array<char, 32> text;
  std::string out(text.data(), strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &time));
  if (const uint64_t rest = unix_ns % 1'000'000'000; rest != 0) {
    out += '.' + std::to_string(1'000'000'000 + rest).substr(1);
    out.resize(out.find_last_not_of('0') + 1);
  }
  return out + 'Z';
}

void append_member(std::string& out, std::string_view key, std::string_view value) {
  append_json(out, key);
  out += ':';
  append_json(out, value);
}

}  // namespace

std::string_view health_name(HealthState state) {
  switch (state) {
    case HealthState::ok:
      return "ok";
    case HealthState::degraded:
      return "degraded";
    case HealthState::broken:
      return "broken";
    case HealthState::fatal:
      break;
  }
  return "fatal";
}

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::starting:
      return "starting";
    case Phase::running:
      return "running";
    case Phase::stopping:
      return "stopping";
    case Phase::stopped:
      break;
  }
  return "stopped";
}

void Health::set(const HealthKey& key, HealthState state, std::string_view text) {
  HealthEntry entry{key, state, std::string(text), clock_.unix_ns()};
  {
    std::lock_guard lock(mutex_);
    auto [known, is_new] = states_.try_emplace(key, State{state, entry.text, entry.since_unix_ns});
    if (!is_new) {
      known->second.text = entry.text;
      if (known->second.state == state) return;
      known->second.state = state;
      known->second.since_unix_ns = entry.since_unix_ns;
    } else if (state == HealthState::ok) {
      return;
    }
  }
  if (listener_) listener_(entry);
}

void Health::forget(const HealthKey& key) {
  std::lock_guard lock(mutex_);
  states_.erase(key);
}

void Health::set_phase(Phase phase) {
  std::lock_guard lock(mutex_);
  if (phase_ == phase) return;
  phase_ = phase;
  phase_since_unix_ns_ = clock_.unix_ns();
}

Phase Health::phase() const {
  std::lock_guard lock(mutex_);
  return phase_;
}

uint64_t Health::phase_since_unix_ns() const {
  std::lock_guard lock(mutex_);
  return phase_since_unix_ns_;
}

HealthState Health::worst() const {
  std::lock_guard lock(mutex_);
  HealthState worst = HealthState::ok;
  for (const auto& [key, state] : states_) worst = std::max(worst, state.state);
  return worst;
}

bool Health::ready() const {
  return phase() == Phase::running && worst() != HealthState::fatal;
}

std::vector<HealthEntry> Health::entries() const {
  std::lock_guard lock(mutex_);
  std::vector<HealthEntry> entries;
  for (const auto& [key, state] : states_) entries.push_back({key, state.state, state.text, state.since_unix_ns});
  return entries;
}

std::string Health::json() const {
  std::string out = "{";
  append_member(out, "phase", phase_name(phase()));
  out += ',';
  append_member(out, "since", utc(phase_since_unix_ns()));
  out += ready() ? ",\"ready\":true," : ",\"ready\":false,";
  append_member(out, "status", health_name(worst()));
  out += ",\"components\":[";
  for (const HealthEntry& entry : entries()) {
    out += out.back() == '[' ? "{" : ",{";
    append_member(out, "kind", kind_name(entry.key.kind));
    out += ',';
    append_member(out, "id", entry.key.id);
    if (!entry.key.pipeline.empty()) {
      out += ',';
      append_member(out, "pipeline", entry.key.pipeline);
    }
    out += ',';
    append_member(out, "status", health_name(entry.state));
    out += ',';
    append_member(out, "text", entry.text);
    out += ',';
    append_member(out, "since", utc(entry.since_unix_ns));
    out += '}';
  }
  return out + "]}";
}

}  // namespace sluice::telemetry
