// SPDX-License-Identifier: Apache-2.0
// The whole way: a file full of mistakes, and each mistake of configuration.md's samples as it is printed.
#include "core/config/configuration.h"

#include <catch2/catch.hpp>

#include "core/config/testing.h"

namespace sluice::config::testing {
namespace {

constexpr const char* kGateway = R"(receivers:
  otlp:
    protocols:
      grpc:
        endpont: 0.0.0.0:4317
        keepalive:
          # both are wrong
          server_parameters: {time: 30, timeout: 5x}
      http:
        endpoint: ${env:HTTP_ADDR}
    # the key to the door

  otlp/second:
    protocols:
      grpc: {endpoint: 0.0.0.0:4317}
processors:
  batch:
    send_batch_size: 1000
    send_batch_max_size: 500
    timeout:

  debug:
  attributes:
    actions:
      - {action: delete, key: password}
      - {action: Insert, key: a, value: 1}
      - {action: upsrt, key: b, value: 2}

  memory_limiter:
    check_interval: 1s
    limit_mib: 5000000000
exporters:
  otlp_grpc:
    endpoint: tempo:4317
    headers: {authorization: Bearer-s3cr3t-42, x-scope: 17}
    storage: file_storage
service:
  pipelines:
    traces:
      receivers: [otlp, otlp/second]
      processors: [memory_limiter, attributes, batch]
      exporters: [otlp_grpc]
)";

TEST_CASE("load: a gateway full of mistakes, all are said at once and in order", "[config]") {
  FakeEnvironment environment;
  environment.variables["HTTP_ADDR"] = "0.0.0.0:99999";
  environment.files["gateway.yaml"] = kGateway;
  environment.files["tab.yaml"] = "receivers:\n\totlp:\n";
  FakeLookup lookup;
  Loaded loaded = load({{"gateway.yaml"}, {}}, lookup, environment);
  for (const auto& component : loaded.components())
    if (component->type && component->type->type == "batch")
      loaded.add_problem(*component, &at(component->settings, {"send_batch_max_size"}), SLUICE_ERROR, "",
                         "must be 0, or at least send_batch_size (1000)");
  CHECK(
      loaded.render({}) ==
      R"(gateway.yaml:5:9: error: receivers::otlp::protocols::grpc: unknown key "endpont"; did you mean "endpoint"? [config.unknown-key]
  5 |         endpont: 0.0.0.0:4317
    |         ^^^^^^^
gateway.yaml:8:37: error: receivers::otlp::protocols::grpc::keepalive::server_parameters::time: expected a duration such as 500ms, 10s, 1h30m, found the number 30; write 30s for seconds, or 30ms [config.type]
  8 |           server_parameters: {time: 30, timeout: 5x}
    |                                     ^^
gateway.yaml:8:50: error: receivers::otlp::protocols::grpc::keepalive::server_parameters::timeout: "5x" is no duration; write one such as 500ms, 10s, 1h30m [config.duration]
  8 |           server_parameters: {time: 30, timeout: 5x}
    |                                                  ^^
gateway.yaml:10:19: error: receivers::otlp::protocols::http::endpoint: no valid port; accepted: 0 to 65535 [config.format]
  10 |         endpoint: ${env:HTTP_ADDR}
     |                   ^^^^^^^^^^^^^^^^
  gateway.yaml:10:19: the value comes from ${env:HTTP_ADDR}
gateway.yaml:15:24: error: receivers::otlp/second::protocols::grpc::endpoint: port 4317 is taken by another component of this configuration; choose another port [config.port]
  15 |       grpc: {endpoint: 0.0.0.0:4317}
     |                        ^^^^^^^^^^^^
  gateway.yaml:5:9: receivers::otlp::protocols::grpc::endpoint (default) listens on localhost:4317
gateway.yaml:19:26: error: processors::batch::send_batch_max_size: must be 0, or at least send_batch_size (1000) [config.check]
  19 |     send_batch_max_size: 500
     |                          ^^^
gateway.yaml:20:5: warning: processors::batch::timeout: no value: counts as zero, not as the default; leave the key out for the default 200ms [config.null]
  20 |     timeout:
     |     ^^^^^^^
gateway.yaml:22:3: error: processors: there is no processor "debug"; "debug" is an exporter: move it to "exporters" [config.unknown-component]
  22 |   debug:
     |   ^^^^^
gateway.yaml:27:18: error: processors::attributes::actions[2]::action: "upsrt" is not one of "insert", "update", "upsert", "delete", "hash", "extract" and "convert"; did you mean "upsert"? [config.choice]
  27 |       - {action: upsrt, key: b, value: *}
     |                  ^^^^^
gateway.yaml:31:16: error: processors::memory_limiter::limit_mib: 5000000000 is out of range; accepted: 0 to 4294967295 [config.range]
  31 |     limit_mib: 5000000000
     |                ^^^^^^^^^^
gateway.yaml:35:57: error: exporters::otlp_grpc::headers::x-scope: expected text (a secret), found a number; put it in quotes [config.type]
  35 |     headers: {authorization: ****************, x-scope: **}
     |                                                         ^^
gateway.yaml:36:14: error: exporters::otlp_grpc::storage: extension "file_storage" is not defined; define it under "extensions" and list it in service::extensions [config.undefined]
  36 |     storage: file_storage
     |              ^^^^^^^^^^^^
11 errors, 1 warning
)");
}

}  // namespace
}  // namespace sluice::config::testing
