// SPDX-License-Identifier: Apache-2.0
// Secrets never print: every place of a file that is full of them is damaged in every way that YAML knows, and what is
// said of the rest must not hold them.
#include <catch2/catch.hpp>
#include <functional>

#include "core/config/state.h"
#include "core/config/testing.h"
#include "core/config/yaml_reader.h"

namespace sluice::config::testing {
namespace {

constexpr std::string_view kCanary = "hunter2x";
constexpr std::string_view kFile = R"(receivers:
  otlp:
    protocols:
      grpc: {endpoint: "0.0.0.0:4317", tls: {cert_pem: "hunter2x", key_pem: 'hunter2x'}}
exporters:
  otlp_grpc:
    endpoint: tempo:4317
    token: hunter2x
    headers:
      authorization: "Bearer hunter2x"
      key: |
        -- hunter2x
        hunter2x
    nobody: [hunter2x, {knows: hunter2x}] # hunter2x
  kafka/x: {password: hunter2x}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_grpc]}
)";

// Where the damage made the secret a key, or a part of one, it is printed as keys are.
bool is_key(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics;
  Node root;
  const uint32_t source = sources.add(Origin::file, "f", text);
  read_yaml(sources, source, diagnostics, root);
  for (const Span& span : sources[source].spans)
    if (span.key && text.substr(span.begin, span.end - span.begin).find(kCanary) != std::string::npos) return true;
  return text.find(std::string(kCanary) + ":") != std::string::npos;
}

TEST_CASE("secrets: a damaged file does not give them away", "[config][secrets]") {
  size_t tried = 0, with_errors = 0;
  const auto check = [&](const std::string& text) {
    ++tried;
    const Loaded loaded = load_text(text);
    const std::string said = loaded.render({}) + loaded.render({Format::json, false, false});
    with_errors += loaded.ok() ? 0 : 1;
    if (said.find(kCanary) == std::string::npos || is_key(text)) return;
    INFO(text);
    INFO(said);
    FAIL("a secret was said");
  };
  const std::string whole(kFile);
  for (size_t i = 0; i <= whole.size(); ++i) {
    // Inside of the secret itself it would not be found again.
    const size_t inside = whole.rfind(kCanary, i);
    if (inside != std::string::npos && i > inside && i < inside + kCanary.size()) continue;
    if (i < whole.size()) check(whole.substr(0, i) + whole.substr(i + 1));
    check(whole.substr(0, i));
    for (const char* put : {"\n", " ", ":", "#", "\"", "'", "{", "]", "&a ", "*", "!", "|", "- ", "\t", "${", "%"})
      check(whole.substr(0, i) + put + whole.substr(i));
  }
  CHECK(tried > 6'000);
  CHECK(with_errors == tried);
}

}  // namespace
}  // namespace sluice::config::testing
