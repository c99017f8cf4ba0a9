// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/health_report/health_report.h"

#include <simdjson.h>
#include <time.h>

namespace sluice::formats {
namespace {

// "2026-01-31T12:00:00.25Z"; what is no such time is 0.
uint64_t unix_ns(const std::string& text) {
  tm time{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr) return 0;
  uint64_t nanos = 0;
  if (*rest == '.') {
    uint64_t unit = 100'000'000;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) nanos += static_cast<uint64_t>(*rest - '0') * unit;
  }
  const time_t seconds = timegm(&time);
  return std::string_view(rest) == "Z" && seconds >= 0 ? static_cast<uint64_t>(seconds) * 1'000'000'000 + nanos : 0;
}

// A member that is a text; empty if it is not there.
std::string text_of(const simdjson::dom::element& object, const char* key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

}  // namespace

std::optional<HealthReport> read_health_report(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array components;
  HealthReport report;
  if (parser.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS ||
      root["ready"].get(report.ready) != simdjson::SUCCESS || root["components"].get(components) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  report.phase = text_of(root, "phase");
  report.since_unix_ns = unix_ns(text_of(root, "since"));
  report.status = text_of(root, "status");
  for (const simdjson::dom::element& one : components) {
    report.components.push_back({text_of(one, "kind"), text_of(one, "id"), text_of(one, "pipeline"),
                                 text_of(one, "status"), text_of(one, "text"), unix_ns(text_of(one, "since"))});
  }
  return report;
}

}  // namespace sluice::formats
