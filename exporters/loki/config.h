// SPDX-License-Identifier: Apache-2.0
// Settings of the `loki` exporter: the HTTP client's, which labels there are without being asked for, and the core's
// for delivery. What becomes a label, the format of lines and the tenant are said by attributes of the data.
#ifndef SLUICE_EXPORTERS_LOKI_CONFIG_H
#define SLUICE_EXPORTERS_LOKI_CONFIG_H

#include "plugins/formats/loki/labels.h"
#include "plugins/net/settings/http.h"
#include "plugins/sdk/settings.h"

namespace sluice::exporters {

struct DefaultLabelSettings : formats::loki::DefaultLabels {
  void settings(Settings& s) {
    s("exporter", exporter, "exporter=\"OTLP\".");
    s("job", job, "job: service.name, with service.namespace and a slash before it if there is one.");
    s("instance", instance, "instance: service.instance.id.");
    s("level", level, "level: the attribute level, else what severity_number means.");
  }
};

struct LokiConfig : net::HttpClientSettings {
  DefaultLabelSettings default_labels_enabled;
  bool keep_order = true;

  LokiConfig() { write_buffer_size = {512 << 10}; }
  void settings(Settings& s) {
    net::HttpClientSettings::settings(s);
    s("default_labels_enabled", default_labels_enabled,
      "Labels that every record gets if it has what they are made of.");
    s("keep_order", keep_order,
      "One request at a time, so that the lines of each stream arrive in order; not in upstream.");
    s.removed("tenant_id",
              "write headers: {X-Scope-OrgID: ...}, or name the tenant's attribute in the hint loki.tenant");
    s.removed("labels", "name the attributes in the hints loki.attribute.labels and loki.resource.labels");
    s.removed("format", "write the hint loki.format: json, logfmt or raw");
    s.delivery(true, true, std::chrono::seconds(30));
    s.check(!endpoint.empty(), "endpoint", "\"endpoint\" must be a valid URL");
    s.check(compression == net::Codec::none || compression == net::Codec::gzip || compression == net::Codec::snappy,
            "compression",
            "Loki's push API takes snappy, which is always used; besides only gzip can be put around it: leave "
            "compression out");
  }
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_LOKI_CONFIG_H
