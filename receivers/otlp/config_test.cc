// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/config.h"

#include <catch2/catch.hpp>

#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

using Said = std::vector<std::string>;
using namespace std::chrono_literals;

TEST_CASE("otlp receiver: its settings are declared soundly", "[receiver][otlp]") {
  CHECK(declaration_mistakes<otlp::Config>() == Said{});
}

TEST_CASE("otlp receiver: a protocol is on if its key is there, with the upstream's defaults", "[receiver][otlp]") {
  const auto both = config<otlp::Config>("protocols: {grpc: , http: {}}");
  CHECK(both.said == Said{});
  REQUIRE(both.settings.protocols.grpc);
  REQUIRE(both.settings.protocols.http);
  const otlp::GrpcConfig& grpc = both.settings.protocols.grpc.value;
  CHECK(grpc.endpoint == "localhost:4317");
  CHECK(grpc.read_buffer_size.count == 512 << 10);
  CHECK(grpc.max_recv_msg_bytes() == 4 << 20);
  CHECK_FALSE(grpc.tls);
  const otlp::HttpConfig& http = both.settings.protocols.http.value;
  CHECK(http.endpoint == "localhost:4318");
  CHECK(http.traces_url_path == "/v1/traces");
  CHECK(http.idle_timeout == 0s);
  CHECK(http.max_request_body_size.count == 20 << 20);

  const auto one = config<otlp::Config>("protocols: {grpc: {endpoint: '0.0.0.0:4317'}}");
  CHECK(one.settings.protocols.grpc);
  CHECK_FALSE(one.settings.protocols.http);
}

TEST_CASE("otlp receiver: a file with every key of gRPC is read", "[receiver][otlp]") {
  const auto read = config<otlp::Config>(R"(
protocols:
  grpc:
    endpoint: /run/otlp.sock
    transport: unix
    tls: {cert_file: /c.pem, key_file: /c.key, client_ca_file: /ca.pem, client_ca_file_reload: true, reload_interval: 1h}
    max_recv_msg_size_mib: 64
    max_concurrent_streams: 100
    read_buffer_size: 1MiB
    write_buffer_size: 1MiB
    keepalive:
      server_parameters:
        {max_connection_idle: 11s, max_connection_age: 12s, max_connection_age_grace: 13s, time: 30s, timeout: 5s}
      enforcement_policy: {min_time: 10s, permit_without_stream: true}
    include_metadata: true
)");
  CHECK(read.said == Said{});
  const otlp::GrpcConfig& grpc = read.settings.protocols.grpc.value;
  CHECK(grpc.transport == net::GrpcTransport::unix_socket);
  CHECK(grpc.max_recv_msg_bytes() == 64 << 20);
  CHECK(grpc.keepalive->server_parameters->max_connection_age == 12s);
  CHECK(grpc.keepalive->enforcement_policy->min_time == 10s);
  REQUIRE(grpc.tls);
  CHECK(grpc.tls->client_ca_file_reload);
}

TEST_CASE("otlp receiver: mistakes are told", "[receiver][otlp]") {
  auto mistake = [](const std::string& yaml) {
    const Said said = config<otlp::Config>(yaml).said;
    return said.empty() ? std::string("none") : said.front();
  };
  auto grpc = [&](const std::string& keys) { return mistake("protocols: {grpc: {" + keys + "}}"); };
  auto says = [](const std::string& text, const char* words) { return text.find(words) != std::string::npos; };
  CHECK(says(mistake("protocols: {}"), "must specify at least one protocol when using the OTLP receiver"));
  CHECK(says(grpc("endpont: x"), "endpoint"));
  CHECK(says(grpc("transport: udp"), "transport"));
  CHECK(says(grpc("max_recv_msg_size_mib: 4000"), "max_recv_msg_size_mib"));
  CHECK(says(grpc("auth: {authenticator: x}"), "not supported yet"));
  CHECK(says(grpc("tls: {cert_file: /c.pem}"), "must include both certificate and key"));
  CHECK(says(grpc("tls: {cert_file: /c, key_file: /k, min_version: '1.3'}"), "not supported yet for gRPC"));
  CHECK(says(grpc("tls: {cert_file: /c, key_file: /k, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}"),
             "not supported yet for gRPC"));
}

}  // namespace
}  // namespace sluice::testing
