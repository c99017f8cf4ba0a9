// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/translator.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "plugins/formats/value_text/value_text.h"

namespace sluice::exporters {
namespace {

using formats::prometheus::FamilyType;
using formats::prometheus::is_plain_name;
using formats::prometheus::label_name;
using formats::prometheus::LabelSet;
using formats::prometheus::Suffix;
using Type = wire::Metric::Type;

constexpr std::string_view kServiceName = "service.name", kServiceNamespace = "service.namespace",
                           kServiceInstance = "service.instance.id";

bool identifies_service(std::string_view key) {
  return key == kServiceName || key == kServiceNamespace || key == kServiceInstance;
}

// `*` stands for any text, `?` for one character.
bool matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p, ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}
bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [text](const std::string& pattern) { return matches(pattern, text); });
}

// Attributes by key, so that which of two comes first does not depend on the sender.
using Pairs = std::vector<std::pair<std::string_view, wire::AnyValue>>;

void sort(Pairs& pairs) {
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

void put(Pairs& pairs, std::string_view key, const wire::AnyValue& value) {
  for (auto& pair : pairs)
    if (pair.first == key) return void(pair.second = value);
  pairs.emplace_back(key, value);
}

std::string text_of(const wire::AnyValue& value) {
  std::string text;
  formats::append_value(text, value);
  return text;
}

}  // namespace

Translator::Translator(const PrometheusConfig& config, const Hasher& hasher)
    : config_(config), hasher_(hasher), translation_(config.translation()), target_name_("target_info") {
  if (std::string prefix = label_name(translation_, config.name_space); !prefix.empty())
    target_name_.insert(0, prefix + '_');
  plain_names_ = translation_.escape && std::all_of(config.const_labels.begin(), config.const_labels.end(),
                                                    [](const auto& label) { return is_plain_name(label.first); });
}

std::string Translator::metric_name(const wire::Metric& metric) const {
  const Suffix suffix = metric.type == Type::gauge                        ? Suffix::ratio
                        : metric.type == Type::sum && metric.is_monotonic ? Suffix::total
                                                                          : Suffix::none;
  return formats::prometheus::metric_name(translation_, config_.name_space, metric.name, metric.unit, suffix);
}

FamilyType Translator::family_type(const wire::Metric& metric) {
  switch (metric.type) {
    case Type::sum:
      return metric.is_monotonic ? FamilyType::counter : FamilyType::gauge;
    case Type::histogram:
    case Type::exponential_histogram:
      return FamilyType::histogram;
    case Type::summary:
      return FamilyType::summary;
    case Type::gauge:
    case Type::none:
      break;
  }
  const auto original = find(metric.metadata, "prometheus.type");
  return original && original->text() == "unknown" ? FamilyType::untyped : FamilyType::gauge;
}

bool Translator::copies(std::string_view key) const {
  if (config_.resource_to_telemetry_conversion.enabled)
    return !config_.resource_to_telemetry_conversion.exclude_service_attributes || !identifies_service(key);
  const ResourceConstantLabels& chosen = config_.resource_constant_labels;
  return !chosen.empty() && (chosen.included.empty() || matches_any(chosen.included, key)) &&
         !matches_any(chosen.excluded, key);
}

void Translator::read(const wire::Resource& resource, ResourceIdentity& identity) const {
  const bool copying = config_.resource_to_telemetry_conversion.enabled || !config_.resource_constant_labels.empty();
  const bool cleared =
      config_.resource_to_telemetry_conversion.enabled && config_.resource_to_telemetry_conversion.clear_after_copy;
  identity.has_job = identity.has_instance = false;
  identity.job.clear();
  identity.instance.clear();
  identity.attributes = cleared ? wire::Attributes() : resource.attributes;
  identity.copied = copying ? resource.attributes : wire::Attributes();
  wire::AnyValue name, name_space;
  bool has_namespace = false;
  for (const wire::KeyValue& attribute : identity.attributes) {
    if (attribute.key == kServiceName && !std::exchange(identity.has_job, true)) {
      name = attribute.value;
    } else if (attribute.key == kServiceNamespace && !std::exchange(has_namespace, true)) {
      name_space = attribute.value;
    } else if (attribute.key == kServiceInstance && !std::exchange(identity.has_instance, true)) {
      formats::append_value(identity.instance, attribute.value);
    }
  }
  if (identity.has_job && has_namespace) {
    formats::append_value(identity.job, name_space);
    identity.job += '/';
  }
  formats::append_value(identity.job, name);

  identity.raw = hasher_.combine(hasher_(identity.job), hasher_(identity.instance));
  identity.raw = hasher_.combine(identity.raw, (identity.has_job ? 1U : 0U) + (identity.has_instance ? 2U : 0U));
  for (auto it = identity.copied.begin(); it != identity.copied.end(); ++it)
    if (copies((*it).key)) identity.raw += hasher_(it.field());
}

