// SPDX-License-Identifier: Apache-2.0
// From what OTLP says of a series, resource, scope, metric and attributes, to its name and labels. Runs once for each
// new series; what is done for every point is only the hash of its identity.
#ifndef SLUICE_EXPORTERS_PROMETHEUS_TRANSLATOR_H
#define SLUICE_EXPORTERS_PROMETHEUS_TRANSLATOR_H

#include <cstdint>
#include <string>
#include <string_view>

#include "exporters/prometheus/config.h"
#include "exporters/prometheus/hash.h"
#include "plugins/formats/prometheus/exposition.h"
#include "plugins/formats/prometheus/labels.h"
#include "plugins/wire/metric_views.h"

namespace sluice::exporters {

// What all points of one ResourceMetrics have in common. Its texts keep their memory from one to the next.
struct ResourceIdentity {
  bool has_job = false, has_instance = false;
  std::string job, instance;
  wire::Attributes attributes;  // none where they are not to be used
  wire::Attributes copied;      // from which Translator::copies() chooses labels
  Hash raw;
};

class Translator {
 public:
  Translator(const PrometheusConfig& config, const Hasher& hasher);

  // False while every name that is shown can be read by every scraper.
  bool plain_names() const { return plain_names_; }
  std::string metric_name(const wire::Metric& metric) const;  // empty: nothing is left of it
  static formats::prometheus::FamilyType family_type(const wire::Metric& metric);

  void read(const wire::Resource& resource, ResourceIdentity& identity) const;
  Hash raw(const ResourceIdentity& resource, const wire::ScopeMetrics& scope) const;
  Hash raw(const Hash& scope, const wire::Metric& metric) const;
  // Inline, once for each point: in the order of the bytes, whatever stands between.
  Hash raw(const Hash& metric, const wire::Attributes& attributes) const {
    Hash sum = metric;
    for (auto it = attributes.begin(); it != attributes.end(); ++it) sum += hasher_(it.field());
    return sum;
  }
  // The same for any bytes that mean the same.
  uint64_t identity(const ResourceIdentity& resource, const wire::ScopeMetrics& scope, const wire::Metric& metric,
                    const wire::Attributes& attributes) const;
  uint64_t target_identity(const ResourceIdentity& resource) const;

  // Rendered labels. False: why there are none is in `why`.
  bool labels(const ResourceIdentity& resource, const wire::ScopeMetrics& scope, const wire::Metric& metric,
              const wire::Attributes& attributes, std::string& rendered, std::string& why) const;

  // target_info: a series for each job and instance, with the rest of the resource as its labels.
  const std::string& target_name() const { return target_name_; }
  std::string target_labels(const ResourceIdentity& resource) const;

 private:
  bool copies(std::string_view key) const;
  Hash meaning(const wire::Attributes& attributes, bool only_copied) const;

  const PrometheusConfig& config_;
  const Hasher& hasher_;
  const formats::prometheus::Translation translation_;
  std::string target_name_;
  bool plain_names_;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_PROMETHEUS_TRANSLATOR_H
