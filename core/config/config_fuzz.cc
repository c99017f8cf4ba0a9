// SPDX-License-Identifier: Apache-2.0
//
// Fuzz target: any text as a configuration. It is read, checked, rendered and printed without harm, and what a variable
// or an included file holds is never said. The corpus (tests/fuzz/config) is replayed in every run of the tests.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/config/print.h"
#include "core/config/testing.h"

namespace {

using namespace sluice::config;

constexpr const char* kCanary = "CANARY-7f3a";

void require(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 65536) return 0;
  testing::FakeEnvironment environment;
  environment.variables = {{"PW", kCanary}, {"LIST", "[a, b]"}, {"SELF", "${env:SELF}"}, {"N", "0123"}};
  environment.files = {{"password", std::string(kCanary) + "\n"}, {"part.yaml", "timeout: 5s\n"}};
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find("CANARY") != std::string::npos) return 0;
  const Loaded loaded = testing::load_text(text, environment);
  for (const RenderOptions& options : {RenderOptions{}, RenderOptions{Format::json, false, false}}) {
    const std::string said = loaded.render(options);
    require(said.find(kCanary) == std::string::npos, "a secret was said:\n" + said);
  }
  print_config(loaded, {});
  print_config(loaded, {true, true, true});
  if (!loaded.ok()) return 0;
  // What is right stays right when it is printed and read again.
  const std::string printed = print_config(loaded, {false, false, false});
  const Loaded again = testing::load_text(printed, environment);
  require(again.ok(), "what was printed is refused:\n" + printed + again.render({}));
  return 0;
}
