// SPDX-License-Identifier: Apache-2.0
// What a component can look up at a FakeHost: metrics and memory of the core, services of extensions.
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/testing/fake_state.h"

namespace sluice::testing {
namespace {

const void* get_interface(const sluice_host* host, const char* id) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  const auto found = state.interfaces.find(id);
  return found == state.interfaces.end() ? nullptr : found->second;
}

const void* get_service(const sluice_host* host, sluice_str component_id, const char* id, void** self) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  const auto found = state.services.find({std::string(view(component_id)), id});
  if (found == state.services.end()) return nullptr;
  *self = found->second.second;
  return found->second.first;
}

// ---- sluice.memory/0
uint64_t memory_used(const sluice_host* host) {
  const FakeHost::State& state = state_of(host);
  return state.used + state.used_by_others;
}

uint64_t memory_limit(const sluice_host* host) {
  const uint64_t budget = state_of(host).options.budget_bytes;
  return budget == UINT64_MAX ? 0 : budget;
}

const sluice_memory kMemory{sizeof(sluice_memory), 0, &memory_used, &memory_limit};

// ---- sluice.metrics/1
uint32_t define(const sluice_host* host, const sluice_metric* metric) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  MetricRecord record;
  record.about.type = metric->type;
  record.about.level = metric->level;
  record.about.name = state.metric_texts.emplace_back(metric->name).c_str();
  record.about.unit = state.metric_texts.emplace_back(metric->unit).c_str();
  record.about.help = state.metric_texts.emplace_back(metric->help).c_str();
  for (size_t i = 0; i < state.metrics.size(); ++i)
    if (std::string_view(state.metrics[i].about.name) == record.about.name) return static_cast<uint32_t>(i + 1);
  state.metrics.push_back(record);
  return static_cast<uint32_t>(state.metrics.size());
}

void add(const sluice_host* host, uint32_t id, int64_t value) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  state.metrics.at(id - 1).sum += value;
}

void record(const sluice_host* host, uint32_t id, double value) {
  FakeHost::State& state = state_of(host);
  std::lock_guard lock(state.mutex);
  state.metrics.at(id - 1).records.push_back(value);
}

constexpr sluice_metrics kMetrics = {sizeof(sluice_metrics), 0, &define, &add, &record};

}  // namespace

void fill_interface_slots(FakeHost::State& state) {
  state.host.get_interface = &get_interface;
  state.host.get_service = &get_service;
  state.interfaces[SLUICE_METRICS_ID] = &kMetrics;
  state.interfaces[SLUICE_MEMORY_ID] = &kMemory;
}

std::optional<MetricRecord> FakeHost::metric(std::string_view name) const {
  for (const MetricRecord& metric : metrics())
    if (metric.about.name == name) return metric;
  return std::nullopt;
}

std::vector<MetricRecord> FakeHost::metrics() const {
  std::lock_guard lock(state_->mutex);
  return state_->metrics;
}

void FakeHost::offer_interface(std::string id, const void* interface) {
  std::lock_guard lock(state_->mutex);
  state_->interfaces[std::move(id)] = interface;
}

void FakeHost::offer_service(std::string component_id, std::string id, const void* interface, void* self) {
  std::lock_guard lock(state_->mutex);
  state_->services[{std::move(component_id), std::move(id)}] = {interface, self};
}

}  // namespace sluice::testing
