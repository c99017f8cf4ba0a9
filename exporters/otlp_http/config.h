// SPDX-License-Identifier: Apache-2.0
// Settings of the `otlp_http` exporter: the HTTP client's, with this exporter's defaults, one address for all signals
// or one for each, and the core's for delivery.
#ifndef SLUICE_EXPORTERS_OTLP_HTTP_CONFIG_H
#define SLUICE_EXPORTERS_OTLP_HTTP_CONFIG_H

#include <string>

#include "plugins/net/settings/http.h"
#include "plugins/sdk/settings.h"

namespace sluice::exporters {

enum class OtlpEncoding : uint8_t { proto, json };

struct OtlpHttpConfig : net::HttpClientSettings {
  std::string traces_endpoint, metrics_endpoint, logs_endpoint;
  OtlpEncoding encoding = OtlpEncoding::proto;

  OtlpHttpConfig() {
    compression = net::Codec::gzip;
    write_buffer_size = {512 << 10};
  }
  void settings(Settings& s) {
    net::HttpClientSettings::settings(s);
    s("traces_endpoint", traces_endpoint, "Where to send traces to, as it stands; empty: endpoint and /v1/traces.")
        .format("url");
    s("metrics_endpoint", metrics_endpoint, "Where to send metrics to; empty: endpoint and /v1/metrics.").format("url");
    s("logs_endpoint", logs_endpoint, "Where to send logs to; empty: endpoint and /v1/logs.").format("url");
    s.unsupported("profiles_endpoint", "profiles are not supported yet");
    s("encoding", encoding, "How requests are written.",
      {{"proto", OtlpEncoding::proto}, {"json", OtlpEncoding::json}});
    s.delivery(true, true, std::chrono::seconds(30));
    s.check(!(endpoint + traces_endpoint + metrics_endpoint + logs_endpoint).empty(), "endpoint",
            "at least one endpoint must be specified");
  }
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_OTLP_HTTP_CONFIG_H
