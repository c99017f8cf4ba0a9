// SPDX-License-Identifier: Apache-2.0
// Settings of the `otlp` receiver: the servers' own, with this receiver's defaults, and the paths of OTLP/HTTP.
#ifndef SLUICE_RECEIVERS_OTLP_CONFIG_H
#define SLUICE_RECEIVERS_OTLP_CONFIG_H

#include <string>

#include "plugins/net/settings/grpc.h"
#include "plugins/net/settings/http.h"
#include "plugins/sdk/settings.h"

namespace sluice::otlp {

struct GrpcConfig : net::GrpcServerSettings {
  GrpcConfig() {
    endpoint = "localhost:4317";
    read_buffer_size = {512 << 10};
  }
};

struct HttpConfig : net::HttpServerSettings {
  std::string traces_url_path = "/v1/traces";
  std::string metrics_url_path = "/v1/metrics";
  std::string logs_url_path = "/v1/logs";

  HttpConfig() {
    endpoint = "localhost:4318";
    read_header_timeout = write_timeout = idle_timeout = Duration(0);
  }
  void settings(Settings& s) {
    net::HttpServerSettings::settings(s);
    s("traces_url_path", traces_url_path, "Path for traces; the slash in front may be left out.");
    s("metrics_url_path", metrics_url_path, "Path for metrics.");
    s("logs_url_path", logs_url_path, "Path for logs.");
  }
};

struct Protocols {
  Section<GrpcConfig> grpc;
  Section<HttpConfig> http;

  void settings(Settings& s) {
    s("grpc", grpc, "OTLP over gRPC.");
    s("http", http, "OTLP over HTTP, protobuf and JSON.");
    s.rules().at_least_one({"grpc", "http"}, "must specify at least one protocol when using the OTLP receiver");
  }
};

struct Config {
  Protocols protocols;

  void settings(Settings& s) { s("protocols", protocols, "What to speak; at least one of them."); }
};

}  // namespace sluice::otlp
#endif  // SLUICE_RECEIVERS_OTLP_CONFIG_H
