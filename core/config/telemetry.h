// SPDX-License-Identifier: Apache-2.0
// service::telemetry: what the collector says about itself, declared as every setting is.
#ifndef SLUICE_CORE_CONFIG_TELEMETRY_H
#define SLUICE_CORE_CONFIG_TELEMETRY_H

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/settings.h"

namespace sluice::config {

using namespace sluice::literals;

enum class LogLevel { debug, info, warn, error, dpanic, panic, fatal };
enum class LogEncoding { console, json };
enum class MetricsLevel { none, basic, normal, detailed };

struct LogSampling {
  Duration tick = 10s;
  uint64_t initial = 10;
  uint64_t thereafter = 100;

  void settings(Settings& s) {
    s("tick", tick, "Count equal lines within this time.").above(0s);
    s("initial", initial, "Print so many equal lines of a tick.").unit("lines");
    s("thereafter", thereafter, "Then print one in so many; 0: none.").unit("lines");
  }
};

struct LogTelemetry {
  LogLevel level = LogLevel::info;
  LogEncoding encoding = LogEncoding::console;
  bool development = false;
  bool disable_caller = false;
  bool disable_stacktrace = false;
  bool disable_zap_resource = false;
  Section<LogSampling> sampling{kOn};
  std::vector<std::string> output_paths = {"stderr"};
  std::vector<std::string> error_output_paths = {"stderr"};
  Map<Value> initial_fields;

  void settings(Settings& s) {
    s("level", level, "Print lines from this level on.",
      {{"debug", LogLevel::debug},
       {"info", LogLevel::info},
       {"warn", LogLevel::warn},
       {"error", LogLevel::error},
       {"dpanic", LogLevel::dpanic},
       {"panic", LogLevel::panic},
       {"fatal", LogLevel::fatal}})
        .any_case();
    s("encoding", encoding, "Form of a line.", {{"console", LogEncoding::console}, {"json", LogEncoding::json}});
    s("development", development, "Stack traces from warnings on; Sluice prints none.");
    s("disable_caller", disable_caller, "Leave out file and line of the code.");
    s("disable_stacktrace", disable_stacktrace, "Leave out stack traces; Sluice prints none.");
    s("disable_zap_resource", disable_zap_resource, "Leave out the field `resource`.");
    s("sampling", sampling, "Thin out lines that repeat.");
    s("output_paths", output_paths, "Where lines go: stderr, stdout, files.").min_items(1);
    s("error_output_paths", error_output_paths, "Where errors of writing lines go.");
    s("initial_fields", initial_fields, "Fields of every line.");
    s.unsupported("processors", "exporting own logs is not supported yet; leave it out to print them");
  }
};

struct ResourceLabels {
  std::vector<std::string> included, excluded;

  void settings(Settings& s) {
    s("included", included, "Resource attributes that become labels of every metric; `*` matches any text.");
    s("excluded", excluded, "Of those, the ones that do not.");
  }
};

struct PrometheusReader {
  std::string host = "localhost";
  uint32_t port = 8888;
  bool without_scope_info = true;
  bool without_units = true;
  bool without_type_suffix = true;
  ResourceLabels with_resource_constant_labels;

  void settings(Settings& s) {
    s("host", host, "Address to listen on.");
    s("port", port, "Port to listen on.").max(65535);
    s("without_scope_info", without_scope_info, "Leave out otel_scope_info.");
    s("without_units", without_units, "Names without the unit (`_seconds`).");
    s("without_type_suffix", without_type_suffix, "Names without `_total`.");
    s("with_resource_constant_labels", with_resource_constant_labels, "Resource attributes on every metric.");
  }
};

struct PullExporter {
  std::optional<PrometheusReader> prometheus;

  void settings(Settings& s) {
    s("prometheus", prometheus, "Serve the metrics in Prometheus' text form.");
    s.rules().need({"prometheus"}, "a pull reader needs `exporter: {prometheus: ...}`");
  }
};

struct PullReader {
  PullExporter exporter;

  void settings(Settings& s) { s("exporter", exporter, "How the metrics are served."); }
};

struct MetricReader {
  std::optional<PullReader> pull;

  void settings(Settings& s) {
    s("pull", pull, "The metrics are asked for.");
    s.unsupported("periodic", "pushing own metrics is not supported yet; use a pull reader");
    s.rules().need({"pull"}, "a reader needs `pull: ...`");
  }
};

struct MetricTelemetry {
  MetricsLevel level = MetricsLevel::normal;
  std::vector<MetricReader> readers;

  void settings(Settings& s) {
    s("level", level, "How many metrics there are.",
      {{"none", MetricsLevel::none},
       {"basic", MetricsLevel::basic},
       {"normal", MetricsLevel::normal},
       {"detailed", MetricsLevel::detailed}})
        .any_case();
    s("readers", readers, "Who gets the metrics; absent: Prometheus asks at localhost:8888.");
    s.unsupported("views", "views are not supported yet; leave them out");
    s.removed("address", "write readers instead: [{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]");
  }
};

struct TraceTelemetry {
  MetricsLevel level = MetricsLevel::normal;

  void settings(Settings& s) {
    s("level", level, "Nothing is traced as long as there are no processors.",
      {{"none", MetricsLevel::none},
       {"basic", MetricsLevel::basic},
       {"normal", MetricsLevel::normal},
       {"detailed", MetricsLevel::detailed}})
        .any_case();
    s.unsupported("processors", "exporting own traces is not supported yet; leave it out");
    s.unsupported("propagators", "own traces are not supported yet; leave it out");
    s.unsupported("sampler", "own traces are not supported yet; leave it out");
  }
};

struct Telemetry {
  // Attributes of the collector's own resource as written: {name: value}, or {attributes: [{name, value}]}. A null
  // value removes an automatic attribute. resource_attributes() gives both forms as one.
  Map<Value> resource;
  LogTelemetry logs;
  MetricTelemetry metrics;
  TraceTelemetry traces;

  void settings(Settings& s) {
    s("resource", resource, "Attributes of the collector itself; null removes an automatic one.");
    s("logs", logs, "The collector's own log.");
    s("metrics", metrics, "The collector's own metrics.");
    s("traces", traces, "The collector's own traces.");
    for (const auto& [name, value] : resource) check_resource(s, name, value);
  }

 private:
  // What of the second form of `resource` would else be taken for an attribute, or for nothing.
  static void check_resource(Settings& s, const std::string& name, const Value& value) {
    s.check(!name.starts_with("detect"), "resource",
            "\"" + name + "\" is not supported yet: attributes are not detected; write them under \"attributes\"");
    s.check(name != "attributes_list", "resource",
            "\"attributes_list\" is not supported yet; write \"attributes\": [{name: ..., value: ...}]");
    if (name != "attributes") return;
    for (const Value& attribute : value.children) {
      const auto is_name = [](const Value& part) { return part.key == "name" && part.kind == SLUICE_STRING; };
      s.check(std::any_of(attribute.children.begin(), attribute.children.end(), is_name), "resource",
              "each of the attributes needs a name: write [{name: ..., value: ...}]");
    }
  }
};

struct ResourceAttribute {
  std::string name;
  std::string value;
  bool removed = false;
};
std::vector<ResourceAttribute> resource_attributes(const Telemetry& telemetry);

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_TELEMETRY_H
