// SPDX-License-Identifier: Apache-2.0
// Settings of the `otlp_grpc` exporter: the gRPC client's, with this exporter's defaults, and the core's for delivery.
#ifndef SLUICE_EXPORTERS_OTLP_GRPC_CONFIG_H
#define SLUICE_EXPORTERS_OTLP_GRPC_CONFIG_H

#include "plugins/net/settings/grpc.h"
#include "plugins/sdk/settings.h"

namespace sluice::exporters {

struct OtlpGrpcConfig : net::GrpcClientSettings {
  OtlpGrpcConfig() {
    compression = net::GrpcCompression::gzip;
    write_buffer_size = {512 << 10};
  }
  void settings(Settings& s) {
    net::GrpcClientSettings::settings(s);
    s.delivery(true, true, std::chrono::seconds(5));
    s.check(!endpoint.empty(), "endpoint", "requires a non-empty \"endpoint\"");
  }
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_OTLP_GRPC_CONFIG_H
