// SPDX-License-Identifier: Apache-2.0
// The `otlp_http` exporter: one POST for each batch, its segments joined, maybe as JSON, and compressed.
#ifndef SLUICE_EXPORTERS_OTLP_HTTP_COMPONENT_H
#define SLUICE_EXPORTERS_OTLP_HTTP_COMPONENT_H

#include <array>
#include <cstdint>
#include <string>

#include "exporters/otlp_http/config.h"
#include "plugins/net/http_client.h"
#include "plugins/net/http_client_metrics.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/log.h"

namespace sluice::exporters {

class OtlpHttp final : public Exporter {
 public:
  using Config = OtlpHttpConfig;
  OtlpHttp(Host host, Config config);

  sluice_status init() override;
  sluice_status start() override;
  void stop(uint64_t deadline_mono_ns) override;
  sluice_status consume(const Call& call) override;

 private:
  bool encode(const sluice_batch& batch, net::ByteBuffer& body) const;
  void warn_of_partial(sluice_signal signal, const Result& result);

  const OtlpEncoding encoding_;
  const net::Codec codec_;
  const int32_t level_;
  const std::array<std::string, 3> urls_;  // in the order of the signals; empty: nowhere
  net::HttpClientMetrics metrics_;
  LogLimit partial_limit_;
  net::HttpClient client_;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_OTLP_HTTP_COMPONENT_H
