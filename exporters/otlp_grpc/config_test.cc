// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/config.h"

#include <catch2/catch.hpp>

#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

using exporters::OtlpGrpcConfig;
using Said = std::vector<std::string>;

TEST_CASE("otlp_grpc exporter: its settings are declared soundly", "[exporter][otlp_grpc]") {
  CHECK(declaration_mistakes<OtlpGrpcConfig>() == Said{});
}

TEST_CASE("otlp_grpc exporter: defaults are those of the OpenTelemetry Collector", "[exporter][otlp_grpc]") {
  const auto read = config<OtlpGrpcConfig>("endpoint: tempo:4317");
  CHECK(read.said == Said{});
  CHECK(read.settings.compression == net::GrpcCompression::gzip);
  CHECK(read.settings.write_buffer_size.count == 512 << 10);
  CHECK(read.settings.balancer_name == net::GrpcBalancer::round_robin);
  CHECK_FALSE(read.settings.keepalive);
  CHECK_FALSE(read.settings.wait_for_ready);
  CHECK_FALSE(read.settings.tls.insecure);
}

TEST_CASE("otlp_grpc exporter: a file with every key is read", "[exporter][otlp_grpc]") {
  const auto read = config<OtlpGrpcConfig>(R"(
endpoint: https://tempo:4317
compression: none
tls: {insecure: false, ca_file: /ca.pem, cert_file: /c.pem, key_file: /c.key, server_name_override: t, reload_interval: 1h}
keepalive: {time: 20s, timeout: 5s, permit_without_stream: true}
read_buffer_size: 1024
write_buffer_size: 1MiB
wait_for_ready: true
headers: {X-Scope-OrgID: team-a}
user_agent: me
balancer_name: pick_first
authority: tempo.example
)");
  CHECK(read.said == Said{});
  CHECK(read.settings.compression == net::GrpcCompression::none);
  REQUIRE(read.settings.keepalive);
  CHECK(read.settings.keepalive->time == std::chrono::seconds(20));
  CHECK(read.settings.write_buffer_size.count == 1 << 20);
  REQUIRE(read.settings.headers.size() == 1);
  CHECK(read.settings.headers[0].second.reveal() == "team-a");
}

TEST_CASE("otlp_grpc exporter: mistakes are told", "[exporter][otlp_grpc]") {
  auto mistake = [](const char* yaml) {
    const Said said = config<OtlpGrpcConfig>(yaml).said;
    return said.empty() ? std::string("none") : said.front();
  };
  CHECK(mistake("{}") == "endpoint: requires a non-empty \"endpoint\" [config.check]");
  CHECK(mistake("endpoint: tempo").find("invalid port \"\"") != std::string::npos);
  CHECK(mistake("{endpoint: 't:1', compression: zstd}").find("not supported yet") != std::string::npos);
  CHECK(mistake("{endpoint: 't:1', compression: brotli}").find("compression") == 0);
  CHECK(mistake("{endpoint: 't:1', balancer_name: random}").find("balancer_name") == 0);
  CHECK(mistake("{endpoint: 't:1', auth: {authenticator: x}}").find("not supported yet") != std::string::npos);
  CHECK(mistake("{endpoint: 't:1', keepalive: {time: -1s}}").find("keepalive") == 0);
  CHECK(mistake("{endpoint: 't:1', tls: {min_version: '1.0'}}").find("TLS 1.2") != std::string::npos);
}

}  // namespace
}  // namespace sluice::testing
