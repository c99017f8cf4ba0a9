// SPDX-License-Identifier: Apache-2.0
// The `loki` exporter: each batch becomes one POST to Loki's push API, or one for each tenant in it.
#ifndef SLUICE_EXPORTERS_LOKI_COMPONENT_H
#define SLUICE_EXPORTERS_LOKI_COMPONENT_H

#include <string>

#include "exporters/loki/config.h"
#include "plugins/formats/loki/push.h"
#include "plugins/net/http_client.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/log.h"

namespace sluice::exporters {

class Loki final : public Exporter {
 public:
  using Config = LokiConfig;
  Loki(Host host, Config config);

  sluice_status init() override;
  sluice_status start() override;
  void stop(uint64_t deadline_mono_ns) override;
  sluice_status consume(const Call& call) override;

 private:
  struct Batch;  // on its way, maybe in several requests
  bool encode(formats::loki::Push& push, net::HttpPost& post) const;
  void finish(const Result& result, uint64_t without_labels);

  const formats::loki::DefaultLabels default_labels_;
  const bool keep_order_;
  const net::Codec codec_;
  const int32_t level_;
  const std::string url_;
  Metric missing_labels_;
  LogLimit rejected_limit_;
  net::HttpClient client_;
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_LOKI_COMPONENT_H
