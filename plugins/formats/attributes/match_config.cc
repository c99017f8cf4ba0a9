// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/match_config.h"

#include <algorithm>

#include "plugins/formats/attributes/pattern.h"
#include "plugins/wire/schema.h"

namespace sluice::formats {
namespace {

std::string in_quotes(const std::string& text) {
  return "\"" + text + "\"";
}

}  // namespace

void MatchConfig::check_texts(Settings& s, const char* key, const std::vector<std::string>& texts) const {
  if (match_type != MatchType::regexp) return;
  for (const std::string& text : texts) {
    const std::string problem = Pattern::problem(text);
    s.check(problem.empty(), key, in_quotes(text) + ": " + problem);
  }
}

void MatchConfig::check_values(Settings& s, const char* key,
                               const std::vector<AttributeMatchConfig>& conditions) const {
  if (match_type != MatchType::regexp) return;
  for (const AttributeMatchConfig& condition : conditions) {
    if (condition.value.kind == SLUICE_NULL) continue;
    const bool text = condition.value.kind == SLUICE_STRING;
    s.check(text, key,
            "with match_type \"regexp\", the value of " + in_quotes(condition.key) +
                " has to be a pattern: put it in quotes");
    const std::string problem = text ? Pattern::problem(condition.value.string) : std::string();
    s.check(problem.empty(), key, in_quotes(condition.value.string) + ": " + problem);
  }
}

void MatchConfig::check_libraries(Settings& s) const {
  std::vector<std::string> texts;
  for (const LibraryMatchConfig& library : libraries) {
    texts.push_back(library.name);
    if (library.version.kind == SLUICE_STRING) texts.push_back(library.version.string);
  }
  check_texts(s, "libraries", texts);
}

void MatchConfig::check_kinds(Settings& s) const {
  if (match_type != MatchType::strict) return;
  for (const std::string& kind : span_kinds) {
    const bool known = std::any_of(std::begin(wire::tables::kSpanKinds) + 1, std::end(wire::tables::kSpanKinds),
                                   [&](const wire::EnumValue& value) { return value.name == kind; });
    s.check(known, "span_kinds",
            in_quotes(kind) +
                " is no kind of span; accepted: SPAN_KIND_INTERNAL, SPAN_KIND_SERVER, SPAN_KIND_CLIENT, "
                "SPAN_KIND_PRODUCER, SPAN_KIND_CONSUMER");
  }
}

const char* key_for_other_signals(const MatchConfig& config, sluice_signal signal) {
  if (signal != SLUICE_TRACES) {
    if (!config.span_names.empty()) return "span_names";
    if (!config.span_kinds.empty()) return "span_kinds";
  }
  if (signal != SLUICE_LOGS) {
    if (!config.log_bodies.empty()) return "log_bodies";
    if (!config.log_severity_texts.empty()) return "log_severity_texts";
    if (config.log_severity_number) return "log_severity_number";
  }
  if (signal != SLUICE_METRICS && !config.metric_names.empty()) return "metric_names";
  return nullptr;
}

}  // namespace sluice::formats
