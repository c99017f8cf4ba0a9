// SPDX-License-Identifier: Apache-2.0
// Hidden case: run `config_test "[!benchmark]"` of a release build. 500 lines from text to checked components.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "core/config/testing.h"

namespace sluice::config::testing {
namespace {

std::string five_hundred_lines() {
  std::string text = "receivers:\n", used;
  const auto count = [&] { return std::count(text.begin(), text.end(), '\n'); };
  for (int i = 0; i < 12; ++i) {
    const std::string port = std::to_string(10'000 + 2 * i), other = std::to_string(10'001 + 2 * i);
    text += "  otlp/" + std::to_string(i) + ":\n    protocols:\n      grpc:\n        endpoint: 0.0.0.0:" + port +
            "\n        max_recv_msg_size_mib: 16\n        read_buffer_size: 524288\n        keepalive:\n"
            "          server_parameters:\n            time: 30s\n            timeout: 5s\n      http:\n"
            "        endpoint: \"0.0.0.0:" +
            other + "\"\n";
    used += (i ? ", otlp/" : "otlp/") + std::to_string(i);
  }
  text += "processors:\n";
  std::string processors;
  for (int i = 0; i < 10; ++i) {
    const std::string n = std::to_string(i);
    text += "  batch/" + n +
            ":\n    timeout: 200ms\n    send_batch_size: 8192\n    send_batch_max_size: 10000\n"
            "  attributes/" +
            n +
            ":\n    actions:\n      - key: environment\n        action: insert\n"
            "        value: production\n      - key: password\n        action: delete\n";
    processors += (i ? ", batch/" : "batch/") + n + ", attributes/" + n;
  }
  text += "exporters:\n";
  std::string exporters;
  for (int i = 0; count() < 485; ++i) {
    const std::string n = std::to_string(i);
    text += "  otlp_grpc/" + n + ":\n    endpoint: backend-" + n +
            ":4317\n    tls:\n      insecure: true\n"
            "    headers:\n      authorization: Bearer ${env:TOKEN}\n      x-scope-orgid: \"tenant\"\n"
            "    sending_queue:\n      num_consumers: 4\n      queue_size: 5000\n    retry_on_failure:\n"
            "      max_elapsed_time: 10m\n    # as the others\n    timeout: 10s\n";
    exporters += (i ? ", otlp_grpc/" : "otlp_grpc/") + n;
  }
  text += "service:\n  pipelines:\n";
  for (const char* signal : {"traces", "metrics", "logs"})
    text += std::string("    ") + signal + ":\n      receivers: [" + used + "]\n      processors: [" + processors +
            "]\n      exporters: [" + exporters + "]\n";
  while (count() < 500) text += "# the end\n";
  return text;
}

TEST_CASE("configuration: 500 lines, read and checked", "[!benchmark]") {
  const std::string text = five_hundred_lines();
  REQUIRE(std::count(text.begin(), text.end(), '\n') == 500);
  FakeEnvironment environment;
  environment.variables["TOKEN"] = "secret";
  environment.files["f.yaml"] = text;
  FakeLookup lookup;
  std::vector<double> milliseconds;
  for (int i = 0; i < 51; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const Loaded loaded = load({{"f.yaml"}, {}}, lookup, environment);
    milliseconds.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    INFO(loaded.render({}));
    REQUIRE(loaded.diagnostics().all().empty());
  }
  const double first = milliseconds[0];
  std::sort(milliseconds.begin(), milliseconds.end());
  WARN("first " << first << " ms, best " << milliseconds.front() << " ms, median " << milliseconds[25] << " ms");
  BENCHMARK("load") {
    return load({{"f.yaml"}, {}}, lookup, environment).ok();
  };
}

}  // namespace
}  // namespace sluice::config::testing
