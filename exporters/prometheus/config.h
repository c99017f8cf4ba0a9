// SPDX-License-Identifier: Apache-2.0
// Settings of the prometheus exporter: those of an HTTP server, and how metrics become series.
#ifndef SLUICE_EXPORTERS_PROMETHEUS_CONFIG_H
#define SLUICE_EXPORTERS_PROMETHEUS_CONFIG_H

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/formats/prometheus/names.h"
#include "plugins/net/settings/http.h"
#include "plugins/sdk/settings.h"

namespace sluice::exporters {

// Which attributes of the resource become labels of every series.
struct ResourceToTelemetry {
  bool enabled = false;
  bool exclude_service_attributes = false;
  bool clear_after_copy = false;

  void settings(Settings& s) {
    s("enabled", enabled, "Make every resource attribute a label of every series.");
    s("exclude_service_attributes", exclude_service_attributes,
      "But for service.name, service.namespace and service.instance.id, which are in job and instance.");
    s("clear_after_copy", clear_after_copy, "Use the resource for nothing else: no job, no instance, no target_info.");
  }
};

struct ResourceConstantLabels {
  std::vector<std::string> included, excluded;

  bool empty() const { return included.empty() && excluded.empty(); }
  void settings(Settings& s) {
    s("included", included, "Resource attributes that become labels; * is any text, ? one character.").example("k8s.*");
    s("excluded", excluded, "Of those, the ones that do not; without included, of all.");
  }
};

enum class TranslationStrategy : uint8_t {
  unset,
  underscore_escaping_with_suffixes,
  underscore_escaping_without_suffixes,
  no_utf8_escaping_with_suffixes,
  no_translation,
};

struct PrometheusConfig : net::HttpServerSettings {
  std::string name_space;
  Map<std::string> const_labels;
  bool send_timestamps = false;
  Duration metric_expiration = std::chrono::minutes(5);
  ResourceToTelemetry resource_to_telemetry_conversion;
  ResourceConstantLabels resource_constant_labels;
  bool enable_open_metrics = false;
  bool without_scope_info = false;
  bool add_metric_suffixes = true;
  TranslationStrategy translation_strategy = TranslationStrategy::unset;

  formats::prometheus::Translation translation() const {
    switch (translation_strategy) {
      case TranslationStrategy::unset:
        return {.escape = true, .suffixes = add_metric_suffixes};
      case TranslationStrategy::underscore_escaping_with_suffixes:
        break;
      case TranslationStrategy::underscore_escaping_without_suffixes:
        return {.escape = true, .suffixes = false};
      case TranslationStrategy::no_utf8_escaping_with_suffixes:
        return {.escape = false, .suffixes = true};
      case TranslationStrategy::no_translation:
        return {.escape = false, .suffixes = false};
    }
    return {.escape = true, .suffixes = true};
  }

  void settings(Settings& s) {
    net::HttpServerSettings::settings(s);
    s("namespace", name_space, "Put in front of every metric's name, with an underscore.");
    s("const_labels", const_labels, "Labels of every series; one that a series has already keeps its value.");
    s("send_timestamps", send_timestamps, "Show the time of each point, instead of letting the scraper take its own.");
    s("metric_expiration", metric_expiration, "Forget a series that got no point for this long.").above({});
    s("resource_to_telemetry_conversion", resource_to_telemetry_conversion, "Resource attributes as labels.");
    s("resource_constant_labels", resource_constant_labels, "The same, for chosen ones.");
    s("enable_open_metrics", enable_open_metrics, "Give OpenMetrics, with exemplars, to scrapers that ask for it.");
    s("without_scope_info", without_scope_info, "No otel_scope_name and other labels of the instrumentation scope.");
    s("add_metric_suffixes", add_metric_suffixes,
      "Append units and types to names: _seconds, _total. translation_strategy, where written, decides instead.");
    s("translation_strategy", translation_strategy,
      "How OTLP's names become Prometheus': underscores for characters that Prometheus 2 does not know, or not; "
      "suffixes for unit and type, or not.",
      {{"", TranslationStrategy::unset},
       {"UnderscoreEscapingWithSuffixes", TranslationStrategy::underscore_escaping_with_suffixes},
       {"UnderscoreEscapingWithoutSuffixes", TranslationStrategy::underscore_escaping_without_suffixes},
       {"NoUTF8EscapingWithSuffixes", TranslationStrategy::no_utf8_escaping_with_suffixes},
       {"NoTranslation", TranslationStrategy::no_translation}});
    s.rules().need({"endpoint"}, "expecting a non-blank address to run the Prometheus metrics handler");
    for (const auto& [name, value] : const_labels) {
      s.check(!name.empty() && !name.starts_with("__"), "const_labels",
              "\"" + name + "\" cannot be a label: a name has at least one character and does not begin with __");
    }
    s.check(!resource_to_telemetry_conversion.enabled || resource_constant_labels.empty(), "resource_constant_labels",
            "resource_to_telemetry_conversion makes labels of all resource attributes already: remove one of both");
    s.delivery(/*queue=*/false, /*retry=*/false, /*timeout=*/Duration(0));
  }
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_PROMETHEUS_CONFIG_H
