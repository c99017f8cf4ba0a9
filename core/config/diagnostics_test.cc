// SPDX-License-Identifier: Apache-2.0
// Rendering: masking, colours, JSON, long lines, what a terminal must not get.
#include "core/config/diagnostics.h"

#include <catch2/catch.hpp>

#include "core/config/json.h"
#include "core/config/testing.h"

namespace sluice::config::testing {
namespace {

constexpr const char* kSecrets = R"(receivers:
  otlp: {protocols: {grpc: }}
exporters:
  otlp_grpc:
    endpoint: tempo:4317 # not tempo:hunter2
    token: 5hunter2
    headers:
      authorization: "Bearer hunter2"
      multi: |
        hunter2: line
        [hunter2], hunter2
    tokn: hunter2
    endpoin: tempo
    unknown: [hunter2, {a: hunter2}]
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_grpc, hunter]}
)";

TEST_CASE("diagnostics: quoted lines show keys and harmless values, never secrets or comments", "[config][secrets]") {
  const std::string text = said(kSecrets, {}, {"exporters.otlp_grpc.endpoint="});
  INFO(text);
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find("  12 |     tokn: *******\n") != std::string::npos);
  CHECK(text.find("  13 |     endpoin: tempo\n") != std::string::npos);
  CHECK(text.find("  14 |     unknown: [*******, {a: *******}]\n") != std::string::npos);
  CHECK(text.find("exporters: [otlp_grpc, hunter]}") != std::string::npos);
  const std::string shown = load_text(kSecrets).render({Format::text, false, true});
  CHECK(shown.find("  12 |     tokn: hunter2\n") != std::string::npos);
}

TEST_CASE("diagnostics: a comment behind a value is masked", "[config][secrets]") {
  const std::string text = said(
      "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: }\nservice: {}\n"
      "processors:\n  batch: {timeout: 5x} # hunter2\n");
  CHECK(text.find("  5 |   batch: {timeout: 5x} * *******\n") != std::string::npos);
}

TEST_CASE("diagnostics: an anchor that is a secret somewhere is one everywhere", "[config][secrets]") {
  const std::string text = said(R"(receivers: {otlp: {protocols: {grpc: {endpoint: &x hunter2}}}}
exporters: {otlp_grpc: {endpoint: 'a:1', token: *x}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_grpc]}}}
)");
  CHECK(text.find("there is no port") != std::string::npos);
  CHECK(text.find("hunter2") == std::string::npos);
}

TEST_CASE("diagnostics: values of variables and included files are described", "[config][secrets]") {
  FakeEnvironment environment;
  environment.variables = {{"PW", "hunter2"}, {"M", "{timeout: hunter2}"}};
  environment.files["inc.yaml"] = "timeout: hunter2\n";
  CHECK(said_of("processors.batch.timeout=${PW}", environment) ==
        "error: processors::batch::timeout: this text of 7 bytes is no duration; write one such as 500ms, 10s, 1h30m "
        "[config.duration]");
  for (const char* set :
       {"processors.batch.timeout=${PW}", "processors.batch=${M}", "processors.batch=${file:inc.yaml}",
        "processors.batch.send_batch_size=${PW}", "receivers.otlp.protocols.grpc.endpoint=${PW}",
        "processors.batch=${PW}", "exporters.debug.verbosity=x${PW}", "service.pipelines=${PW}"}) {
    const std::string text = said(kGood, environment, {set});
    INFO(text);
    CHECK_FALSE(text.empty());
    CHECK(text.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("diagnostics: a flag's value is not part of its name", "[config][secrets]") {
  CHECK(said(kGood, {}, {"exporters.otlp_grpc.token=[hunter2]"}).find("hunter2") == std::string::npos);
  CHECK(said(kGood, {}, {"processors.batch.timeout=${env:X:-hunter2}"}).find("batch.timeout=") == std::string::npos);
}

TEST_CASE("diagnostics: control characters of keys do not reach the terminal", "[config]") {
  const std::string text = said("\"\\e[31m\\u009b\": 1\n");
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("unknown key \"\\x1b[31m\\u009b\"") != std::string::npos);
}

TEST_CASE("diagnostics: a long line is cut around the caret", "[config]") {
  const std::string text =
      said("receivers: {" + std::string(300, ' ') + "otlp: {xyz: 1}" + std::string(300, ' ') + "}\n");
  const size_t line = text.find("  1 | ...");
  REQUIRE(line != std::string::npos);
  const std::string quoted = text.substr(line, text.find('\n', line) - line);
  CHECK(quoted.size() < 180);
  CHECK(quoted.ends_with("..."));
  const size_t caret = text.find('\n', line) + 1;
  CHECK(text.find("^^^^", caret) - caret == quoted.find("otlp"));
}

TEST_CASE("diagnostics: colours only when asked for", "[config]") {
  const Loaded loaded = load_text("x: 1\n");
  CHECK(loaded.render({}).find('\x1b') == std::string::npos);
  CHECK(loaded.render({Format::text, true, false}).find("\x1b[1;31merror: \x1b[0m") != std::string::npos);
}

TEST_CASE("diagnostics: JSON has every field of every diagnostic", "[config]") {
  const Loaded loaded =
      load_text(kGood, {}, {"processors.batch.timeout=5x", "receivers.otlp.protocols.http.endpoint=localhost:4317"});
  std::string error;
  const auto json = parse_json(loaded.render({Format::json, false, false}), error);
  REQUIRE(json);
  REQUIRE(json->items.size() == 2);
  const Json& first = json->items[0];
  CHECK(first.keys == std::vector<std::string>{"id", "severity", "file", "line", "column", "length", "path", "message",
                                               "help", "notes"});
  CHECK(first.find("id")->string == "config.duration");
  CHECK(first.find("severity")->string == "error");
  CHECK(first.find("file")->string == "--set processors.batch.timeout");
  CHECK(first.find("line")->integer == 1);
  CHECK(first.find("path")->string == "processors::batch::timeout");
  CHECK(json->items[1].find("notes")->items[0].find("file")->string == "f.yaml");
  CHECK(parse_json(load_text(kGood).render({Format::json, false, false}), error)->items.empty());
}

TEST_CASE("diagnostics: nothing to say is the empty text", "[config]") {
  const Loaded loaded = load_text(kGood);
  CHECK(loaded.ok());
  CHECK(loaded.render({}).empty());
}

}  // namespace
}  // namespace sluice::config::testing