Hash Translator::raw(const ResourceIdentity& resource, const wire::ScopeMetrics& scope) const {
  Hash hash = hasher_.combine(resource.raw, hasher_(scope.scope.name));
  hash = hasher_.combine(hash, hasher_(scope.scope.version));
  hash = hasher_.combine(hash, hasher_(scope.schema_url));
  return raw(hash, scope.scope.attributes);
}

Hash Translator::raw(const Hash& scope, const wire::Metric& metric) const {
  Hash hash = hasher_.combine(scope, hasher_(metric.name));
  hash = hasher_.combine(hash, hasher_(metric.unit));
  return hasher_.combine(hash, static_cast<uint64_t>(metric.type) << 8 | static_cast<uint64_t>(family_type(metric)));
}

Hash Translator::meaning(const wire::Attributes& attributes, bool only_copied) const {
  Hash sum;
  for (const wire::KeyValue& attribute : attributes) {
    if (only_copied && !copies(attribute.key)) continue;
    const Hash value = hasher_.combine(hasher_(text_of(attribute.value)), static_cast<uint64_t>(attribute.value.type));
    sum += hasher_.combine(hasher_(attribute.key), value);
  }
  return sum;
}

uint64_t Translator::identity(const ResourceIdentity& resource, const wire::ScopeMetrics& scope,
                              const wire::Metric& metric, const wire::Attributes& attributes) const {
  Hash hash = hasher_.combine(hasher_(resource.job), hasher_(resource.instance));
  hash = hasher_.combine(hash, meaning(resource.copied, true));
  hash = hasher_.combine(hash, hasher_(scope.scope.name));
  hash = hasher_.combine(hash, hasher_(scope.scope.version));
  hash = hasher_.combine(hash, hasher_(scope.schema_url));
  hash = hasher_.combine(hash, meaning(scope.scope.attributes, false));
  hash = hasher_.combine(hash, hasher_(metric.name));
  hash = hasher_.combine(hash, static_cast<uint64_t>(metric.type));
  return hasher_.combine(hash, meaning(attributes, false)).low;
}

uint64_t Translator::target_identity(const ResourceIdentity& resource) const {
  return hasher_.combine(hasher_(resource.job), hasher_(resource.instance)).low;
}

bool Translator::labels(const ResourceIdentity& resource, const wire::ScopeMetrics& scope, const wire::Metric& metric,
                        const wire::Attributes& attributes, std::string& rendered, std::string& why) const {
  LabelSet labels;
  const auto join_all = [&](Pairs& pairs, std::string_view prefix) {
    sort(pairs);
    for (const auto& [key, value] : pairs) {
      const std::string name = label_name(translation_, std::string(prefix).append(key));
      if (name.empty() || name.starts_with("__")) {
        why = "attribute \"" + std::string(key) + "\" cannot be a label: " +
              (name.empty() ? "nothing is left of its name" : "names that begin with __ are Prometheus' own");
        return false;
      }
      labels.join(name, text_of(value));
    }
    return true;
  };
  Pairs pairs;
  for (const wire::KeyValue& attribute : attributes) put(pairs, attribute.key, attribute.value);
  for (const wire::KeyValue& attribute : resource.copied)
    if (copies(attribute.key)) put(pairs, attribute.key, attribute.value);
  if (!join_all(pairs, "")) return false;
  if (!config_.without_scope_info) {
    pairs.clear();
    for (const wire::KeyValue& attribute : scope.scope.attributes) put(pairs, attribute.key, attribute.value);
    if (!join_all(pairs, "otel_scope_")) return false;
    labels.set("otel_scope_name", scope.scope.name);
    labels.set("otel_scope_version", scope.scope.version);
    labels.set("otel_scope_schema_url", scope.schema_url);
  }
  if (resource.has_job) labels.set("job", resource.job);
  if (resource.has_instance) labels.set("instance", resource.instance);
  for (const auto& [name, value] : config_.const_labels) labels.add(name, value);

  const FamilyType type = family_type(metric);
  const std::string_view own = type == FamilyType::histogram ? "le" : type == FamilyType::summary ? "quantile" : "";
  if (!own.empty() && labels.has(own)) {
    why = "it has a label \"" + std::string(own) + "\", which is Prometheus' own in metrics of its type";
    return false;
  }
  rendered = labels.render();
  return true;
}

std::string Translator::target_labels(const ResourceIdentity& resource) const {
  LabelSet labels;
  Pairs pairs;
  for (const wire::KeyValue& attribute : resource.attributes)
    if (!identifies_service(attribute.key)) put(pairs, attribute.key, attribute.value);
  sort(pairs);
  for (const auto& [key, value] : pairs) {
    const std::string name = label_name(translation_, key);
    if (!name.empty() && !name.starts_with("__")) labels.join(name, text_of(value));
  }
  labels.set("job", resource.job);
  labels.set("instance", resource.instance);
  return labels.render();
}

}  // namespace sluice::exporters
