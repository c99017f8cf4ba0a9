// SPDX-License-Identifier: Apache-2.0
// The process as metrics, with upstream's names. Its total_alloc_bytes is left out: the allocator does not count it.
#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>

#include "core/telemetry/own_metrics.h"

namespace sluice::telemetry {

namespace {

constexpr double kSecond = 1e9;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / kSecond;
}

uint64_t resident_bytes() {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/statm", "re"), &std::fclose);
  unsigned long long pages = 0;
  if (!file || std::fscanf(file.get(), "%*u %llu", &pages) != 1) return 0;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

void process_metrics(uint64_t uptime_ns, MetricSink& sink) {
  auto add = [&](const char* name, const char* unit, const char* help, MetricType type, MetricValue value) {
    sink.add({name, unit, help, type, MetricsLevel::basic, {}}, {}, std::move(value));
  };
  using enum MetricType;
  add("otelcol_process_uptime", "s", "Time since the start of the process.", counter,
      static_cast<double>(uptime_ns) / kSecond);
  add("otelcol_process_cpu_seconds", "s", "CPU time of user and system.", counter, cpu_seconds());
  add("otelcol_process_memory_rss", "By", "Resident memory.", gauge, resident_bytes());
  struct mallinfo2 heap = mallinfo2();
  add("otelcol_process_runtime_heap_alloc_bytes", "By", "Bytes allocated and not freed.", gauge,
      static_cast<uint64_t>(heap.uordblks + heap.hblkhd));
  add("otelcol_process_runtime_total_sys_memory_bytes", "By", "Bytes that the allocator has from the system.", gauge,
      static_cast<uint64_t>(heap.arena + heap.hblkhd));
}

void budget_metrics(const flow::Budget& budget, MetricSink& sink) {
  auto add = [&](const char* what, const char* help, uint64_t bytes) {
    sink.add({std::string("sluice_memory_budget_") + what, "By", help, MetricType::gauge, MetricsLevel::basic, {}}, {},
             bytes);
  };
  const bool limited = budget.limit_bytes() != UINT64_MAX;
  add("limit_bytes", "Limit of the memory budget; 0: none.", limited ? budget.limit_bytes() : 0);
  add("entry_limit_bytes", "Above this nothing new is taken; 0: no limit.", limited ? budget.entry_limit_bytes() : 0);
  add("used_bytes", "Bytes of telemetry held.", budget.used_bytes());
  add("reserved_bytes", "Head-room set aside for requests on their way out.", budget.reserved_bytes());
}

void build_metrics(std::string_view version, MetricSink& sink) {
  sink.add({"sluice_build_info", "", "What is running; always 1.", MetricType::gauge, MetricsLevel::basic, {}},
           {{"version", std::string(version)}, {"compiler", __VERSION__}}, uint64_t{1});
}

}  // namespace sluice::telemetry
