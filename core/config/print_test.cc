// SPDX-License-Identifier: Apache-2.0
// print-config, components and the schema for editors.
#include "core/config/print.h"

#include <catch2/catch.hpp>

#include "core/config/json.h"
#include "core/config/testing.h"

namespace sluice::config::testing {
namespace {

constexpr const char* kFull = R"(receivers: {otlp: {protocols: {grpc: {keepalive: {enabled: false}}}}}
processors: {attributes: {actions: [{key: a, action: INSERT, value: {x: [1, "2", 'a: b']}}]}}
exporters: {otlp_grpc: {endpoint: "a:1", token: hunter2, headers: [{name: q, value: hunter2}], labels: {x: "${env:NUM}", y: "$${a}"}}}
service: {telemetry: {resource: {a: 1, b: null}}, pipelines: {traces: {receivers: [otlp], processors: [attributes], exporters: [otlp_grpc]}}}
)";

Loaded full() {
  FakeEnvironment environment;
  environment.variables["NUM"] = "0123";
  return load_text(kFull, environment);
}

TEST_CASE("print: what is written, merged and expanded, secrets redacted", "[config][print]") {
  const std::string text = print_config(full(), {});
  CHECK(text == R"(receivers:
  otlp:
    protocols:
      grpc:
        keepalive:
          enabled: false
processors:
  attributes:
    actions:
      - key: a
        action: INSERT
        value:
          x:
            - 1
            - "2"
            - "a: b"
exporters:
  otlp_grpc:
    endpoint: a:1
    token: "[REDACTED]"
    headers:
      - name: q
        value: "[REDACTED]"
    labels:
      x: "0123"
      y: "$${a}"
service:
  pipelines:
    traces:
      receivers:
        - otlp
      processors:
        - attributes
      exporters:
        - otlp_grpc
  telemetry:
    resource:
      a: 1
      b: null
)");
  CHECK(print_config(full(), {false, false, false}).find("value: hunter2") != std::string::npos);
}

TEST_CASE("print: with every default it is read again to the same", "[config][print]") {
  const PrintOptions all{false, false, true};
  const std::string once = print_config(full(), all);
  const Loaded again = load_text(once);
  INFO(once);
  INFO(again.render({}));
  CHECK(again.diagnostics().all().empty());
  CHECK(print_config(again, all) == once);
  CHECK(once.find("read_buffer_size: 524288") != std::string::npos);
  CHECK(once.find("port: 8888") != std::string::npos);
  CHECK(once.find("max_elapsed_time: 5m") != std::string::npos);
}

TEST_CASE("print: as JSON", "[config][print]") {
  std::string error;
  const auto json = parse_json(print_config(full(), {true, true, false}), error);
  REQUIRE(json);
  CHECK(json->find("exporters")->find("otlp_grpc")->find("token")->string == "[REDACTED]");
  CHECK(json->find("exporters")->find("otlp_grpc")->find("labels")->find("x")->string == "0123");
}

TEST_CASE("print: of what no schema knows nothing is shown", "[config][print]") {
  const std::string text = print_config(load_text("exporters: {kafka: {password: hunter2}}\nx: hunter2\n"), {});
  CHECK(text.find("hunter2") == std::string::npos);
}

TEST_CASE("print: the catalog", "[config][print]") {
  FakeLookup lookup;
  const std::string text = print_components(lookup, false);
  CHECK(text.starts_with("KIND       TYPE            ALIASES  SIGNALS"));
  CHECK(text.find("exporter   debug           logging  traces, metrics and logs") != std::string::npos);
  CHECK(text.find("receiver   zipkin          -        traces  ") != std::string::npos);
  std::string error;
  CHECK(parse_json(print_components(lookup, true), error)->items.size() == 10);
}

TEST_CASE("print: a component's whole configuration", "[config][print]") {
  FakeLookup lookup;
  const std::string text = print_component(lookup, "otlp");
  CHECK(text.find("receiver otlp\n") == 0);
  CHECK(text.find("exporter otlp_grpc\n  aliases    otlp\n") != std::string::npos);
  CHECK(text.find("        endpoint: localhost:4317            # text, host:port. Address to listen on.\n") !=
        std::string::npos);
  CHECK(text.find("          tpm:                              # keys in a TPM are not supported yet\n") !=
        std::string::npos);
  CHECK(text.find("      num_consumers: 10                     # whole number, 1 to 4294967295 requests.") !=
        std::string::npos);
  CHECK(print_component(lookup, "nope").empty());
}

TEST_CASE("print: the table of a README", "[config][print]") {
  FakeLookup lookup;
  std::string problem;
  const std::string text = settings_table(*lookup.find(Kind::processor, "batch", problem));
  CHECK(text.find("| send_batch_size | 8192 | 0 to 4294967295 items | Send as soon as so many items are held. |\n") !=
        std::string::npos);
  CHECK(settings_table(*lookup.find(Kind::receiver, "otlp", problem))
            .find("| protocols::grpc::tls | off | section | Encrypt; absent: plain text. |\n") != std::string::npos);
}

TEST_CASE("print: the schema for editors is JSON and knows every component", "[config][print]") {
  FakeLookup lookup;
  std::string error;
  const auto json = parse_json(editor_schema(lookup), error);
  INFO(error);
  REQUIRE(json);
  const Json* const exporters = json->find("properties")->find("exporters")->find("patternProperties");
  REQUIRE(exporters);
  CHECK(exporters->keys == std::vector<std::string>{"^(?:otlp_grpc|otlp)(/.+)?$", "^(?:debug|logging)(/.+)?$"});
  const Json& otlp = exporters->items[0];
  CHECK(otlp.find("required")->items[0].string == "endpoint");
  CHECK(otlp.find("properties")->find("sending_queue")->find("properties")->find("enabled"));
  CHECK_FALSE(otlp.find("properties")->find("sending_queue")->find("properties")->find("storage"));
  CHECK(json->find("properties")->find("service")->find("properties")->find("telemetry"));
}

}  // namespace
}  // namespace sluice::config::testing
